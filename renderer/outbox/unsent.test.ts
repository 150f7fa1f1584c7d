import { expect, test } from 'vitest'
import { committed } from '../../domain/testing/committed.ts'
import type { StoredChange } from '../replica/stored-change.ts'
import type { Change, Rung } from '../sync/ladder.ts'
import { nothingSelected, select, selectAll } from './selection.ts'
import { unsentOf } from './unsent.ts'

let made = 0
function change(rung: Rung, recordedAt = '2026-11-24T14:00:00Z'): Change {
  made += 1
  const { id, entry } = committed({ aspects: { code: { text: 'Latex' } }, deviceSeq: made, recordedAt })
  return { id, entry, patientId: 'p1', about: `change ${made}`, rung, since: made }
}
const ladder = (...changes: Change[]) => new Map(changes.map((one) => [one.id, one]))
const stored = ({ since, rung: _, ...one }: Change): StoredChange => ({
  ...one,
  at: since,
  rung: { at: 'device' },
})

test('OX20 unsent is what has not reached a second region, and what was refused', () => {
  const all = [
    change({ at: 'device' }),
    change({ at: 'saved', region: 'london', also: [] }),
    change({ at: 'saved', region: 'london', also: ['nairobi'] }),
    change({ at: 'refused', code: 'limit', detail: 'large' }),
  ]
  const shown = unsentOf(ladder(...all), all.map(stored))
  expect(shown.map(({ id }) => id).sort()).toEqual([all[0], all[1], all[3]].map((one) => one?.id).sort())
})

test('OX21 what only the outbox holds is shown as well, the latest statement first by its instant', () => {
  const early = change({ at: 'device' }, '2026-11-24T14:00:00+03:00')
  const late = change({ at: 'device' }, '2026-11-24T13:00:00Z')
  expect(unsentOf(ladder(early), [stored(late), stored(early)]).map(({ id }) => id)).toEqual([
    late.id,
    early.id,
  ])
})

test('OX22 a row keeps its object while its change stays as it is', () => {
  const one = change({ at: 'device' })
  expect(unsentOf(ladder(one), [])[0]).toBe(unsentOf(ladder(one), [])[0])
})

test('OX23 Shift chooses all between, both ways, in the order on screen; a heading chooses its own', () => {
  const order = ['a', 'b', 'c', 'd']
  const pick = (before: typeof nothingSelected, id: string, range: boolean, selected = true) =>
    select(before, id, { selected, range, order })
  const first = pick(nothingSelected, 'c', false)
  expect([...pick(first, 'a', true).ids].sort()).toEqual(['a', 'b', 'c'])
  const down = pick(first, 'd', true)
  expect([...down.ids]).toEqual(['c', 'd'])
  expect([...pick(down, 'c', true, false).ids]).toEqual([])
  expect([...pick(nothingSelected, 'b', true).ids]).toEqual(['b'])
  expect([...selectAll(selectAll(down, ['a'], true), ['c', 'd'], false).ids]).toEqual(['a'])
})
