import { expect, test } from 'vitest'
import { sameRows } from './same-rows.ts'
import type { PatientRow } from './worklist.ts'

const row = (id: string, change: Partial<PatientRow> = {}): PatientRow => ({
  id,
  name: `NAME, ${id}`,
  born: '1985-03-04',
  gender: 'female',
  identifier: undefined,
  home: 'frankfurt',
  homeGroup: 'frankfurt-general',
  timeZone: 'Europe/Berlin',
  deceased: false,
  ...change,
})

test('PT5 a list that says the same is the same list, so that nothing is made of it anew', () => {
  const before = [row('a'), row('b')]
  expect(sameRows(before, [row('a'), row('b')])).toBe(before)
  expect(sameRows(undefined, before)).toBe(before)
})

test('PT6 of a list that changed, the rows that say the same are the same rows', () => {
  const before = [row('a'), row('b'), row('c')]
  const after = sameRows(before, [row('c'), row('b', { deceased: '2026-11-20' }), row('d'), row('a')])
  expect(after.map(({ id }) => id)).toEqual(['c', 'b', 'd', 'a'])
  expect([after[0], after[3]]).toEqual([before[2], before[0]])
  expect(after[0]).toBe(before[2])
  expect(after[1]?.deceased).toBe('2026-11-20')
  expect(sameRows(before, [row('a'), row('b')])).toHaveLength(2)
  expect(sameRows(before, [row('b'), row('a'), row('c')])).not.toBe(before)
})
