import { foldedWords } from './fold.ts'
import type { PatientRow } from './worklist.ts'

/**
 * Ids of patients whose name is easily taken for another one on the list: the same but for one letter in family and
 * one in given name, or with the two exchanged. Titles in brackets do not count.
 */
export function similarNames(rows: readonly Pick<PatientRow, 'id' | 'name'>[]): Set<string> {
  const names = rows.map(({ id, name }) => ({ id, ...partsOf(name) }))
  const similar = new Set<string>()
  for (const [at, a] of names.entries())
    for (const b of names.slice(at + 1))
      if (alike(a, b)) {
        similar.add(a.id)
        similar.add(b.id)
      }
  return similar
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
