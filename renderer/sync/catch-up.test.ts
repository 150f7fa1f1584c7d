import { expect, test, vi } from 'vitest'
import type { Frame } from '../../domain/wire/wire.ts'
import { decodeFrame } from '../../domain/wire/wire.ts'
import type { Replica } from '../replica/open-replica.ts'
import { createCatchUp } from './catch-up.ts'
import type { Speaker } from './connection.ts'
import { sampleProfile } from './sample-windows.ts'

/** A replica in memory that says what was written in which order, and a region that the test plays. */
function scene() {
  const kept = new Map<string, unknown>()
  const writes: string[] = []
  const disk = { full: false }
  const outcome = () => ({ outcome: disk.full ? 'full' : 'written' })
  const replica = {
    documents: {
      async append(name: string) {
        writes.push(disk.full ? `no room for ${name}` : `append ${name}`)
        return outcome()
      },
      async drop(name: string) {
        writes.push(`drop ${name}`)
        return outcome()
      },
    },
    values: {
      get: async (name: string) => kept.get(name),
      async put(name: string, value: unknown) {
        writes.push(disk.full ? `no room for ${name}` : `put ${name}`)
        if (!disk.full) kept.set(name, value)
        return outcome()
      },
      async remove(name: string) {
        writes.push(`remove ${name}`)
        kept.delete(name)
        return outcome()
      },
    },
  } as unknown as Replica
  const asked: Extract<Frame, { type: 'catch-up' }>[] = []
  const send = (bytes: Uint8Array) => {
    const frame = decodeFrame(bytes)
    if (frame?.type === 'catch-up') asked.push(frame)
  }
  const profile = sampleProfile()
  const ticks: (() => void)[] = []
  const window = async () => {
    const windows = profile.open()
    const catchUp = await createCatchUp({
      replica,
      windows,
      now: () => Date.UTC(2026, 10, 24),
      every: (_, act) => {
        ticks.push(act)
        return () => undefined
      },
    })
    return { catchUp, close: windows.close }
  }
  /** A window that leads, and its connection. */
  const leading = async () => {
    const { catchUp, close } = await window()
    let speaker: Speaker | undefined
    const end = catchUp.lead({
      join(joined) {
        speaker = joined
        joined.opened(send)
        return () => undefined
      },
    })
    catchUp.patients(['p1'])
    await vi.waitFor(() => expect(speaker).toBeDefined())
    return {
      catchUp,
      hear: (...frames: Frame[]) => {
        for (const frame of frames) speaker?.hear(frame)
      },
      close() {
        end()
        close()
      },
    }
  }
  return { kept, writes, disk, asked, leading, window, tick: () => ticks.at(-1)?.() }
}

const target: Frame = { channel: 0, type: 'target', request: 1, proof: 'p', target: { 'nairobi.1': 7 } }
const part = (document: string): Frame => ({
  channel: 0,
  type: 'part',
  request: 1,
  document,
  last: true,
  update: Uint8Array.of(1),
})
const caughtUp: Frame = { channel: 0, type: 'caught-up', request: 1 }

test('DV70 the cursor is kept behind everything that it covers, and the next window goes on from it', async () => {
  const { writes, asked, leading } = scene()
  const first = await leading()
  first.hear(target, part('chart/p1'), part('journal/p1/2026'), caughtUp)
  await vi.waitFor(() => expect(writes.at(-1)).toBe('put cursor'))
  expect(writes).toEqual(['append chart/p1', 'append journal/p1/2026', 'put held', 'put cursor'])
  expect(first.catchUp.confirmedAt('chart/p1')).toBe(Date.UTC(2026, 10, 24))
  expect(first.catchUp.confirmedAt('chart/p2')).toBeUndefined()
  first.close()
  const second = await leading()
  expect(second.catchUp.confirmedAt('chart/p1')).toBe(Date.UTC(2026, 10, 24))
  expect(asked.at(-1)).toMatchObject({ cursor: { 'nairobi.1': 7 }, proof: 'p' })
  expect(asked.at(-1)?.scope.every(({ state }) => state === 'held')).toBe(true)
})

test('DV71 a device that could not write a part keeps no cursor that covers it', async () => {
  const { writes, disk, kept, leading } = scene()
  const first = await leading()
  first.hear(target)
  disk.full = true
  first.hear(part('chart/p1'))
  await vi.waitFor(() => expect(writes).toEqual(['no room for chart/p1']))
  disk.full = false
  first.hear(caughtUp)
  await new Promise((resolve) => setTimeout(resolve, 20))
  expect(kept.size).toBe(0)
  expect(first.catchUp.confirmedAt('chart/p1')).toBeUndefined()
})

test('DV76 what could not be written is asked for again, by the same window, once there is room', async () => {
  const { disk, kept, asked, leading, tick } = scene()
  const first = await leading()
  disk.full = true
  first.hear(target, part('chart/p1'), caughtUp)
  await new Promise((resolve) => setTimeout(resolve, 20))
  disk.full = false
  tick()
  expect(asked.length).toBe(2)
  expect(asked.at(-1)?.scope.every(({ state }) => state === 'new')).toBe(true)
  first.hear(target, part('chart/p1'), caughtUp)
  await vi.waitFor(() => expect(first.catchUp.confirmedAt('chart/p1')).toBeDefined())
  expect(kept.get('held')).toContain('chart/p1')
})

test('DV77 without room to say that one copy is void, nothing is called whole any more', async () => {
  const { disk, kept, leading, window } = scene()
  const first = await leading()
  first.hear(target, part('chart/p1'), caughtUp)
  await vi.waitFor(() => expect(kept.get('cursor')).toBeDefined())
  const { catchUp } = await window()
  disk.full = true
  await catchUp.forget('chart/p1')
  expect([kept.has('cursor'), kept.has('held')]).toEqual([false, false])
  expect(catchUp.confirmedAt('notices/p1')).toBeUndefined()
})

test('DV72 before a void copy goes, nothing says any more that it is whole', async () => {
  const { writes, leading } = scene()
  const first = await leading()
  first.hear(target, part('chart/p1'), caughtUp)
  await vi.waitFor(() => expect(writes.at(-1)).toBe('put cursor'))
  writes.length = 0
  first.hear({ channel: 0, type: 'gone', document: 'chart/p1', code: 4520, reason: '' })
  await vi.waitFor(() => expect(writes.at(-1)).toBe('drop chart/p1'))
  expect(writes).toEqual(['put forgotten', 'put held', 'remove copy chart/p1', 'drop chart/p1'])
  expect(first.catchUp.confirmedAt('chart/p1')).toBeUndefined()
})

test('DV73 a window that does not lead hears how current the copies are', async () => {
  const { leading, window } = scene()
  const first = await leading()
  const { catchUp } = await window()
  expect(catchUp.confirmedAt('chart/p1')).toBeUndefined()
  first.hear(target, part('chart/p1'), caughtUp)
  await vi.waitFor(() => expect(catchUp.confirmedAt('chart/p1')).toBe(Date.UTC(2026, 10, 24)))
})

test('DV78 a patient who is new on the list of another window is caught up with, too', async () => {
  const { asked, leading, window } = scene()
  const first = await leading()
  const { catchUp } = await window()
  catchUp.patients(['p1', 'p2'])
  // The answer that is under way comes first.
  first.hear(target, caughtUp)
  expect(asked.at(-1)?.scope.map(({ document }) => document)).toContain('chart/p2')
})

test('DV74 a copy that another window gave up is not held, whatever the answer under way says, and is asked for anew', async () => {
  const { asked, kept, leading, window } = scene()
  const first = await leading()
  const { catchUp } = await window()
  first.hear(target, part('chart/p1'))
  await catchUp.forget('chart/p1')
  first.hear(caughtUp)
  await vi.waitFor(() => expect(kept.get('cursor')).toBeDefined())
  expect(kept.get('held')).not.toContain('chart/p1')
  expect(kept.get('held')).toContain('notices/p1')
  expect(first.catchUp.confirmedAt('chart/p1')).toBeUndefined()
  expect(asked.at(-1)?.scope.find(({ document }) => document === 'chart/p1')?.state).toBe('new')
})

test('DV75 what was given up just before a window died is not held by the next one that leads', async () => {
  const { asked, kept, leading, window } = scene()
  const first = await leading()
  first.hear(target, part('chart/p1'), caughtUp)
  await vi.waitFor(() => expect(kept.get('cursor')).toBeDefined())
  const { catchUp } = await window()
  first.close()
  await catchUp.forget('chart/p1')
  await leading()
  expect(asked.at(-1)?.scope.find(({ document }) => document === 'chart/p1')?.state).toBe('new')
})
