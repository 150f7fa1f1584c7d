import { expect, test } from 'vitest'
import { chain, emptyHead, type LogRow } from '../store/log-row.ts'
import { createFeeder, type FeederLog } from './feeder.ts'
import type { PeerMessage } from './peer-wire.ts'

const strand = 'frankfurt.1'

function rowsOf(count: number): LogRow[] {
  const rows: LogRow[] = []
  let head = emptyHead('entries', strand)
  for (let seq = 1; seq <= count; seq++) {
    const none = { clock: 0, subject: '', entryId: '', homeGroup: '', author: '', lamport: 0, epoch: 1 }
    const row = chain(head, {
      ...none,
      origin: strand,
      seq,
      kind: 'entry',
      document: 'chart/1',
      keyId: 'key',
      bytes: Buffer.from(String(seq)),
    })
    head = { seq, hash: row.hash }
    rows.push(row)
  }
  return rows
}

test('RP40 who asks while the log cannot be read is fed as soon as it can', async () => {
  const rows = rowsOf(3)
  let away = true
  const read = <T>(value: T): Promise<T> =>
    away ? Promise.reject(new Error('away')) : Promise.resolve(value)
  const log: FeederLog = {
    flushed: () => new Map([[strand, 3]]),
    head: () => rows[2]!,
    hashAt: (_, seq) => read(rows[seq - 1]?.hash),
    rowsAfter: (_, after, limit) => read(rows.slice(after, after + limit)),
    heard: () => {},
  }
  const sent: PeerMessage[] = []
  const link = {
    send: (message: PeerMessage) => void sent.push(message),
    room: () => true,
    drained: async () => {},
  }
  const feeder = createFeeder(log, link, () => {})
  const settle = () => new Promise((resolve) => setTimeout(resolve, 5))
  const seqs = () =>
    sent.flatMap((message) => (message.type === 'rows' ? message.rows.map((row) => row.seq) : []))

  feeder.received({ type: 'follow', strand, after: 1, hash: rows[0]!.hash })
  await settle()
  feeder.tick()
  await settle()
  expect(seqs()).toEqual([])
  away = false
  feeder.tick()
  await settle()
  expect(seqs()).toEqual([2, 3])
  feeder.tick()
  await settle()
  expect(seqs()).toEqual([2, 3])

  away = true
  feeder.received({ type: 'follow', strand, after: 1, hash: rows[0]!.hash })
  await settle()
  feeder.received({ type: 'unfollow', strand })
  away = false
  feeder.tick()
  await settle()
  expect(seqs()).toEqual([2, 3])
  feeder.close()
})
