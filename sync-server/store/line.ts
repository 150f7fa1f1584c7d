/**
 * A region's log has two lines, each with sequences, hashes and a writer of its own: `entries`, and `notes` for
 * what is being typed. Between regions the line of an origin is named `frankfurt.1` or `frankfurt.1/notes`.
 */
export type Line = 'entries' | 'notes'

export const lines: readonly Line[] = ['entries', 'notes']
export const tableOf = (line: Line) => (line === 'entries' ? 'log' : 'note_log')
export const payloadKindOf = (line: Line) => (line === 'entries' ? 'entry' : 'update')

export function strandOf(line: Line, origin: string): string {
  return line === 'entries' ? origin : `${origin}/notes`
}

export function parseStrand(strand: string): { line: Line; origin: string } {
  return strand.endsWith('/notes')
    ? { line: 'notes', origin: strand.slice(0, -'/notes'.length) }
    : { line: 'entries', origin: strand }
}
