import { expect, test, vi } from 'vitest'
import { closeCodes, decodeFrame, type Frame } from '../../domain/wire/wire.ts'
import { createChannels } from './channels.ts'
import type { Speaker } from './connection.ts'
import type { Copy } from './copies.ts'
import { createDocumentSet } from './documents.ts'

// Before anything is loaded: y-websocket's provider keeps the clock that it finds then.
vi.hoisted(() => vi.useFakeTimers())

const name = 'chart/p1'

/** One document on a connection; the test is the region. */
function scene(read: () => Promise<number | undefined> = async () => undefined) {
  let speaker: Speaker | undefined
  const heard: Frame[] = []
  const send = (bytes: Uint8Array) => {
    const frame = decodeFrame(bytes)
    if (frame) heard.push(frame)
  }
  const channels = createChannels({
    join(joined) {
      speaker = joined
      joined.opened(send)
      return () => undefined
    },
  })
  const log: string[] = []
  const copies = {
    open: (): Copy => ({
      read,
      confirm: () => void log.push('confirm'),
      drop: async () => void log.push('drop'),
      close: async () => undefined,
    }),
  }
  const set = createDocumentSet({ channels, copies, now: () => 7 })
  const opened = () => heard.flatMap((frame) => (frame.type === 'open' ? frame.channel : []))
  return {
    set,
    log,
    opened,
    state: () => set.states().get(name),
    /** Hands over a document that holds nothing yet. */
    handOver(channel: number) {
      const step2 = Uint8Array.from([0, 1, 2, 0, 0])
      speaker?.hear({ channel, type: 'message', message: step2 })
    },
    close: (channel: number, code: number) => speaker?.hear({ channel, type: 'closed', code, reason: '' }),
    reconnect() {
      speaker?.closed(1006)
      speaker?.opened(send)
    },
  }
}

test('SY60 what was erased is destroyed and not asked for again and again', async () => {
  const { set, state, opened, close, log } = scene()
  set.want([name])
  await vi.advanceTimersByTimeAsync(10)
  for (let turn = 0; turn < 20; turn++) {
    const last = opened().at(-1)
    if (last !== undefined) close(last, closeCodes.erased)
    await vi.advanceTimersByTimeAsync(5000)
  }
  expect(opened()).toHaveLength(1)
  expect(log).toEqual(['drop'])
  expect(state()).toMatchObject({ connection: 'refused', entries: [], complete: false })
  set.close()
})

test('SY73 a document that is called void again and again is asked for in no haste, and at once when it was whole in between', async () => {
  const { set, opened, close, handOver } = scene()
  set.want([name])
  await vi.advanceTimersByTimeAsync(10)
  for (let passed = 0; passed < 30_000; passed += 100) {
    close(opened().length, closeCodes.startAnew)
    await vi.advanceTimersByTimeAsync(100)
  }
  const asked = opened().length
  expect(asked).toBeGreaterThan(2)
  expect(asked).toBeLessThan(10)
  await vi.advanceTimersByTimeAsync(15_000)
  handOver(opened().length)
  await vi.advanceTimersByTimeAsync(10)
  close(opened().length, closeCodes.startAnew)
  const before = opened().length
  await vi.advanceTimersByTimeAsync(10)
  expect(opened().length).toBe(before + 1)
  set.close()
})

test('SY61 a document that is void is read anew, once', async () => {
  const { set, state, opened, close, handOver, log } = scene()
  set.want([name])
  await vi.advanceTimersByTimeAsync(10)
  handOver(1)
  close(1, closeCodes.startAnew)
  await vi.advanceTimersByTimeAsync(5000)
  expect(opened()).toHaveLength(2)
  handOver(2)
  await vi.advanceTimersByTimeAsync(10)
  expect(log).toEqual(['confirm', 'drop', 'confirm'])
  expect(state()).toMatchObject({ connection: 'live', complete: true })
  set.close()
})

test('SY62 a document of which nothing is heard for hours stays live, on its first channel', async () => {
  const { set, state, opened, handOver } = scene()
  set.want([name])
  await vi.advanceTimersByTimeAsync(10)
  handOver(1)
  for (let minute = 0; minute < 180; minute++) {
    await vi.advanceTimersByTimeAsync(60_000)
    expect(state()).toMatchObject({ connection: 'live', confirmedAt: undefined })
  }
  expect(opened()).toEqual([1])
  set.close()
})

test('SY63 a copy that cannot be read does not keep the document from the region', async () => {
  const { set, state, opened, handOver } = scene(() => Promise.reject(new Error('the disk fails')))
  set.want([name])
  await vi.advanceTimersByTimeAsync(10)
  expect(opened()).toEqual([1])
  handOver(1)
  await vi.advanceTimersByTimeAsync(10)
  expect(state()).toMatchObject({ connection: 'live', complete: true })
  set.close()
})

test('SY64 what one region refuses is asked for again when there is another connection', async () => {
  const { set, state, opened, close, handOver, reconnect } = scene()
  set.want([name])
  await vi.advanceTimersByTimeAsync(10)
  close(1, closeCodes.unknownDocument)
  await vi.advanceTimersByTimeAsync(60_000)
  expect(state()).toMatchObject({ connection: 'refused' })
  expect(opened()).toEqual([1])
  reconnect()
  await vi.advanceTimersByTimeAsync(5000)
  expect(opened()).toEqual([1, 2])
  handOver(2)
  await vi.advanceTimersByTimeAsync(10)
  expect(state()).toMatchObject({ connection: 'live', complete: true })
  set.close()
})
