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
  const disk = { full: false, stuck: false }
  const outcome = () => ({ outcome: disk.full ? 'full' : 'written' })
  const replica = {
    documents: {
      async append(name: string) {
        writes.push(disk.full ? `no room for ${name}` : `append ${name}`)
        return outcome()
      },
      async drop(name: string) {
        writes.push(`drop ${name}`)
        return { outcome: disk.stuck ? 'failed' : 'written' }
      },
    },
    values: {
      get: async (name: string) => kept.get(name),
      async put(name: string, value: unknown) {
        // Who leads is no part of what is caught up with.
        if (name !== 'leader') writes.push(disk.full ? `no room for ${name}` : `put ${name}`)
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

type Answer = Extract<Frame, { request: number }>
const target: Answer = { channel: 0, type: 'target', request: 1, proof: 'p', target: { 'nairobi.1': 7 } }
const part = (document: string): Answer => ({
  channel: 0,
  type: 'part',
  request: 1,
  document,
  last: true,
  update: Uint8Array.of(1),
})
const caughtUp: Answer = { channel: 0, type: 'caught-up', request: 1 }

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
  expect([kept.has('cursor'), kept.has('held')]).toEqual([false, false])
  expect(first.catchUp.confirmedAt('chart/p1')).toBeUndefined()
})

test('DV76 what could not be written is asked for again, by the same window, once there is room', async () => {
  const { disk, kept, asked, leading, tick } = scene()
  const first = await leading()
  disk.full = true
  first.hear(target, part('chart/p1'), caughtUp)
  await new Promise((resolve) => setTimeout(resolve, 20))
  disk.full = false
  // Once to take the lead that could not be written down either, once for good.
  for (const question of [2, 3]) {
    tick()
    expect(asked.length).toBe(question)
    expect(asked.at(-1)?.scope.every(({ state }) => state === 'new')).toBe(true)
    first.hear(target, part('chart/p1'), caughtUp)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  await vi.waitFor(() => expect(first.catchUp.confirmedAt('chart/p1')).toBeDefined())
  expect(kept.get('held')).toContain('chart/p1')
})

test('DV79 a void copy that the disk did not let go of is void again at the next question', async () => {
  const { disk, asked, kept, leading, tick } = scene()
  const first = await leading()
  disk.stuck = true
  first.hear(target, { channel: 0, type: 'gone', document: 'chart/p1', code: 4410, reason: '' }, caughtUp)
  await new Promise((resolve) => setTimeout(resolve, 20))
  expect(kept.has('cursor')).toBe(false)
  disk.stuck = false
  tick()
  expect(asked.at(-1)?.scope.find(({ document }) => document === 'chart/p1')?.state).toBe('new')
})

test('DV80 charts are asked for before journals, whoever’s they are', async () => {
  const { asked, leading } = scene()
  const first = await leading()
  first.hear(target, caughtUp)
  first.catchUp.patients(['p1', 'p2'])
  const names = asked.at(-1)?.scope.map(({ document }) => document) ?? []
  expect(names.slice(0, 4)).toEqual(['chart/p1', 'chart/p2', 'notices/p1', 'notices/p2'])
  expect(names.indexOf('journal/p2/2026')).toBeLessThan(names.indexOf('journal/p1/2025'))
})

test('DV81 a copy that is given up while answers wait for the disk is held from none of them, and a leader that lost the lead keeps nothing', async () => {
  const { kept, asked, leading, window } = scene()
  const first = await leading()
  first.hear(target, part('chart/p1'), caughtUp)
  // The disk is behind: nothing of this is kept yet.
  const { catchUp } = await window()
  await catchUp.forget('chart/p1')
  await vi.waitFor(() => expect(kept.get('cursor')).toBeDefined())
  expect(kept.get('held')).not.toContain('chart/p1')
  kept.set('leader', 'somebody else')
  kept.delete('held')
  first.hear(...[target, part('chart/p1'), caughtUp].map((frame): Frame => ({ ...frame, request: 2 })))
  await new Promise((resolve) => setTimeout(resolve, 20))
  expect(kept.has('held')).toBe(false)
  expect(asked.length).toBeGreaterThan(1)
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
  expect(writes).toEqual(['put held', 'remove copy chart/p1', 'drop chart/p1'])
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
