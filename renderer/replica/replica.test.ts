import 'fake-indexeddb/auto'
import { Dexie } from 'dexie'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { z } from 'zod'
import { type Entry, entryId } from '../../domain/entries/entry.ts'
import { databaseName, openDatabase, type ReplicaDatabase } from './database.ts'
import { openReplica, type Replica } from './open-replica.ts'
import type { StoredChange } from './outbox.ts'

const user = 'physician.nairobi'
const password = 'Kiswahili-2026'

let made = 0
function change(substance = 'Penicillin'): StoredChange {
  made += 1
  const entry: Entry = {
    schema: 1,
    minReader: 1,
    document: 'chart/p1',
    subject: `AllergyIntolerance/a${made}`,
    aspects: { code: { code: { text: substance } } },
    supersedes: [],
    lamport: made,
    author: { user, role: 'physician', organisation: 'Nairobi North Hospital' },
    device: 'd',
    deviceSeq: made,
    recordedAt: '2026-11-24T10:00:00+03:00',
    rules: 1,
  }
  return {
    id: entryId(entry),
    entry,
    patientId: 'p1',
    about: `Allergy to ${substance}`,
    at: made,
    rung: { at: 'device' },
  }
}

async function opened(options: { password?: string; earlier?: string } = {}): Promise<Replica> {
  const { password: word = password, earlier } = options
  const answer = await openReplica(user, word, { create: true, earlier })
  if (answer.outcome !== 'opened') throw new Error(`the replica is ${answer.outcome}`)
  return answer.replica
}

let replica: Replica
beforeEach(async () => {
  replica = await opened()
})
afterEach(async () => {
  replica.close()
  await Dexie.delete(databaseName(user))
})

async function again(): Promise<Replica> {
  replica.close()
  replica = await opened()
  return replica
}

/** What a stranger with the disk could do. */
async function inTheDatabase(act: (database: ReplicaDatabase) => Promise<void>): Promise<void> {
  const answer = await openDatabase({ user })
  if (answer.outcome !== 'opened') throw new Error(answer.outcome)
  await act(answer.database)
  answer.database.dexie.close()
}

test('DV3 changes are there the next time, in the order in which they were made, and with the rung they had reached', async () => {
  const [a, b, c] = [change(), change(), change()]
  expect(await replica.outbox.put([a, b])).toEqual({ outcome: 'written' })
  await replica.outbox.put([c, a])
  await replica.outbox.set({ ...b, rung: { at: 'refused', code: 'forbidden', detail: 'no' } })
  const { changes, damaged } = await (await again()).outbox.all()
  expect(damaged).toBe(0)
  expect(changes).toEqual([a, { ...b, rung: { at: 'refused', code: 'forbidden', detail: 'no' } }, c])
})

test('DV4 a change that was removed stays away, whatever is written about it later', async () => {
  const [a, b] = [change(), change()]
  await replica.outbox.put([a, b])
  await replica.outbox.remove([a.id])
  await replica.outbox.set({ ...a, rung: { at: 'saved', region: 'nairobi' } })
  expect((await replica.outbox.all()).changes).toEqual([b])
})

test('DV5 what cannot be read any more is kept, counted and handed out, and holds up nothing', async () => {
  const [a, b] = [change(), change()]
  await replica.outbox.put([a, b])
  await inTheDatabase(async ({ outbox }) => {
    await outbox.limit(1).modify({ sealed: new Uint8Array(200) })
  })
  expect(await replica.outbox.all()).toEqual({ changes: [b], damaged: 1 })
  const [out] = await replica.outbox.exportDamaged()
  expect(out?.sealed.length).toBeGreaterThan(100)
  await replica.outbox.put([change()])
  expect((await replica.outbox.all()).damaged).toBe(1)
})

test('DV6 when there is no room nothing of a change is stored, what was there stays, and the caller is told', async () => {
  const before = change()
  await replica.outbox.put([before])
  const full = () => {
    throw new DOMException('no room', 'QuotaExceededError')
  }
  const add = IDBObjectStore.prototype.add
  IDBObjectStore.prototype.add = full
  try {
    expect(await replica.outbox.put([change(), change()])).toEqual({ outcome: 'full' })
    expect(await replica.documents.append('chart/p1', [Uint8Array.of(1)])).toEqual({ outcome: 'full' })
  } finally {
    IDBObjectStore.prototype.add = add
  }
  expect((await replica.outbox.all()).changes).toEqual([before])
  expect((await replica.documents.load('chart/p1'))?.updates).toEqual([])
})

test('DV7 copies of documents come back in the order of their arrival; put together they are one; dropped they are gone', async () => {
  const { documents } = replica
  await documents.append('chart/p1', [Uint8Array.of(1), Uint8Array.of(2)])
  await documents.append('chart/p2', [Uint8Array.of(9)])
  await documents.append('chart/p1', [Uint8Array.of(3)])
  const loaded = await documents.load('chart/p1')
  expect(loaded?.updates).toEqual([Uint8Array.of(1), Uint8Array.of(2), Uint8Array.of(3)])
  if (loaded) await documents.compact('chart/p1', loaded, Uint8Array.of(1, 2, 3))
  expect((await documents.load('chart/p1'))?.updates).toEqual([Uint8Array.of(1, 2, 3)])
  expect(await documents.count('chart/p1')).toBe(1)
  await documents.drop('chart/p1')
  expect((await documents.load('chart/p1'))?.updates).toEqual([])
  expect((await (await again()).documents.load('chart/p2'))?.updates).toEqual([Uint8Array.of(9)])
})

test('DV31 what arrived after a copy was read stays when the copy is put together', async () => {
  const { documents } = replica
  await documents.append('chart/p1', [Uint8Array.of(1), Uint8Array.of(2)])
  const loaded = await documents.load('chart/p1')
  await documents.append('chart/p1', [Uint8Array.of(3)])
  if (loaded) await documents.compact('chart/p1', loaded, Uint8Array.of(1, 2))
  expect((await documents.load('chart/p1'))?.updates).toEqual([Uint8Array.of(1, 2), Uint8Array.of(3)])
  // Put together a second time, by a window that had read the same.
  if (loaded) await documents.compact('chart/p1', loaded, Uint8Array.of(1, 2))
  expect((await documents.load('chart/p1'))?.updates).toEqual([Uint8Array.of(1, 2), Uint8Array.of(3)])
})

test('DV8 a copy of which a part cannot be opened is told from one that holds nothing', async () => {
  await replica.documents.append('chart/p1', [Uint8Array.of(1), Uint8Array.of(2)])
  await inTheDatabase(async ({ updates }) => {
    await updates.limit(1).modify({ sealed: new Uint8Array(40) })
  })
  expect(await replica.documents.load('chart/p1')).toBeUndefined()
})

test('DV9 single values are kept by name, and one of another shape is none', async () => {
  const shape = z.object({ at: z.number() })
  await replica.values.put('cursor', { at: 7 })
  expect(await (await again()).values.get('cursor', shape)).toEqual({ at: 7 })
  expect(await replica.values.get('cursor', z.object({ other: z.string() }))).toBeUndefined()
  await replica.values.remove('cursor')
  expect(await replica.values.get('cursor', shape)).toBeUndefined()
})

test('DV10 another password opens nothing and destroys nothing; the earlier one hands it over to the new', async () => {
  const a = change()
  await replica.outbox.put([a])
  replica.close()
  expect(await openReplica(user, 'guess', { create: true })).toEqual({ outcome: 'wrong-password' })
  expect(await openReplica(user, 'new', { create: true, earlier: 'guess' })).toEqual({
    outcome: 'wrong-password',
  })
  replica = await opened({ password: 'new', earlier: password })
  expect((await replica.outbox.all()).changes).toEqual([a])
  expect(await openReplica(user, password, { create: false })).toEqual({ outcome: 'wrong-password' })
})

test('DV11 nothing is begun for a name that only somebody typed, and an app that is older than its data says so', async () => {
  expect(await openReplica('stranger', password, { create: false })).toEqual({ outcome: 'none' })
  expect(await Dexie.exists(databaseName('stranger'))).toBe(false)
  const newer = new Dexie(databaseName('later'))
  newer.version(99).stores({ future: 'id' })
  await newer.open()
  newer.close()
  expect(await openReplica('later', password, { create: true })).toEqual({ outcome: 'newer-data' })
  await Dexie.delete(databaseName('later'))
})

test('DV12 no name, drug, word of a message, person or password lies on the device in clear', async () => {
  await replica.outbox.put([change('Penicillin')])
  await replica.documents.append('chart/p1', [new TextEncoder().encode('WANJIRU, Grace: Penicillin')])
  await replica.values.put('worklist', { rows: [{ name: 'WANJIRU, Grace' }] })
  replica.close()
  const stored: Uint8Array[] = [new TextEncoder().encode(databaseName(user))]
  await inTheDatabase(async ({ dexie }) => {
    for (const table of dexie.tables)
      for (const row of await table.toArray())
        for (const value of valuesIn(row))
          stored.push(value instanceof Uint8Array ? value : new TextEncoder().encode(String(value)))
  })
  expect(stored.length).toBeGreaterThan(8)
  for (const secret of [
    'WANJIRU',
    'Grace',
    'Penicillin',
    'chart/p1',
    'worklist',
    user,
    password,
    'AllergyIntolerance',
  ])
    for (const needle of [Buffer.from(secret), Buffer.from(secret, 'utf16le')])
      expect(stored.some((bytes) => Buffer.from(bytes).includes(needle))).toBe(false)
  replica = await opened()
})

function valuesIn(value: unknown): unknown[] {
  if (value instanceof Uint8Array || typeof value !== 'object' || value === null) return [value]
  return Object.entries(value).flatMap(([key, inner]) => [key, ...valuesIn(inner)])
}
