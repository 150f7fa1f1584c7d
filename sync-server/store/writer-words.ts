/** What an operator is told when a group of rows cannot be stored. No word of what the rows hold. */

/** PostgreSQL's class 53 is what runs out; 53100 is the disk. */
export function refusalWords(error: unknown): string {
  const code = codeOf(error)
  if (code === '53100') return 'the disk of the database is full: make room, nothing was stored'
  if (code.startsWith('53')) return 'the database has run out of a resource; nothing was stored'
  return 'the database refused the rows; nothing was stored'
}

const causes: { [code: string]: string } = {
  ENOSPC: 'the disk of the state folder is full: make room',
  EDQUOT: 'the disk of the state folder is full: make room',
  EFBIG: 'the disk of the state folder is full: make room',
  EROFS: 'the state folder is read-only',
  EACCES: 'the state folder may not be written',
  EPERM: 'the state folder may not be written',
  ENOENT: 'the state folder or the witness in it is gone',
  ENOTDIR: 'the state folder is no folder',
  EISDIR: 'a folder stands in the place of the witness',
}

/** Why a witness could not be written. */
export function witnessWords(error: unknown): string {
  const code = codeOf(error)
  const cause =
    causes[code] ??
    ((error as { name?: unknown }).name === 'WitnessReplaced'
      ? 'another file stands in its place'
      : `the state folder cannot be used (${code})`)
  return `the witness cannot be written, ${cause}; nothing is acknowledged until it can`
}

function codeOf(error: unknown): string {
  const { code } = error as { code?: unknown }
  return typeof code === 'string' ? code : 'unknown'
}
