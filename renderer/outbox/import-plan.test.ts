import { expect, test } from 'vitest'
import { committed } from '../../domain/testing/committed.ts'
import type { StoredChange } from '../replica/stored-change.ts'
import { planImport } from './import-plan.ts'

let made = 0
function change(told: Partial<StoredChange> = {}, user = 'u'): StoredChange {
  made += 1
  const { id, entry } = committed({
    aspects: { code: { text: 'Latex' } },
    document: 'chart/p1',
    deviceSeq: made,
    author: { user, role: 'physician', organisation: 'o' },
  })
  return { id, entry, patientId: 'p1', about: 'Allergy to Latex', at: made, rung: { at: 'device' }, ...told }
}
const plan = (changes: StoredChange[], here: StoredChange[] = [], unreadable = 0) =>
  planImport({ changes, unreadable }, { user: 'u', here: new Set(here.map(({ id }) => id)), now: 5000 })

test('OX10 what is new here is imported as not yet sent, and what was refused as refused', () => {
  const refused = change({ rung: { at: 'refused', code: 'forbidden', detail: 'no' } })
  const [fresh, saved] = [change(), change({ rung: { at: 'saved', region: 'london' } })]
  expect(plan([fresh, saved, refused]).fresh).toEqual([
    { ...fresh, at: 5000 },
    { ...saved, at: 5000, rung: { at: 'device' } },
    refused,
  ])
})

test('OX11 what this device has, and what stands twice in the file, is not imported again', () => {
  const [a, b] = [change(), change()]
  const twice = plan([a, a, b, b], [b])
  expect(twice.fresh.map(({ id }) => id)).toEqual([a.id])
  expect(twice.known).toBe(1)
})

test('OX12 the changes of somebody else are named and not imported', () => {
  const [mine, theirs] = [change(), change({}, 'somebody')]
  expect(plan([mine, theirs])).toMatchObject({ fresh: [{ id: mine.id }], others: [{ id: theirs.id }] })
})

test('OX13 a change under the name of another patient than its entry’s is not imported', () => {
  expect(plan([change({ patientId: 'p2' })], [], 2)).toEqual({
    fresh: [],
    known: 0,
    others: [],
    unreadable: 3,
  })
})
