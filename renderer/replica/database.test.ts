import { IDBFactory, IDBKeyRange } from 'fake-indexeddb'
import { beforeEach, expect, test } from 'vitest'
import { databaseName, openDatabase, type ReplicaDatabase } from './database.ts'
import { createVault } from './vault.ts'
import { createVaultRow } from './vault-row.ts'
import { written } from './written.ts'

const user = 'physician.nairobi'
let indexedDB: IDBFactory
beforeEach(() => {
  indexedDB = new IDBFactory()
})

async function opened(): Promise<ReplicaDatabase> {
  const answer = await openDatabase({ user, indexedDB, keyRange: IDBKeyRange })
  if (answer.outcome !== 'opened') throw new Error(answer.outcome)
  return answer.database
}

/** Opens as a program would that knows nothing of Dexie. */
function plainly(version?: number, upgrade?: (database: IDBDatabase) => void): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(databaseName(user), version)
    request.onupgradeneeded = () => upgrade?.(request.result)
    request.onsuccess = () => resolve(request.result)
    request.onerror = () => reject(request.error)
  })
}

test('DV17 an app that is older than its data says so, and leaves it as it was', async () => {
  const newer = await plainly(990, (database) => database.createObjectStore('future'))
  newer.close()
  expect(await openDatabase({ user, indexedDB, keyRange: IDBKeyRange })).toEqual({ outcome: 'newer-data' })
  const after = await plainly()
  expect(after.version).toBe(990)
  expect([...after.objectStoreNames]).toEqual(['future'])
  after.close()
})

test('DV18 a browser that has no database to give is a value, not an exception', async () => {
  const failing = new IDBFactory()
  failing.open = () => {
    throw new DOMException('the disk fails', 'UnknownError')
  }
  const answer = await openDatabase({ user, indexedDB: failing, keyRange: IDBKeyRange })
  expect(answer.outcome).toBe('unavailable')
  // Node has no IndexedDB of its own.
  expect((await openDatabase({ user })).outcome).toBe('unavailable')
})

test('DV19 what is written after another window has deleted the database fails, and makes no new one', async () => {
  const [here, there] = [await opened(), await opened()]
  await there.dexie.delete()
  const outcome = await written(() => here.rows.put({ key: 'k', sealed: new Uint8Array(40) }))
  expect(outcome.outcome).toBe('failed')
  expect(await indexedDB.databases()).toEqual([])
})

test('DV20 of two windows that begin a vault at the same moment, the first one counts', async () => {
  const [here, there] = [
    createVaultRow({ database: await opened() }),
    createVaultRow({ database: await opened() }),
  ]
  const cost = { memoryKiB: 8, passes: 1, lanes: 1 }
  const [a, b] = [await createVault('right', cost), await createVault('right', cost)]
  expect(await here.read()).toBeUndefined()
  const outcomes = await Promise.all([here.keep(a.wrapped), there.keep(b.wrapped)])
  expect(outcomes.map(({ outcome }) => outcome).sort()).toEqual(['taken', 'written'])
  const first = outcomes[0]?.outcome === 'written' ? a : b
  expect(await there.read()).toEqual(first.wrapped)
})

test('DV21 a want of room is known through whatever it is wrapped in, and other failures are told by name', async () => {
  const quota = new DOMException('no room', 'QuotaExceededError')
  const wraps: unknown[] = [
    quota,
    { name: 'AbortError', inner: quota },
    { name: 'BulkError', failures: [new Error('other'), { name: 'AbortError', inner: quota }] },
  ]
  for (const error of wraps) expect(await written(() => Promise.reject(error))).toEqual({ outcome: 'full' })
  const circle: { name: string; inner?: unknown } = { name: 'AbortError' }
  circle.inner = circle
  expect((await written(() => Promise.reject(circle))).outcome).toBe('failed')
  expect(await written(() => Promise.reject(new TypeError('odd')))).toEqual({
    outcome: 'failed',
    detail: 'TypeError: odd',
  })
})
