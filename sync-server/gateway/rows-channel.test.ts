import * as encoding from 'lib0/encoding'
import { describe, expect, test } from 'vitest'
import * as Y from 'yjs'
import { type AuthoredItem, encodeItems, encodeStateVector } from '../../domain/entries/items.ts'
import { clientIdOf } from '../../domain/entries/origin.ts'
import { createDrafts } from '../store/sample-drafts.ts'
import { decodeMessage, type StockMessage, step1Message, step2Message, updateMessage } from './messages.ts'
import { createRowsChannel, type RowsEffect } from './rows-channel.ts'

const make = createDrafts('frankfurt-general')

/** A chart with this many items of each of two origins, a client that reads it, and the channel between. */
function world(count = 3, bytes = 0) {
  const chart = make.newPatient()
  const rows: AuthoredItem[] = []
  const seqs: { [origin: string]: number } = {}
  const write = (origin: string): AuthoredItem => {
    const clock = rows.filter((r) => r.origin === origin).length
    const draft = chart.allergy(bytes > 0 ? { reason: 'x'.repeat(4000) } : {})
    seqs[origin] = (seqs[origin] ?? 0) + 1
    const row = {
      origin,
      clock,
      id: draft.id,
      entry: draft.entry,
      commit: { origin, seq: seqs[origin], epoch: 1 },
    }
    rows.push(row)
    return row
  }
  for (let i = 0; i < count; i++) for (const origin of ['frankfurt.1', 'london.1']) write(origin)

  const channel = createRowsChannel()
  const doc = new Y.Doc()
  const sent: StockMessage[] = []
  const todo: RowsEffect[] = []
  let closed: number | undefined
  let resyncs = 0

  function step(event: Parameters<typeof channel.step>[0], room = true): void {
    for (const effect of channel.step(event, room)) {
      if (effect.do === 'send') {
        const message = decodeMessage(effect.bytes)!
        sent.push(message)
        if (message.type === 'update' || message.type === 'step2') Y.applyUpdate(doc, message.update)
      } else if (effect.do === 'close') closed = effect.code
      else if (effect.do === 'resynced') resyncs += 1
      else todo.push(effect)
    }
  }

  /** Answers what was asked of the store, as it is now. */
  function answerOne(room = true): boolean {
    const effect = todo.shift()
    if (effect?.do === 'read')
      step(
        {
          type: 'rows',
          items: ['frankfurt.1', 'london.1'].flatMap((origin) =>
            rows.filter((r) => r.origin === origin && r.clock >= (effect.since.get(clientIdOf(origin)) ?? 0)),
          ),
        },
        room,
      )
    else if (effect?.do === 'count') step({ type: 'clocks', clocks: clocks() }, room)
    return effect !== undefined
  }

  function clocks(): Map<string, number> {
    const counted = new Map<string, number>()
    for (const { origin, clock } of rows) counted.set(origin, clock + 1)
    return counted
  }

  function flush(items: AuthoredItem[], room = true): void {
    const ranges = new Map<number, { from: number; to: number }>()
    for (const { origin, clock } of items) {
      const client = clientIdOf(origin)
      ranges.set(client, { from: ranges.get(client)?.from ?? clock, to: clock + 1 })
    }
    step({ type: 'flushed', message: updateMessage(encodeItems(items)), ranges }, room)
  }

  const settle = () => {
    for (let i = 0; i < 100; i++) if (!answerOne()) step({ type: 'drained' })
  }
  const keys = () => [...doc.getMap('entries').keys()].length
  const ask = (stateVector = Y.encodeStateVector(doc)) =>
    step({ type: 'message', bytes: step1Message(stateVector) })
  const types = () => sent.map((m) => m.type)
  const say = (bytes: Uint8Array) => step({ type: 'message', bytes })
  return {
    write,
    step,
    flush,
    settle,
    answerOne,
    ask,
    say,
    keys,
    types,
    clocks,
    doc,
    sent,
    rows,
    todo,
    closed: () => closed,
    resyncs: () => resyncs,
  }
}

describe('reading a grow-only document', () => {
  test('GW6 sync step 1 is answered from rows with what the reader lacks, as step 2, even if that is nothing', () => {
    const w = world()
    w.step({ type: 'opened' })
    w.ask()
    w.settle()
    expect(w.types()).toEqual(['step1', 'step2'])
    expect(w.keys()).toBe(6)
    expect((w.sent[0] as { stateVector: Uint8Array }).stateVector).toEqual(encodeStateVector(w.clocks()))
    w.ask()
    w.settle()
    expect(w.sent.at(-1)).toEqual({ type: 'step2', update: new Uint8Array([0, 0]) })
  })

  test('GW7 what is flushed is passed on at once, as one message; what the reader has is not told twice', () => {
    const w = world()
    w.step({ type: 'opened' })
    w.ask()
    w.settle()
    const fresh = [w.write('frankfurt.1'), w.write('london.1')]
    w.flush(fresh)
    w.flush(fresh)
    expect(w.types()).toEqual(['step1', 'step2', 'update'])
    expect(w.keys()).toBe(8)
  })

  test('GW8 what is flushed while an answer is read is told after it, in order, none lost', () => {
    const w = world()
    w.ask()
    const during = w.write('frankfurt.1')
    w.flush([during])
    expect(w.sent).toEqual([])
    w.settle()
    expect(w.keys()).toBe(7)
    expect(w.doc.store.pendingStructs).toBeNull()
    w.flush([w.write('frankfurt.1')])
    expect(w.keys()).toBe(8)
  })

  test('GW9 a long answer comes in parts of about 256 KiB, each when there is room, the last as step 2', () => {
    const w = world(100, 4000)
    w.ask()
    w.answerOne()
    expect(w.types()).toEqual(['update'])
    w.step({ type: 'drained' }, false)
    expect(w.sent).toHaveLength(1)
    w.settle()
    expect(
      w
        .types()
        .slice(0, -1)
        .every((t) => t === 'update'),
    ).toBe(true)
    expect(w.types().at(-1)).toBe('step2')
    expect(w.sent.length).toBeGreaterThan(2)
    for (const message of w.sent)
      expect((message as { update: Uint8Array }).update.length).toBeLessThan(300_000)
    expect(w.keys()).toBe(200)
  })

  test('GW10 a slow reader has no queue: when there is room again, what it lacks is read from rows, once', () => {
    const w = world()
    w.ask()
    w.settle()
    const before = w.sent.length
    for (let i = 0; i < 500; i++) w.flush([w.write('frankfurt.1')], false)
    expect(w.sent).toHaveLength(before)
    expect(w.todo).toEqual([])
    w.settle()
    expect(w.resyncs()).toBe(1)
    expect(w.keys()).toBe(506)
    w.flush([w.write('london.1')])
    expect(w.keys()).toBe(507)
  })

  test('GW11 a gap in what is flushed is closed from rows', () => {
    const w = world()
    w.ask()
    w.settle()
    w.write('london.1')
    w.flush([w.write('london.1')])
    w.settle()
    expect(w.keys()).toBe(8)
    expect(w.doc.store.pendingStructs).toBeNull()
  })

  test('GW36 what was flushed with a gap inside is read from rows', () => {
    const w = world()
    w.ask()
    w.settle()
    const { origin, clock } = w.write('london.1')
    const ranges = new Map([[clientIdOf(origin), { from: clock, to: clock + 1 }]])
    w.step({ type: 'flushed', message: undefined, ranges })
    w.settle()
    expect(w.keys()).toBe(7)
  })

  test('GW12 a new step 1 in the middle of an answer is answered instead, one read at a time', () => {
    const w = world(100, 4000)
    w.ask()
    w.ask()
    w.ask()
    expect(w.todo).toHaveLength(1)
    w.answerOne()
    expect(w.todo).toHaveLength(1)
    w.answerOne()
    w.ask()
    w.settle()
    expect(w.types().filter((t) => t === 'step2')).toHaveLength(1)
    expect(w.keys()).toBe(200)
  })

  test('GW13 who only listens is told what happens; if too slow, everything', () => {
    const w = world()
    w.step({ type: 'opened' })
    w.settle()
    w.flush([w.write('frankfurt.1')])
    expect(w.types()).toEqual(['step1', 'update'])
    w.flush([w.write('frankfurt.1')], false)
    w.settle()
    expect(w.keys()).toBe(8)
  })

  test('GW14 a change by the reader is not applied, and told by type 2; what changes nothing is passed over', () => {
    const w = world()
    w.step({ type: 'opened' })
    w.ask()
    w.settle()
    const quiet = w.sent.length
    w.say(step2Message(new Uint8Array([0, 0])))
    w.say(step2Message(Y.encodeStateAsUpdate(w.doc)))
    w.settle()
    expect(w.sent).toHaveLength(quiet)
    const forged = { ...w.rows[0]!, clock: 3 }
    const own = new Y.Doc()
    own.getMap('entries').set('mine', 1)
    const deletes = new Y.Doc()
    Y.applyUpdate(deletes, Y.encodeStateAsUpdate(w.doc))
    const deletion: Uint8Array[] = []
    deletes.on('update', (update: Uint8Array) => void deletion.push(update))
    deletes.getMap('entries').delete([...deletes.getMap('entries').keys()][0]!)
    const unknownOrigin = { ...w.rows[0]!, origin: 'paris.1', clock: 0 }
    for (const update of [
      Y.encodeStateAsUpdate(own),
      deletion[0]!,
      encodeItems([forged]),
      encodeItems([unknownOrigin]),
    ]) {
      w.say(updateMessage(update))
      w.settle()
      expect(w.sent.at(-1)?.type).toBe('auth')
    }
    expect(w.sent).toHaveLength(quiet + 4)
    expect(w.closed()).toBeUndefined()
  })

  test('GW15 bytes that are no message close with 4400; awareness is passed over, a query answered with nobody', () => {
    for (const bytes of [
      [],
      [9],
      [0],
      [0, 7, 0],
      [0, 0, 5, 1],
      [0, 2, 3, 255, 255, 255],
      [0, 0, 1, 0, 0],
      [4, 0],
    ]) {
      const w = world(1)
      w.say(new Uint8Array(bytes))
      expect([bytes, w.closed()]).toEqual([bytes, 4400])
    }
    const w = world(1)
    w.say(new Uint8Array([1, 1, 0]))
    w.say(new Uint8Array([3]))
    expect(w.sent).toMatchObject([{ type: 'awareness', update: new Uint8Array([0]) }])
    w.step({ type: 'failed' })
    expect(w.closed()).toBe(4503)
  })

  test('HO28 of what a reader says that it has, only what regions wrote is kept, and not without end', () => {
    const vectorOf = (clients: number[]) => {
      const encoder = encoding.createEncoder()
      encoding.writeVarUint(encoder, clients.length)
      for (const client of clients) {
        encoding.writeVarUint(encoder, client)
        encoding.writeVarUint(encoder, 1)
      }
      return encoding.toUint8Array(encoder)
    }
    const region = clientIdOf('frankfurt.1')
    const channel = createRowsChannel()
    const many = Array.from({ length: 50_000 }, (_, at) => at)
    const read = channel.step({ type: 'message', bytes: step1Message(vectorOf([...many, region])) }, true)
    expect(read).toEqual([{ do: 'read', since: new Map([[region, 1]]) }])
    const origins = Array.from({ length: 10_001 }, (_, at) => 2 ** 32 + at)
    const closed = createRowsChannel().step({ type: 'message', bytes: step1Message(vectorOf(origins)) }, true)
    expect(closed).toMatchObject([{ do: 'close', code: 4400 }])
  })
})
