import { expect, test, vi } from 'vitest'
import type { Frame } from '../../domain/wire/wire.ts'
import { decodeFrame } from '../../domain/wire/wire.ts'
import type { Replica } from '../replica/open-replica.ts'
import { createCatchUp } from './catch-up.ts'

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
        writes.push(`put ${name}`)
        kept.set(name, value)
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
  const window = () =>
    createCatchUp({ replica, now: () => Date.UTC(2026, 10, 24), every: () => () => undefined })
  return { kept, writes, disk, asked, send, window }
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
  const { writes, asked, send, window } = scene()
  const first = await window()
  first.patients(['p1'])
  first.opened(send)
  for (const frame of [target, part('chart/p1'), part('journal/p1/2026'), caughtUp]) first.hear(frame)
  await vi.waitFor(() => expect(writes.at(-1)).toBe('put cursor'))
  expect(writes).toEqual(['append chart/p1', 'append journal/p1/2026', 'put held', 'put cursor'])
  expect(first.confirmedAt('chart/p1')).toBe(Date.UTC(2026, 10, 24))
  expect(first.confirmedAt('chart/p2')).toBeUndefined()
  const second = await window()
  expect(second.confirmedAt('chart/p1')).toBe(Date.UTC(2026, 10, 24))
  second.patients(['p1'])
  second.opened(send)
  expect(asked.at(-1)).toMatchObject({ cursor: { 'nairobi.1': 7 }, proof: 'p' })
  expect(asked.at(-1)?.scope.every(({ state }) => state === 'held')).toBe(true)
})

test('DV71 a device that could not write a part keeps no cursor that covers it', async () => {
  const { writes, disk, kept, send, window } = scene()
  const first = await window()
  first.patients(['p1'])
  first.opened(send)
  first.hear(target)
  disk.full = true
  first.hear(part('chart/p1'))
  await vi.waitFor(() => expect(writes).toEqual(['no room for chart/p1']))
  disk.full = false
  first.hear(caughtUp)
  await new Promise((resolve) => setTimeout(resolve, 20))
  expect(kept.size).toBe(0)
  expect(first.confirmedAt('chart/p1')).toBeUndefined()
})

test('DV72 before a void copy goes, nothing says any more that it is whole', async () => {
  const { writes, send, window } = scene()
  const first = await window()
  first.patients(['p1'])
  first.opened(send)
  for (const frame of [target, part('chart/p1'), caughtUp]) first.hear(frame)
  await vi.waitFor(() => expect(writes.at(-1)).toBe('put cursor'))
  writes.length = 0
  first.hear({ channel: 0, type: 'gone', document: 'chart/p1', code: 4520, reason: '' })
  await vi.waitFor(() => expect(writes).toEqual(['put held', 'remove copy chart/p1', 'drop chart/p1']))
  expect(first.confirmedAt('chart/p1')).toBeUndefined()
})
