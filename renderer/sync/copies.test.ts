import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import * as Y from 'yjs'
import type { Replica } from '../replica/open-replica.ts'
import { createCopies } from './copies.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

/** A replica in memory that can refuse to write. */
function memory() {
  const stored = new Map<string, Uint8Array[]>()
  const kept = new Map<string, unknown>()
  const disk = { full: false, unreadable: false }
  const forgotten: string[] = []
  const replica = {
    documents: {
      load: async (name: string) =>
        disk.unreadable ? undefined : { updates: stored.get(name) ?? [], orders: [] },
      append: async (name: string, updates: Uint8Array[]) => {
        if (disk.full) return { outcome: 'full' }
        stored.set(name, [...(stored.get(name) ?? []), ...updates])
        return { outcome: 'written' }
      },
      compact: async (name: string, _: unknown, update: Uint8Array) => {
        stored.set(name, [update])
        return { outcome: 'written' }
      },
      drop: async (name: string) => {
        stored.delete(name)
        return { outcome: 'written' }
      },
    },
    values: {
      get: async (key: string) => kept.get(key),
      put: async (key: string, value: unknown) => void kept.set(key, value),
      remove: async (key: string) => void kept.delete(key),
    },
  } as unknown as Replica
  const caughtUpAt = 99
  const listeners = new Set<(name: string) => void>()
  const catchUp = {
    confirmedAt: (name: string) => (forgotten.includes(name) ? undefined : caughtUpAt),
    async forget(name: string) {
      forgotten.push(name)
      kept.delete(`copy ${name}`)
      stored.delete(name)
      for (const listener of listeners) listener(name)
    },
    onForgotten(listener: (name: string) => void) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  }
  return { stored, disk, forgotten, catchUp, copies: createCopies(replica, catchUp) }
}

async function filled(copies: ReturnType<typeof createCopies>, confirmedAt?: number) {
  const doc = new Y.Doc()
  const copy = copies.open('chart/1', doc)
  await copy.read()
  doc.getMap('entries').set('a', 1)
  doc.getMap('entries').set('b', 2)
  if (confirmedAt !== undefined) copy.confirm(confirmedAt)
  await copy.close()
}

async function readAgain(copies: ReturnType<typeof createCopies>) {
  const doc = new Y.Doc()
  const copy = copies.open('chart/1', doc)
  const confirmedAt = await copy.read()
  return { entries: doc.getMap('entries').toJSON(), confirmedAt, copy, doc }
}

test('DV40 what a region handed over is on this device the next time, and says when it was confirmed', async () => {
  const { copies } = memory()
  await filled(copies, 1234)
  expect(await readAgain(copies)).toMatchObject({ entries: { a: 1, b: 2 }, confirmedAt: 1234 })
})

test('DV41 a part of a document is kept, and does not count as complete', async () => {
  const { copies, forgotten } = memory()
  forgotten.push('chart/1')
  await filled(copies)
  expect(await readAgain(copies)).toMatchObject({ entries: { a: 1, b: 2 }, confirmedAt: undefined })
})

test('DV42 what could not be written is not called complete either', async () => {
  const { copies, disk } = memory()
  disk.full = true
  await filled(copies, 1234)
  expect(await readAgain(copies)).toMatchObject({ entries: {}, confirmedAt: undefined })
})

test('DV43 a copy that is void is gone, whatever was on its way to it', async () => {
  const { copies, stored } = memory()
  await filled(copies, 1234)
  const { copy, doc } = await readAgain(copies)
  doc.getMap('entries').set('c', 3)
  await copy.drop()
  await copy.close()
  expect(stored.size).toBe(0)
  expect(await readAgain(copies)).toMatchObject({ entries: {}, confirmedAt: undefined })
})

test('DV44 many small updates are put together when the document is opened', async () => {
  const { copies, stored } = memory()
  const doc = new Y.Doc()
  const copy = copies.open('chart/1', doc)
  await copy.read()
  for (let n = 0; n < 60; n++) doc.getMap('entries').set(`k${n}`, n)
  await copy.close()
  expect(stored.get('chart/1')?.length).toBe(60)
  await readAgain(copies)
  await vi.waitFor(() => expect(stored.get('chart/1')?.length).toBe(1))
  expect(Object.keys((await readAgain(copies)).entries)).toHaveLength(60)
})

test('DV45 a copy that cannot be opened any more is not called whole, is given up, and is asked for anew', async () => {
  const { copies, disk, stored, forgotten } = memory()
  await filled(copies, 1234)
  disk.unreadable = true
  expect(await readAgain(copies)).toMatchObject({ entries: {}, confirmedAt: undefined })
  expect(forgotten).toEqual(['chart/1'])
  expect(stored.size).toBe(0)
})

test('DV46 a journal of which nothing is kept is confirmed by the catch-up; a chart of which nothing is kept is not', async () => {
  const { copies } = memory()
  const at = (name: string) => copies.open(name, new Y.Doc()).read()
  expect(await at('journal/1/2026')).toBe(99)
  expect(await at('chart/1')).toBeUndefined()
})

test('DV47 what came while there was no room is written before anything later is called whole', async () => {
  const { copies, disk } = memory()
  const doc = new Y.Doc()
  const copy = copies.open('chart/1', doc)
  await copy.read()
  disk.full = true
  doc.getMap('entries').set('lost', 1)
  await vi.advanceTimersByTimeAsync(300)
  disk.full = false
  // The next connection hands over nothing: the document on screen has it all.
  copy.confirm(2000)
  await copy.close()
  expect(await readAgain(copies)).toMatchObject({ entries: { lost: 1 }, confirmedAt: 2000 })
})

test('DV48 a copy with a part that is no update is given up, and what is read of it is not lost with it', async () => {
  const { copies, stored, forgotten } = memory()
  await filled(copies, 1234)
  stored.get('chart/1')?.push(Uint8Array.from([9, 9, 9]))
  const { copy, confirmedAt } = await readAgain(copies)
  expect(confirmedAt).toBeUndefined()
  expect(forgotten).toEqual(['chart/1'])
  copy.confirm(5000)
  await copy.close()
  expect(await readAgain(copies)).toMatchObject({ entries: { a: 1, b: 2 }, confirmedAt: 5000 })
})

test('DV49 what another window gave up of a document that is open here is kept again, before it is called whole', async () => {
  const { copies, catchUp } = memory()
  const doc = new Y.Doc()
  const copy = copies.open('chart/1', doc)
  await copy.read()
  doc.getMap('entries').set('a', 1)
  copy.confirm(100)
  await vi.waitFor(async () => expect((await readAgain(copies)).confirmedAt).toBe(100))
  await catchUp.forget('chart/1')
  doc.getMap('entries').set('b', 2)
  copy.confirm(200)
  await copy.close()
  const again = await readAgain(copies)
  expect([again.entries, again.confirmedAt]).toEqual([{ a: 1, b: 2 }, 200])
})
