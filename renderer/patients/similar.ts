import { foldedWords } from './fold.ts'
import type { PatientRow } from './worklist.ts'

/**
 * Ids of patients whose name is easily taken for another one on the list: the same but for one letter in family and
 * one in given name, or with the two exchanged. Titles in brackets do not count.
 *
 * Only names that share a {@link spellings | spelling} are compared: of 1,000 names few do.
 */
export function similarNames(rows: readonly Pick<PatientRow, 'id' | 'name'>[]): Set<string> {
  const bySpelling = new Map<string, Line[]>()
  const similar = new Set<string>()
  for (const { id, name } of rows) {
    const line = { id, ...partsOf(name) }
    if (line.family === '') continue
    const met = new Set<Line>()
    // By the family name, and by the given name: the two may be exchanged.
    for (const spelling of spellings(line.family))
      for (const other of bySpelling.get(spelling) ?? []) met.add(other)
    for (const other of met)
      if (alike(line, other)) {
        similar.add(line.id)
        similar.add(other.id)
      }
    for (const spelling of new Set([...spellings(line.family), ...spellings(line.given)])) {
      const known = bySpelling.get(spelling)
      if (known) known.push(line)
      else bySpelling.set(spelling, [line])
    }
  }
  return similar
}

type Line = { id: string } & Name

/** A name, and what is left of it without one of its letters: two names that are {@link near} have one in common. */
function spellings(name: string): string[] {
  return [name, ...Array.from(name, (_, at) => name.slice(0, at) + name.slice(at + 1))]
}

type Name = { family: string; given: string }

function partsOf(name: string): Name {
  const [family = '', given = ''] = name.replace(/\([^)]*\)\s*$/, '').split(',')
  return { family: foldedWords(family).join(''), given: foldedWords(given)[0] ?? '' }
}

function alike(a: Name, b: Name): boolean {
  if (a.family === '' || b.family === '') return false
  return (
    (near(a.family, b.family) && near(a.given, b.given)) ||
    (near(a.family, b.given) && near(a.given, b.family))
  )
}

/** Equal, or one letter added, left out, changed, or two neighbours exchanged. Short names must be equal. */
function near(a: string, b: string): boolean {
  if (a === b) return true
  if (Math.min(a.length, b.length) < 3 || Math.abs(a.length - b.length) > 1) return false
  let at = 0
  while (at < a.length && a[at] === b[at]) at++
  const exchanged = a[at] === b[at + 1] && a[at + 1] === b[at] && a.slice(at + 2) === b.slice(at + 2)
  if (a.length === b.length) return a.slice(at + 1) === b.slice(at + 1) || exchanged
  return a.length > b.length ? a.slice(at + 1) === b.slice(at) : a.slice(at) === b.slice(at + 1)
}
