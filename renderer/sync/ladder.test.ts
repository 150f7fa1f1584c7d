import { expect, test } from 'vitest'
import type { Entry } from '../../domain/entries/entry.ts'
import { overlayOf } from './changes.ts'
import { climb, type Ladder, notAccepted, onTheWay } from './ladder.ts'

const entry: Entry = {
  schema: 1,
  minReader: 1,
  document: 'chart/p1',
  subject: 'AllergyIntolerance/a1',
  aspects: { criticality: { criticality: 'high' } },
  supersedes: [],
  lamport: 1,
  author: { user: 'u', role: 'physician', organisation: 'o' },
  device: 'd',
  deviceSeq: 1,
  recordedAt: '2026-11-24T10:00:00+01:00',
  rules: 1,
}
const proposed: Ladder = climb(
  new Map(),
  {
    type: 'proposed',
    changes: [{ id: 'e1', entry, patientId: 'p1', about: 'Allergy', rung: { at: 'device' } }],
  },
  1000,
)
const acked = (ladder: Ladder, origin: string, now: number) =>
  climb(
    ladder,
    { type: 'acked', acks: [{ id: 'e1', origin, seq: 7, epoch: 1 }], by: origin.split('.')[0] ?? '' },
    now,
  )
const refused = (ladder: Ladder) =>
  climb(
    ladder,
    { type: 'refused', refusals: [{ id: 'e1', code: 'forbidden', detail: '', retry: false }] },
    2000,
  )

test('RE20 a change is on this device until a region acknowledges it, and names the region of the acknowledgement', () => {
  expect(onTheWay(proposed)).toHaveLength(1)
  const saved = acked(proposed, 'nairobi.2', 2000)
  expect(saved.get('e1')).toMatchObject({ rung: { at: 'saved', region: 'nairobi', also: [] }, since: 2000 })
  expect(onTheWay(saved)).toEqual([])
})

test('RE25 a saved change names the other regions that have it; one that no region has acknowledged names none', () => {
  const also = (ladder: Ladder, regions: string[]) =>
    climb(ladder, { type: 'elsewhere', ids: ['e1'], regions }, 5000)
  expect(also(proposed, ['london']).get('e1')?.rung).toEqual({ at: 'device' })
  const saved = acked(proposed, 'nairobi.2', 2000)
  const twice = also(also(saved, ['london']), ['nairobi', 'frankfurt', 'london'])
  expect(twice.get('e1')?.rung).toEqual({ at: 'saved', region: 'nairobi', also: ['frankfurt', 'london'] })
  expect(also(twice, ['london']).get('e1')).toBe(twice.get('e1'))
})

test('RE21 nothing is shown as saved that was not acknowledged: repetition and strangers change nothing', () => {
  const saved = acked(acked(proposed, 'frankfurt.1', 2000), 'london.1', 3000)
  expect(saved.get('e1')).toMatchObject({ rung: { region: 'frankfurt', also: ['london'] } })
  expect(refused(saved).get('e1')?.rung.at).toBe('saved')
  expect(acked(new Map(), 'frankfurt.1', 1).size).toBe(0)
})

test('RE22 a refused change leaves the chart, is told, and can be tried again or dismissed', () => {
  const parked = refused(proposed)
  expect(notAccepted(parked)).toHaveLength(1)
  expect(overlayOf(parked, 'chart/p1', new Set())).toEqual([])
  expect(climb(parked, { type: 'retried', ids: ['e1'] }, 3000).get('e1')?.rung.at).toBe('device')
  expect(climb(parked, { type: 'dismissed', ids: ['e1'] }, 3000).size).toBe(0)
  const saved = acked(proposed, 'frankfurt.1', 2000)
  expect(climb(saved, { type: 'dismissed', ids: ['e1'] }, 3000).size).toBe(1)
})

test('RE23 a change stands on top of its document at once, and only until the document holds it', () => {
  expect(overlayOf(proposed, 'chart/p1', new Set())).toEqual([{ id: 'e1', entry, commits: [] }])
  expect(overlayOf(proposed, 'journal/p1/2026', new Set())).toEqual([])
  expect(overlayOf(acked(proposed, 'frankfurt.1', 1), 'chart/p1', new Set())).toHaveLength(1)
  expect(overlayOf(proposed, 'chart/p1', new Set(['e1']))).toEqual([])
})
