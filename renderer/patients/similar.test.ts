import fc from 'fast-check'
import { expect, test } from 'vitest'
import { similarNames } from './similar.ts'

const name = fc
  .tuple(
    fc.string({ unit: fc.constantFrom(...'abc'), maxLength: 5 }),
    fc.string({ unit: fc.constantFrom(...'abc'), maxLength: 5 }),
  )
  .map(([family, given]) => `${family}, ${given}`)

/** One letter added, left out, changed, or two neighbours exchanged; short names must be equal. */
function oneSlip(a: string, b: string): boolean {
  if (a === b) return true
  if (Math.min(a.length, b.length) < 3) return false
  const slips = Array.from(a, (_, at) => [
    a.slice(0, at) + a.slice(at + 1),
    ...Array.from('abc', (letter) => a.slice(0, at) + letter + a.slice(at + 1)),
    ...Array.from('abc', (letter) => a.slice(0, at) + letter + a.slice(at)),
    a.slice(0, at) + (a[at + 1] ?? '') + a[at] + a.slice(at + 2),
  ]).flat()
  return [...slips, ...Array.from('abc', (letter) => a + letter)].includes(b)
}

test('PT7 in a list of any order those names are marked of which two differ by a slip in each part', () => {
  fc.assert(
    fc.property(fc.array(name, { maxLength: 12 }), (names) => {
      const parts = names.map((text) => text.split(', '))
      const expected = parts.flatMap(([family = '', given = ''], at) =>
        parts.some(
          ([otherFamily = '', otherGiven = ''], other) =>
            other !== at &&
            family !== '' &&
            otherFamily !== '' &&
            ((oneSlip(family, otherFamily) && oneSlip(given, otherGiven)) ||
              (oneSlip(family, otherGiven) && oneSlip(given, otherFamily))),
        )
          ? [at]
          : [],
      )
      const found = similarNames(names.map((text, id) => ({ id: String(id), name: text })))
      expect([...found].map(Number).sort((a, b) => a - b)).toEqual(expected)
    }),
  )
})

test('PT8 two names with the family and the given name exchanged, each with a slip, are marked', () => {
  const alike = (a: string, b: string) =>
    similarNames([
      { id: 'a', name: a },
      { id: 'b', name: b },
    ]).size === 2
  expect(alike('ABDI, Hassan', 'HASAN, Abdi')).toBe(true)
  expect(alike('HASSAN, Abdi', 'ABDY, Hassan')).toBe(true)
  expect(alike('HASSAN', 'HASSAN')).toBe(true)
})
