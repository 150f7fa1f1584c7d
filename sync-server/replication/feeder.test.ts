import { expect, test } from 'vitest'
import { chain, emptyHead, type Head, type LogRow } from '../store/log-row.ts'
import { createFeeder } from './feeder.ts'
import type { PeerMessage } from './peer-wire.ts'

const origin = 'frankfurt.1'

/** A log of one strand, and a connection that takes only what a test lets it take. */
function fed({ bytes = 100, fills = false } = {}) {
  const rows: LogRow[] = []
  let head: Head = emptyHead('entries', origin)
  const sent: PeerMessage[] = []
  const reads: { after: number; limit: number }[] = []
  let room = true
  let waiting: (() => void)[] = []
  const timers = new Set<() => void>()
  const feeder = createFeeder(
    {
      flushed: () => new Map([[origin, head.seq]]),
      head: () => head,
      hashAt: async (_, seq) => rows[seq - 1]?.hash,
      async rowsAfter(_, after, limit) {
        reads.push({ after, limit })
        return rows.slice(after, after + limit)
      },
      heard: () => {},
    },
    {
      send(message) {
        sent.push(message)
        if (fills && message.type === 'rows') room = false
      },
      room: () => room,
      drained: () => (room ? Promise.resolve() : new Promise((resolve) => waiting.push(resolve))),
    },
    {
      warn: () => {},
      after(_, act) {
        timers.add(act)
        return () => timers.delete(act)
      },
    },
  )
  function write(count: number): LogRow[] {
    const fresh: LogRow[] = []
    for (let i = 0; i < count; i++) {
      const clear = {
        document: 'chart/1',
        subject: 's',
        entryId: 'e',
        homeGroup: 'g',
        author: 'a',
        lamport: 1,
        epoch: 1,
      }
      const at = { origin, seq: head.seq + 1, kind: 'entry', clock: head.seq, keyId: 'k' }
      const row = chain(head, { ...clear, ...at, bytes: Buffer.alloc(bytes, i) })
      head = row
      rows.push(row)
      fresh.push(row)
    }
    return fresh
  }
  const told = () =>
    sent.flatMap((message) => (message.type === 'rows' ? message.rows.map(({ seq }) => seq) : []))
  return {
    feeder,
    write,
    told,
    sent,
    reads,
    bytesSent: () =>
      sent.reduce(
        (sum, message) =>
          sum + (message.type === 'rows' ? message.rows.reduce((s, r) => s + r.bytes!.length, 0) : 0),
        0,
      ),
    room(open: boolean) {
      room = open
      if (!open) return
      const resume = waiting
      waiting = []
      for (const go of resume) go()
    },
    /** The time for gathering is over. */
    gathered() {
      const due = [...timers]
      timers.clear()
      for (const act of due) act()
    },
    follow: () =>
      feeder.received({ type: 'follow', strand: origin, after: 0, hash: emptyHead('entries', origin).hash }),
    settled: async () => {
      for (let i = 0; i < 50; i++) await new Promise((resolve) => setImmediate(resolve))
    },
  }
}

const upTo = (n: number) => Array.from({ length: n }, (_, i) => i + 1)

test('RP40 rows that are flushed while others are on their way follow them, in order, without a gap', async () => {
  const { feeder, write, told, follow, settled, gathered } = fed()
  write(700)
  follow()
  for (let i = 0; i < 30; i++) {
    feeder.flushed(origin, write(3))
    await new Promise((resolve) => setImmediate(resolve))
  }
  await settled()
  gathered()
  expect(told()).toEqual(upTo(790))
  feeder.flushed(origin, write(2))
  gathered()
  expect(told()).toEqual(upTo(792))
})

test('RP45 what is flushed shortly after others were sent goes together, once, in order; a vector says no more than was sent', async () => {
  const { feeder, write, told, sent, follow, settled, gathered } = fed()
  follow()
  await settled()
  feeder.flushed(origin, write(1))
  expect(told()).toEqual(upTo(1))
  for (let i = 0; i < 4; i++) feeder.flushed(origin, write(2))
  feeder.tick()
  await settled()
  expect(told()).toEqual(upTo(1))
  const vector = sent.filter(({ type }) => type === 'vector').at(-1)
  expect(vector?.type === 'vector' && vector.strands.get(origin)).toBe(1)
  const before = sent.length
  gathered()
  expect(told()).toEqual(upTo(9))
  expect(sent.length - before).toBe(1)
  gathered()
  // Nothing came while they were gathered: the next row goes at once.
  feeder.flushed(origin, write(1))
  expect(told()).toEqual(upTo(10))
  // Many are not kept until the time is over.
  feeder.flushed(origin, write(600))
  expect(told()).toEqual(upTo(610))
})

test('RP45 what was gathered when the connection is full, or the follower asks anew, comes from the log', async () => {
  const { feeder, write, told, sent, follow, settled, room, gathered } = fed()
  follow()
  await settled()
  feeder.flushed(origin, write(1))
  feeder.flushed(origin, write(3))
  room(false)
  gathered()
  expect(told()).toEqual(upTo(1))
  room(true)
  await settled()
  expect(told()).toEqual(upTo(4))
  feeder.flushed(origin, write(1))
  feeder.flushed(origin, write(2))
  sent.length = 0
  follow()
  await settled()
  gathered()
  expect(told()).toEqual(upTo(7))
})

test('RP44 every follow is answered at once by a message without rows: what came before it answered an earlier one', async () => {
  const { feeder, write, sent, follow, settled } = fed()
  write(3)
  follow()
  expect(sent.at(-1)).toEqual({ type: 'rows', strand: origin, rows: [] })
  await settled()
  follow()
  expect(sent.at(-1)).toEqual({ type: 'rows', strand: origin, rows: [] })
  await settled()
  const counts = sent.flatMap((message) => (message.type === 'rows' ? [message.rows.length] : []))
  expect(counts).toEqual([0, 3, 0, 3])
  feeder.close()
})

test('RP40 what was flushed while the last rows lay in the connection is not left for the next tick', async () => {
  const { feeder, write, told, follow, settled, room } = fed({ fills: true })
  write(10)
  follow()
  await settled()
  room(true)
  await settled()
  expect(told()).toEqual(upTo(10))
  room(false)
  feeder.flushed(origin, write(3))
  await settled()
  expect(told()).toEqual(upTo(10))
  room(true)
  await settled()
  expect(told()).toEqual(upTo(13))
})

test('RP41 what waits for a slow follower is bounded, however much is flushed; it gets everything in the end', async () => {
  const { feeder, write, told, bytesSent, room, follow, settled, reads } = fed({ bytes: 50_000 })
  write(200)
  room(false)
  follow()
  for (let i = 0; i < 20; i++) {
    feeder.flushed(origin, write(50))
    await settled()
  }
  expect(bytesSent()).toBe(0)
  room(true)
  await settled()
  room(false)
  const before = bytesSent()
  feeder.flushed(origin, write(300))
  await settled()
  // A message may be under way, and one more that had been read.
  expect(bytesSent() - before).toBeLessThan(3 * 1024 * 1024)
  expect(Math.max(...reads.slice(3).map(({ limit }) => limit))).toBeLessThanOrEqual(50)
  for (let i = 0; i < 100; i++) {
    room(true)
    await settled()
  }
  expect(told()).toEqual(upTo(1500))
})

test('RP42 no vector says more of a strand than was sent, and its hash is that of the row it names', async () => {
  const { feeder, write, sent, room, follow, settled } = fed()
  const rows = write(10)
  follow()
  await settled()
  room(false)
  feeder.flushed(origin, write(5))
  feeder.tick()
  const vector = sent.at(-1)
  if (vector?.type !== 'vector') throw new Error('no vector was sent')
  expect(vector.strands.get(origin)).toBe(10)
  expect(Buffer.from(vector.hashes.get(origin)!)).toEqual(Buffer.from(rows[9]!.hash))
})
