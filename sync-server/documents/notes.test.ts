import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import * as Y from 'yjs'
import { createLogger } from '../observability/logger.ts'
import { createMetrics } from '../observability/metrics.ts'
import { createMemoryStore, type MemoryStore } from '../store/memory-store.ts'
import type { ApplyOutcome, Note, NoteMember } from './note.ts'
import { createNotes, type Notes } from './notes.ts'

let store: MemoryStore
let notes: Notes
let clock = 0
beforeEach(() => {
  clock = 0
  store = createMemoryStore()
  const logger = createLogger({ region: 'frankfurt', level: 'silent' })
  notes = createNotes({
    store,
    logger,
    metrics: createMetrics({ processMetrics: false }),
    monotonic: () => clock,
    idleNotes: 2,
  })
})
afterEach(() => notes.close())

const document = 'note/n1'
const later = (milliseconds = 20) => new Promise((resolve) => setTimeout(resolve, milliseconds))

type Listener = NoteMember & {
  heard: Uint8Array[]
  resyncs: Uint8Array[]
  lostTimes: number
  seen: Uint8Array[]
}

function member(id = 'nurse.frankfurt'): Listener {
  const one: Listener = {
    person: { id, name: `Name of ${id}` },
    heard: [],
    resyncs: [],
    seen: [],
    lostTimes: 0,
    update: (update) => void one.heard.push(update),
    awareness: (update) => void one.seen.push(update),
    resync: (stateVector) => void one.resyncs.push(stateVector),
    lost: () => {
      one.lostTimes += 1
    },
  }
  return one
}

/** A client's document and the updates that it made. */
function author() {
  const doc = new Y.Doc()
  const updates: Uint8Array[] = []
  doc.on('update', (update: Uint8Array) => void updates.push(update))
  return {
    doc,
    updates,
    type: (text: string) => doc.getText('text').insert(doc.getText('text').length, text),
  }
}

async function textOf(note: Note): Promise<string> {
  const doc = new Y.Doc()
  Y.applyUpdate(doc, await note.answer(new Uint8Array([0])))
  return doc.getText('text').toString()
}

async function stored(name = document): Promise<string> {
  const doc = new Y.Doc()
  for (const update of await store.notes.updatesOf(name)) Y.applyUpdate(doc, update)
  return doc.getText('text').toString()
}

const updateOf = (change: (doc: Y.Doc) => void): Uint8Array => {
  const doc = new Y.Doc()
  change(doc)
  return Y.encodeStateAsUpdate(doc)
}

describe('notes', () => {
  test('NO1 what a client writes comes back to everybody, the sender too, once it is flushed', async () => {
    store.delay(30)
    const [a, b] = [member('a'), member('b')]
    const note = await notes.join(document, a)
    await notes.join(document, b)
    const { doc, updates, type } = author()
    type('Hello')
    expect(await note.apply(updates[0]!, a)).toEqual({ outcome: 'applied' })
    await later(5)
    expect([a.heard.length, b.heard.length]).toEqual([0, 0])
    await later(60)
    expect([a.heard.length, b.heard.length]).toEqual([1, 1])
    expect(await stored()).toBe('Hello')
    Y.applyUpdate(doc, a.heard[0]!)
    expect(await store.notes.updatesOf(document)).toEqual(a.heard)
  })

  test('NO2 step 2 waits until what it contains is flushed', async () => {
    store.delay(40)
    const one = member()
    const note = await notes.join(document, one)
    const { updates, type } = author()
    type('durable')
    await note.apply(updates[0]!, one)
    const began = performance.now()
    expect(await textOf(note)).toBe('durable')
    expect(performance.now() - began).toBeGreaterThan(25)
    expect(await stored()).toBe('durable')
  })

  test('NO3 what is emitted in one tick, or while a write is under way, is one append', async () => {
    const one = member()
    const note = await notes.join(document, one)
    const { updates, type } = author()
    for (const letter of 'keystrokes') type(letter)
    await Promise.all(updates.map((update) => note.apply(update, one)))
    await later()
    expect(await store.notes.updatesOf(document)).toHaveLength(1)
    expect(await stored()).toBe('keystrokes')
    expect(one.heard).toHaveLength(1)
  })

  test('NO4 an update that adds nothing is neither stored nor passed on', async () => {
    const one = member()
    const note = await notes.join(document, one)
    const { doc, updates, type } = author()
    type('once')
    await note.apply(updates[0]!, one)
    await later()
    for (const again of [updates[0]!, Y.encodeStateAsUpdate(doc), new Uint8Array([0, 0])])
      expect(await note.apply(again, one)).toEqual({ outcome: 'applied' })
    await later()
    expect(one.heard).toHaveLength(1)
    expect(await store.notes.updatesOf(document)).toHaveLength(1)
  })

  test('NO5 the root types are content, text and meta; an update that touches another is refused whole', async () => {
    const one = member()
    const note = await notes.join(document, one)
    const refused: ((doc: Y.Doc) => void)[] = [
      (doc) => void doc.getMap('entries').set('x', 1),
      (doc) => void doc.getArray('text').push([1]),
      (doc) => void doc.getMap('text').set('x', 1),
      (doc) => void doc.getMap('content').set('x', 1),
      (doc) => void doc.getText('content').insert(0, 'x'),
      (doc) => void doc.getArray('meta').push([1]),
      (doc) => void doc.getMap('meta').set('sub', new Y.Doc()),
      (doc) => {
        doc.getText('text').insert(0, 'good')
        doc.getText('other').insert(0, 'bad')
      },
    ]
    for (const change of refused) expect((await note.apply(updateOf(change), one)).outcome).toBe('refused')
    expect(await textOf(note)).toBe('')
    const taken: ((doc: Y.Doc) => void)[] = [
      (doc) => void doc.getText('text').insert(0, 'text', { bold: true }),
      (doc) => void doc.getText('text').insertEmbed(0, { image: 'x' }),
      (doc) =>
        void doc.getXmlFragment('content').insert(0, [new Y.XmlElement('paragraph'), new Y.XmlText('x')]),
      (doc) => void doc.getMap('meta').set('title', new Y.Map()),
      (doc) => {
        doc.getText('text').insert(0, 'gone')
        doc.getText('text').delete(0, 4)
      },
    ]
    for (const change of taken) expect((await note.apply(updateOf(change), one)).outcome).toBe('applied')
  })

  test("NO6 an origin's client id is not for clients", async () => {
    const one = member()
    const note = await notes.join(document, one)
    const forged = updateOf((doc) => {
      doc.clientID = 2 ** 32 + 5
      doc.getText('text').insert(0, 'x')
    })
    expect((await note.apply(forged, one)).outcome).toBe('refused')
    const highest = updateOf((doc) => {
      doc.clientID = 2 ** 32 - 1
      doc.getText('text').insert(0, 'x')
    })
    expect((await note.apply(highest, one)).outcome).toBe('applied')
  })

  test('NO7 what builds on something missing is not applied: its sender is asked for the rest', async () => {
    const one = member()
    const note = await notes.join(document, one)
    const { doc, updates, type } = author()
    type('a')
    type('b')
    const outcome = (await note.apply(updates[1]!, one)) as Extract<ApplyOutcome, { outcome: 'missing' }>
    expect(outcome.outcome).toBe('missing')
    await note.apply(Y.encodeStateAsUpdate(doc, outcome.stateVector), one)
    expect(await textOf(note)).toBe('ab')
    const other = new Y.Doc()
    Y.applyUpdate(other, Y.encodeStateAsUpdate(doc))
    const deletion: Uint8Array[] = []
    type('c')
    Y.applyUpdate(other, Y.encodeStateAsUpdate(doc))
    other.on('update', (update: Uint8Array) => void deletion.push(update))
    other.getText('text').delete(2, 1)
    expect((await note.apply(deletion[0]!, one)).outcome).toBe('missing')
    expect(await stored()).toBe('ab')
  })

  test('NO8 bytes that are no update change nothing', async () => {
    const one = member()
    const note = await notes.join(document, one)
    for (const bytes of [
      [],
      [1],
      [1, 1, 1, 0, 255],
      [5, 5, 5, 5, 5, 5, 5],
      Array.from({ length: 50 }, () => 255),
    ])
      expect(await note.apply(new Uint8Array(bytes), one)).toEqual({ outcome: 'malformed' })
    await expect(note.answer(new Uint8Array([9, 9]))).rejects.toThrow(RangeError)
    expect(await store.notes.updatesOf(document)).toEqual([])
  })

  test('NO9 a write that failed discards the document, nobody saw it, and its author is asked again', async () => {
    const [a, b] = [member('a'), member('b')]
    const note = await notes.join(document, a)
    await notes.join(document, b)
    const { doc, updates, type } = author()
    type('kept ')
    await note.apply(updates[0]!, a)
    await later()
    store.fail('unavailable')
    type('typed')
    await note.apply(updates[1]!, a)
    await later()
    expect([a.heard.length, b.heard.length]).toEqual([1, 1])
    expect([a.resyncs.length, b.resyncs.length]).toEqual([1, 1])
    expect(await textOf(note)).toBe('kept ')
    store.fail(undefined)
    await note.apply(Y.encodeStateAsUpdate(doc, a.resyncs[0]!), a)
    await later()
    expect(await stored()).toBe('kept typed')
    expect([a.heard.length, b.heard.length]).toEqual([2, 2])
  })

  test('NO10 a step 2 that waited for a write that failed does not show it', async () => {
    const one = member()
    const note = await notes.join(document, one)
    store.delay(20)
    store.fail('unavailable')
    const { updates, type } = author()
    type('never saved')
    await note.apply(updates[0]!, one)
    expect(await textOf(note)).toBe('')
    store.fail(undefined)
  })

  test('NO11 if the note cannot be read after that, its members are told that it is lost', async () => {
    const one = member()
    const note = await notes.join(document, one)
    const read = store.notes.load
    store.fail('unavailable')
    store.notes.load = () => Promise.reject(new Error('no database'))
    const { updates, type } = author()
    type('x')
    await note.apply(updates[0]!, one)
    await later()
    expect(one.lostTimes).toBe(1)
    await expect(notes.join(document, member())).rejects.toThrow('no database')
    store.notes.load = read
    store.fail(undefined)
    expect(await textOf(await notes.join(document, member()))).toBe('')
  })

  test("NO12 other regions' updates are passed on at once and not stored again", async () => {
    const one = member()
    const note = await notes.join(document, one)
    const { updates, type } = author()
    type('from ')
    type('London')
    store.receiveNotes([{ document, update: updates[1]!, author: 'london' }])
    store.receiveNotes([{ document, update: updates[0]!, author: 'london' }])
    await later()
    expect(await textOf(note)).toBe('from London')
    const copy = new Y.Doc()
    for (const update of one.heard) Y.applyUpdate(copy, update)
    expect(copy.getText('text').toString()).toBe('from London')
    expect(await store.notes.updatesOf(document)).toHaveLength(2)
    store.receiveNotes([{ document: 'note/not-open', update: updates[0]!, author: 'london' }])
    expect(notes.loaded()).toBe(1)
  })

  test('NO13 a note is loaded once however many ask, and idle ones leave memory, the oldest first', async () => {
    let reads = 0
    const read = store.notes.load
    store.notes.load = (name) => {
      reads += 1
      return read(name)
    }
    const members = [member('a'), member('b'), member('c')]
    await Promise.all(members.map((m) => notes.join(document, m)))
    expect(reads).toBe(1)
    for (const name of ['note/1', 'note/2', 'note/3', 'note/4']) {
      const visitor = member()
      await notes.join(name, visitor)
      notes.leave(name, visitor)
    }
    expect(notes.loaded()).toBe(3)
    for (const m of members) notes.leave(document, m)
    expect(notes.loaded()).toBe(2)
    await notes.join('note/1', member())
    expect(reads).toBe(6)
  })

  test('NO14 of a note of many updates a snapshot is kept, and only what it does not hold is read', async () => {
    const { updates, type } = author()
    for (let i = 0; i < 300; i++) type('x')
    for (const update of updates) await store.notes.append({ document, update, author: 'a' })
    const first = member()
    const note = await notes.join(document, first)
    note.rest()
    expect(store.noteSnapshots.size).toBe(0)
    clock += 3000
    note.rest()
    expect(store.noteSnapshots.get(document)?.covers).toEqual(new Map([['frankfurt.1', 300]]))
    type('y')
    await note.apply(updates[300]!, first)
    await later()
    const stored = await store.notes.load(document)
    expect(stored.updates).toHaveLength(1)
    notes.leave(document, first)
    for (const name of ['note/1', 'note/2', 'note/3']) {
      const visitor = member()
      await notes.join(name, visitor)
      notes.leave(name, visitor)
    }
    expect(await textOf(await notes.join(document, member()))).toBe(`${'x'.repeat(300)}y`)
  })

  test('NO15 a snapshot holds nothing that is not flushed, and hides no update behind a gap', async () => {
    const { updates, type } = author()
    for (let i = 0; i < 300; i++) type('x')
    for (const update of updates) await store.notes.append({ document, update, author: 'a' })
    const one = member()
    const note = await notes.join(document, one)
    store.delay(50)
    type('not flushed')
    await note.apply(updates[300]!, one)
    clock += 3000
    note.rest()
    expect(store.noteSnapshots.size).toBe(0)
    store.delay(0)
    await later(80)
    note.receive(updates[0]!, { origin: 'london.1', clock: 1 })
    await later()
    clock += 3000
    note.rest()
    expect(store.noteSnapshots.size).toBe(0)
  })

  test('NO16 a note that rests leaves memory; its members hear of updates, and the next one has it read again', async () => {
    const [a, b] = [member('a'), member('b')]
    const note = await notes.join(document, a)
    await notes.join(document, b)
    const { updates, type } = author()
    type('one ')
    await note.apply(updates[0]!, a)
    await later()
    clock += 31_000
    note.rest()
    expect(note.awake()).toBe(false)
    const other = author()
    other.type('two')
    store.receiveNotes([{ document, update: other.updates[0]!, author: 'london' }])
    expect([a.heard.length, b.heard.length]).toEqual([2, 2])
    expect(note.awake()).toBe(false)
    type('three')
    await note.apply(updates[1]!, b)
    await later()
    expect(note.awake()).toBe(true)
    expect([a.heard.length, b.heard.length]).toEqual([3, 3])
    const text = await textOf(note)
    for (const word of ['one three', 'two']) expect(text).toContain(word)
  })
})
