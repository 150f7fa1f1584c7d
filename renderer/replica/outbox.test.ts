import { IDBDatabase, IDBFactory, IDBKeyRange } from 'fake-indexeddb'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { committed } from '../../domain/testing/committed.ts'
import { announceByChannel } from './announce.ts'
import { openDatabase, type ReplicaDatabase } from './database.ts'
import { createOutbox, type Outbox, type StoredChange } from './outbox.ts'
import { createVault, type Vault } from './vault.ts'

let made = 0
function change(told: Partial<StoredChange> = {}): StoredChange {
  made += 1
  const { id, entry } = committed({ aspects: { code: { text: 'Penicillin' } }, deviceSeq: made })
  return {
    id,
    entry,
    patientId: 'p1',
    about: 'Allergy to Penicillin',
    at: made,
    rung: { at: 'device' },
    ...told,
  }
}

type Window = { outbox: Outbox; database: ReplicaDatabase; close: () => void }
let indexedDB: IDBFactory
let vault: Vault
let here: Window
const windows: Window[] = []

/** Another window of the same profile. */
async function openWindow(): Promise<Window> {
  const answer = await openDatabase({ user: 'u', indexedDB, keyRange: IDBKeyRange })
  if (answer.outcome !== 'opened') throw new Error(answer.outcome)
  const { database } = answer
  const announce = announceByChannel({ channel: new BroadcastChannel('outbox test') })
  const close = () => {
    announce.close()
    database.dexie.close()
  }
  const opened = { outbox: createOutbox({ database, vault, announce }), database, close }
  windows.push(opened)
  return opened
}

beforeEach(async () => {
  indexedDB = new IDBFactory()
  vault = (await createVault('right', { memoryKiB: 8, passes: 1, lanes: 1 })).vault
  here = await openWindow()
})
afterEach(() => {
  vi.restoreAllMocks()
  for (const { close } of windows.splice(0)) close()
})

test('DV22 a change that was moved to the place of another is not read, and is not dropped', async () => {
  const [a, b] = [change(), change()]
  await here.outbox.put([a, b])
  const key = await vault.rowKey('outbox', b.id)
  await here.database.outbox.where('key').equals(key).delete()
  await here.database.outbox.toCollection().modify({ key })
  expect(await here.outbox.all()).toEqual({ changes: [], damaged: 1 })
})

test('DV23 a change is given back only if its entry still has its id', async () => {
  const [a, b] = [change(), change()]
  await here.outbox.put([a, b])
  // Sealed by this very vault, at the place of one change, the text of another.
  const key = await vault.rowKey('outbox', a.id)
  const theirs = await vault.rowKey('outbox', b.id)
  const [row] = await here.database.outbox.where('key').equals(theirs).toArray()
  if (typeof row !== 'object' || row === null || !('sealed' in row) || !(row.sealed instanceof Uint8Array))
    throw new Error('no row')
  const text = await vault.open(`outbox/${theirs}`, row.sealed)
  if (!text) throw new Error('not opened')
  await here.database.outbox
    .where('key')
    .equals(key)
    .modify({ sealed: await vault.seal(`outbox/${key}`, text) })
  expect(await here.outbox.all()).toEqual({ changes: [b], damaged: 1 })
})

test('DV24 when a transaction is broken off everything is as before, and the caller is told', async () => {
  const before = change()
  await here.outbox.put([before])
  const told = vi.fn()
  here.outbox.onChange(told)
  let creations = 0
  here.database.outbox.hook('creating', (_key, _row, transaction) => {
    creations += 1
    if (creations === 2) transaction.abort()
  })
  expect((await here.outbox.put([change(), change(), change()])).outcome).toBe('failed')
  expect(creations).toBeGreaterThan(1)
  expect(told).not.toHaveBeenCalled()
  expect(await here.outbox.all()).toEqual({ changes: [before], damaged: 0 })
})

test('DV25 every change is written with strict durability, and sealed before its transaction opens', async () => {
  const steps: string[] = []
  const { transaction } = IDBDatabase.prototype
  vi.spyOn(IDBDatabase.prototype, 'transaction').mockImplementation(function (
    this: IDBDatabase,
    stores,
    mode,
    options,
  ) {
    steps.push(`${mode} ${options?.durability}`)
    return transaction.call(this, stores, mode, options)
  })
  // Dexie takes hold of a database's methods when it opens.
  const { outbox } = await openWindow()
  steps.length = 0
  const encrypt = crypto.subtle.encrypt.bind(crypto.subtle)
  vi.spyOn(crypto.subtle, 'encrypt').mockImplementation((...given) => {
    steps.push('seal')
    return encrypt(...given)
  })
  const one = change()
  await outbox.put([one, change()])
  await outbox.set({ ...one, rung: { at: 'saved', region: 'nairobi' } })
  await outbox.remove([one.id])
  expect(steps).toEqual(['seal', 'seal', 'readwrite strict', 'seal', 'readwrite strict', 'readwrite strict'])
})

test('DV26 windows of one profile see each other’s changes, and are told of them', async () => {
  const there = await openWindow()
  const [toldHere, toldThere] = [vi.fn(), vi.fn()]
  here.outbox.onChange(toldHere)
  const leave = there.outbox.onChange(toldThere)
  const [a, b] = [change(), change()]
  await Promise.all([here.outbox.put([a]), there.outbox.put([b])])
  const ids = (await here.outbox.all()).changes.map(({ id }) => id)
  expect(ids.sort()).toEqual([a.id, b.id].sort())
  await vi.waitFor(() => expect(toldHere).toHaveBeenCalledTimes(2))
  await vi.waitFor(() => expect(toldThere).toHaveBeenCalledTimes(2))
  leave()
  await here.outbox.remove([a.id])
  await vi.waitFor(() => expect(toldHere).toHaveBeenCalledTimes(3))
  expect((await there.outbox.all()).changes).toEqual([b])
  expect(toldThere).toHaveBeenCalledTimes(2)
})

test('DV27 a write that changes nothing tells nobody', async () => {
  const one = change()
  await here.outbox.put([one])
  const told = vi.fn()
  here.outbox.onChange(told)
  for (const write of [
    here.outbox.put([one]),
    here.outbox.put([]),
    here.outbox.set(change()),
    here.outbox.remove(['x']),
  ])
    expect(await write).toEqual({ outcome: 'written' })
  expect(told).not.toHaveBeenCalled()
})

test('DV28 what could not be read back is refused whole, in words without values of the entry', async () => {
  const fine = change()
  const nameless = change({ id: 'another' })
  expect(await here.outbox.put([fine, nameless])).toEqual({
    outcome: 'failed',
    detail: 'the id is not the id of the entry',
  })
  const long = committed({ aspects: { code: { text: 'Penicillin'.repeat(10_000) } } })
  const refused = await here.outbox.put([fine, change(long)])
  expect(refused.outcome).toBe('failed')
  expect(JSON.stringify(refused)).not.toContain('Penicillin')
  expect((await here.outbox.all()).changes).toEqual([])
})

test('DV29 a refusal by a newer region keeps the code that it came with', async () => {
  const one = change()
  await here.outbox.put([one])
  const [row] = await here.database.outbox.toArray()
  const key = await vault.rowKey('outbox', one.id)
  if (typeof row !== 'object' || row === null || !('sealed' in row) || !(row.sealed instanceof Uint8Array))
    throw new Error('no row')
  const text = new TextDecoder().decode(await vault.open(`outbox/${key}`, row.sealed))
  const newer = text.replace('{"at":"device"}', '{"at":"refused","code":"of-2031","detail":"why"}')
  const sealed = await vault.seal(`outbox/${key}`, new TextEncoder().encode(newer))
  await here.database.outbox.toCollection().modify({ sealed })
  const { changes } = await here.outbox.all()
  expect(changes.map(({ rung }) => rung)).toEqual([{ at: 'refused', code: 'of-2031', detail: 'why' }])
})

test('DV30 damaged rows are handed out with their place in the order, even one without bytes', async () => {
  await here.outbox.put([change(), change()])
  const sealed = Uint8Array.of(1, 2, 3)
  await here.database.outbox.limit(1).modify({ sealed })
  await here.database.outbox.offset(1).modify((row) => {
    if (typeof row === 'object' && row !== null && 'sealed' in row) delete row.sealed
  })
  const key = expect.stringMatching(/^[\w-]{43}$/)
  expect(await here.outbox.exportDamaged()).toEqual([
    { order: 1, key, sealed: 'AQID' },
    { order: 2, key, sealed: '' },
  ])
})
