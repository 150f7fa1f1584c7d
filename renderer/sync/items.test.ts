import { expect, test } from 'vitest'
import * as Y from 'yjs'
import type { CommittedEntry, Entry } from '../../domain/entries/entry.ts'
import { entryId } from '../../domain/entries/entry.ts'
import { encodeItems, entriesMap } from '../../domain/entries/items.ts'
import { joinItem } from './items.ts'

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
const id = entryId(entry)

test('RE35 items of one entry in two origins are one entry with two commits, once each', () => {
  const doc = new Y.Doc()
  const commit = (origin: string) => ({ origin, seq: 3, epoch: 1 })
  for (const origin of ['frankfurt.1', 'nairobi.1'])
    Y.applyUpdate(doc, encodeItems([{ origin, clock: 0, id, entry, commit: commit(origin) }]))
  const entries = new Map<string, CommittedEntry>()
  for (const round of [1, 2])
    for (const [key, value] of doc.getMap<unknown>(entriesMap)) {
      joinItem(entries, key, value)
      expect(round).toBeGreaterThan(0)
    }
  expect([...entries.values()]).toEqual([
    { id, entry, commits: expect.arrayContaining([commit('frankfurt.1'), commit('nairobi.1')]) },
  ])
  expect(entries.get(id)?.commits).toHaveLength(2)
})

test('RE36 what is no item is left aside', () => {
  const entries = new Map<string, CommittedEntry>()
  joinItem(entries, 'short@frankfurt.1', { ...entry, commit: { origin: 'frankfurt.1', seq: 1, epoch: 1 } })
  joinItem(entries, `${id}@frankfurt.1`, { ...entry })
  joinItem(entries, `${id}@frankfurt.1`, 'text')
  expect(entries.size).toBe(0)
})
