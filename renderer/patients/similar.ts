import { foldedWords } from './fold.ts'
import type { PatientRow } from './worklist.ts'

/**
 * Ids of patients whose name is easily taken for another one on the list: the same but for one letter in family and
 * one in given name, or with the two exchanged. Titles in brackets do not count.
 *
 * Of 1,000 names there are half a million pairs: letters are compared first, as bits, and only what is left is read.
 */
export function similarNames(rows: readonly Pick<PatientRow, 'id' | 'name'>[]): Set<string> {
  const names = rows.flatMap(({ id, name }) => {
    const { family, given } = partsOf(name)
    return family === '' ? [] : { id, family, given, inFamily: lettersOf(family), inGiven: lettersOf(given) }
  })
  const similar = new Set<string>()
  for (let at = 0; at < names.length; at++)
    for (let other = at + 1; other < names.length; other++) {
      const a = names[at]!
      const b = names[other]!
      const may =
        (mayBeNear(a.inFamily, b.inFamily) && mayBeNear(a.inGiven, b.inGiven)) ||
        (mayBeNear(a.inFamily, b.inGiven) && mayBeNear(a.inGiven, b.inFamily))
      if (may && alike(a, b)) similar.add(a.id).add(b.id)
    }
  return similar
}

/** A bit for each letter that occurs; letters outside of a to z share bits. */
function lettersOf(name: string): number {
  let bits = 0
  for (let at = 0; at < name.length; at++) bits |= 1 << (name.charCodeAt(at) & 31)
  return bits
}

/** One letter changed for another changes two bits at most. */
function mayBeNear(a: number, b: number): boolean {
  let differ = a ^ b
  differ &= differ - 1
  return (differ & (differ - 1)) === 0
}

type Name = { family: string; given: string }

function partsOf(name: string): Name {
  const [family = '', given = ''] = name.replace(/\([^)]*\)\s*$/, '').split(',')
  return { family: foldedWords(family).join(''), given: foldedWords(given)[0] ?? '' }
}

function alike(a: Name, b: Name): boolean {
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
