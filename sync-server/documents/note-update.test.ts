import * as encoding from 'lib0/encoding'
import { describe, expect, test } from 'vitest'
import * as Y from 'yjs'
import { applyNoteUpdate, noteUpdateProblem } from './note-update.ts'

/** Numbers that are the same every time, from 0 up to, not including, `below`. */
function numbers(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return state % below
  }
}

function note(...updates: Uint8Array[]): Y.Doc {
  const doc = new Y.Doc()
  doc.getXmlFragment('content')
  doc.getText('text')
  doc.getMap('meta')
  for (const update of updates) Y.applyUpdate(doc, update)
  return doc
}

function bytes(write: (encoder: encoding.Encoder) => void): Uint8Array {
  const encoder = encoding.createEncoder()
  write(encoder)
  return encoding.toUint8Array(encoder)
}

type Part = { client?: number; clock?: number; structs: ((encoder: encoding.Encoder) => void)[] }

/** An update written by hand, which no Yjs client would make. */
function update(parts: Part[], deletes: [client: number, clock: number, length: number][] = []): Uint8Array {
  return bytes((encoder) => {
    encoding.writeVarUint(encoder, parts.length)
    for (const { client = 5, clock = 0, structs } of parts) {
      encoding.writeVarUint(encoder, structs.length)
      encoding.writeVarUint(encoder, client)
      encoding.writeVarUint(encoder, clock)
      for (const struct of structs) struct(encoder)
    }
    encoding.writeVarUint(encoder, deletes.length)
    for (const [client, clock, length] of deletes) {
      encoding.writeVarUint(encoder, client)
      encoding.writeVarUint(encoder, 1)
      encoding.writeVarUint(encoder, clock)
      encoding.writeVarUint(encoder, length)
    }
  })
}

const gc = (length: number) => (encoder: encoding.Encoder) => {
  encoding.writeUint8(encoder, 0)
  encoding.writeVarUint(encoder, length)
}
const skip = (length: number) => (encoder: encoding.Encoder) => {
  encoding.writeUint8(encoder, 10)
  encoding.writeVarUint(encoder, length)
}
const id = (encoder: encoding.Encoder, client: number, clock: number) => {
  encoding.writeVarUint(encoder, client)
  encoding.writeVarUint(encoder, clock)
}
/** Content 4 is a string, 5 an embedded value, 7 a type; bit 0x80 says that an origin comes, 0x40 a right origin. */
const text = (value: string) => (encoder: encoding.Encoder) => {
  encoding.writeUint8(encoder, 4)
  encoding.writeVarUint(encoder, 1)
  encoding.writeVarString(encoder, 'text')
  encoding.writeVarString(encoder, value)
}
const behind = (client: number, clock: number, value: string) => (encoder: encoding.Encoder) => {
  encoding.writeUint8(encoder, 0x84)
  id(encoder, client, clock)
  encoding.writeVarString(encoder, value)
}
const leftOf = (client: number, clock: number, value: string) => (encoder: encoding.Encoder) => {
  encoding.writeUint8(encoder, 0x44)
  id(encoder, client, clock)
  encoding.writeVarString(encoder, value)
}
const betweenTwo =
  (client: number, clock: number, right: number, rightClock: number) => (encoder: encoding.Encoder) => {
    encoding.writeUint8(encoder, 0xc4)
    id(encoder, client, clock)
    id(encoder, right, rightClock)
    encoding.writeVarString(encoder, 'x')
  }
const within = (client: number, clock: number, value: string) => (encoder: encoding.Encoder) => {
  encoding.writeUint8(encoder, 4)
  encoding.writeVarUint(encoder, 0)
  id(encoder, client, clock)
  encoding.writeVarString(encoder, value)
}
const embed = (json: string) => (encoder: encoding.Encoder) => {
  encoding.writeUint8(encoder, 5)
  encoding.writeVarUint(encoder, 1)
  encoding.writeVarString(encoder, 'text')
  encoding.writeVarString(encoder, json)
}
const element = (parent: 'content' | { client: number; clock: number }) => (encoder: encoding.Encoder) => {
  encoding.writeUint8(encoder, 7)
  encoding.writeVarUint(encoder, parent === 'content' ? 1 : 0)
  if (parent === 'content') encoding.writeVarString(encoder, parent)
  else id(encoder, parent.client, parent.clock)
  encoding.writeVarUint(encoder, 3)
  encoding.writeVarString(encoder, 'paragraph')
}
const anyAt = (key: string, depth: number) => (encoder: encoding.Encoder) => {
  encoding.writeUint8(encoder, 0x28)
  encoding.writeVarUint(encoder, 1)
  encoding.writeVarString(encoder, 'meta')
  encoding.writeVarString(encoder, key)
  encoding.writeVarUint(encoder, 1)
  for (let i = 0; i < depth; i++) {
    encoding.writeUint8(encoder, 117)
    encoding.writeVarUint(encoder, 1)
  }
  encoding.writeUint8(encoder, 126)
}

/** Three people who write at the same time, and hear from each other now and then: what they send, and what comes of it. */
function session(seed: number): { updates: Uint8Array[]; whole: Uint8Array } {
  const random = numbers(seed)
  const updates: Uint8Array[] = []
  const docs = [1, 2, 3].map((clientID) => {
    const doc = note()
    doc.clientID = clientID
    doc.on('update', (made: Uint8Array, origin: unknown) => {
      if (origin !== 'heard') updates.push(made)
    })
    return doc
  })
  for (let step = 0; step < 120; step++) {
    const doc = docs[random(3)]!
    const plain = doc.getText('text')
    const rich = doc.getXmlFragment('content')
    const meta = doc.getMap('meta')
    const at = random(plain.length + 1)
    switch (random(9)) {
      case 0:
        plain.insert(at, 'word '.repeat(1 + random(3)))
        break
      case 1:
        plain.insert(at, 'bold', { bold: true })
        break
      case 2:
        plain.insertEmbed(at, { image: { wide: [1, [2]] } })
        break
      case 3:
        if (plain.length > 3) plain.delete(random(plain.length - 3), 3)
        break
      case 4: {
        const paragraph = new Y.XmlElement('paragraph')
        paragraph.setAttribute('indent', String(step))
        paragraph.insert(0, [new Y.XmlText('written'), new Y.XmlElement('image')])
        rich.insert(random(rich.length + 1), [paragraph])
        break
      }
      case 5:
        if (rich.length > 0) {
          const last = rich.get(rich.length - 1)
          if (last instanceof Y.XmlElement) last.insert(0, [new Y.XmlText('more')])
        }
        break
      case 6:
        if (rich.length > 1) rich.delete(random(rich.length), 1)
        break
      case 7:
        meta.set(`k${random(3)}`, random(2) === 0 ? { list: [step, null, 'x'] } : new Y.Map([['a', step]]))
        break
      default: {
        const heard = Y.encodeStateAsUpdate(docs[random(3)]!, Y.encodeStateVector(doc))
        Y.applyUpdate(doc, heard, 'heard')
      }
    }
  }
  return { updates, whole: Y.encodeStateAsUpdate(note(...docs.map((doc) => Y.encodeStateAsUpdate(doc)))) }
}

function taken(doc: Y.Doc, one: Uint8Array): void {
  expect(noteUpdateProblem(one, doc)).toBeUndefined()
  applyNoteUpdate(doc, one, 'a')
  expect(doc.store.pendingStructs).toBeNull()
}

const contentOf = (doc: Y.Doc) => [
  doc.getText('text').toDelta(),
  doc.getXmlFragment('content').toString(),
  doc.getMap('meta').toJSON(),
  Y.encodeStateVector(doc),
]

describe('updates of a note', () => {
  test('HO20 whatever Yjs itself writes is taken, one by one, together, or by state vector', () => {
    for (let seed = 1; seed <= 12; seed++) {
      const { updates, whole } = session(seed)
      const content = contentOf(note(whole))
      const steps = note()
      // What builds on something that another one has not told yet comes with the rest.
      for (const one of updates) if (noteUpdateProblem(one, steps)?.problem !== 'missing') taken(steps, one)
      taken(steps, Y.encodeStateAsUpdate(note(whole), Y.encodeStateVector(steps)))
      expect(contentOf(steps)).toEqual(content)
      for (const merged of [whole, Y.mergeUpdates([...updates]), Y.mergeUpdates([...updates].reverse())]) {
        const doc = note()
        taken(doc, merged)
        expect(contentOf(doc)).toEqual(content)
      }
    }
  })

  test('HO21 what Yjs would take and never read back is no update: empty parts, clocks beyond all numbers', () => {
    const hostile: [string, Uint8Array][] = [
      ['nothing collected', update([{ structs: [gc(0), gc(0)] }])],
      ['an empty text', update([{ structs: [text(''), text('x')] }])],
      ['an empty skip', update([{ structs: [skip(0), gc(1)] }])],
      ['an empty deletion', update([{ structs: [text('x')] }], [[5, 0, 0]])],
      ['more than all clocks', update([{ structs: [gc(2 ** 53 - 1), gc(2 ** 53 - 1)] }])],
      ['a clock beyond all', update([{ clock: 2 ** 53, structs: [text('x')] }])],
      ['one client twice', update([{ structs: [text('ab')] }, { clock: 2, structs: [text('cd')] }])],
      ['its own origin', update([{ structs: [behind(5, 0, 'x')] }])],
      ['its own parent', update([{ structs: [within(5, 0, 'x')] }])],
      ['a later origin of its own', update([{ structs: [behind(5, 1, 'x'), text('ab')] }])],
      [
        'each the origin of the other',
        update([
          { client: 6, structs: [behind(5, 0, 'x')] },
          { client: 5, structs: [behind(6, 0, 'x')] },
        ]),
      ],
    ]
    for (const [what, one] of hostile)
      expect([what, noteUpdateProblem(one, note())]).toEqual([what, { problem: 'malformed' }])
    expect(noteUpdateProblem(update([{ structs: [gc(3), text('x')] }]), note())).toBeUndefined()
  })

  test('HO22 clock gaps and missing dependencies are asked for, whatever else stands in the update', () => {
    const gaps: [string, Uint8Array][] = [
      ['a gap', update([{ clock: 3, structs: [text('x')] }])],
      ['a skip', update([{ structs: [text('a'), skip(2), text('x')] }])],
      ['an unknown origin', update([{ structs: [behind(9, 0, 'x')] }])],
      ['an unknown neighbour', update([{ structs: [leftOf(9, 4, 'x')] }])],
      ['an unknown parent', update([{ structs: [within(9, 0, 'x')] }])],
      ['a deletion of what is not here', update([{ structs: [text('x')] }], [[9, 0, 1]])],
      ['a deletion of more than is here', update([{ structs: [text('x')] }], [[5, 0, 2]])],
      [
        'behind one that lacks something',
        update([
          { client: 6, structs: [behind(5, 1, 'x')] },
          { client: 5, structs: [text('a'), behind(9, 0, 'b')] },
        ]),
      ],
    ]
    for (const [what, one] of gaps)
      expect([what, noteUpdateProblem(one, note())]).toEqual([what, { problem: 'missing' }])
  })

  test('HO23 nothing comes into a type that its own methods could not put there, by way of a neighbour either', () => {
    const written = update([{ client: 8, structs: [text('ab'), element('content')] }])
    const embedBehind = (encoder: encoding.Encoder) => {
      encoding.writeUint8(encoder, 0x88)
      id(encoder, 8, 1)
      encoding.writeVarUint(encoder, 1)
      encoding.writeAny(encoder, 'any')
    }
    const foreign: [string, Uint8Array][] = [
      ['a value among letters', update([{ structs: [embedBehind] }])],
      ['letters among elements', update([{ structs: [behind(8, 2, 'x')] }])],
      ['letters in an element', update([{ structs: [within(8, 2, 'x')] }])],
      ['between itself and itself', update([{ structs: [betweenTwo(8, 0, 8, 0)] }])],
      ['between neighbours of two types', update([{ structs: [betweenTwo(8, 0, 8, 2)] }])],
      ['the rest of what is elsewhere', update([{ client: 8, clock: 2, structs: [behind(8, 1, 'xyz')] }])],
      [
        'letters in an element of the same update',
        update([{ structs: [element('content'), within(5, 0, 'x')] }]),
      ],
    ]
    for (const [what, one] of foreign)
      expect([what, noteUpdateProblem(one, note(written))]).toMatchObject([what, { problem: 'refused' }])
    const nested = update([{ structs: [element({ client: 8, clock: 2 }), element({ client: 5, clock: 0 })] }])
    expect(noteUpdateProblem(nested, note(written))).toBeUndefined()
  })

  test('HO24 values and elements are nested at most 64 deep: no reader runs out of stack over a note', () => {
    const json = (depth: number) => '['.repeat(depth) + ']'.repeat(depth)
    const elements = (depth: number) =>
      Array.from({ length: depth }, (_, at) => element(at === 0 ? 'content' : { client: 5, clock: at - 1 }))
    const deep = [
      (depth: number) => update([{ structs: [anyAt('key', depth)] }]),
      (depth: number) => update([{ structs: [embed(json(depth))] }]),
      (depth: number) => update([{ structs: elements(depth) }]),
    ]
    for (const make of deep) {
      expect(noteUpdateProblem(make(64), note())).toBeUndefined()
      for (const depth of [65, 5000])
        expect(noteUpdateProblem(make(depth), note())).toMatchObject({ problem: 'refused' })
    }
    // One by one, too.
    const doc = note(update([{ structs: elements(64) }]))
    const next = update([{ clock: 64, structs: [element({ client: 5, clock: 63 })] }])
    expect(noteUpdateProblem(next, doc)).toMatchObject({ problem: 'refused' })
    expect(noteUpdateProblem(update([{ structs: [anyAt('key', 100_000)] }]), note())).toBeDefined()
  })

  test('HO25 an update that would have every item compared with every other is given up', () => {
    const many = 1500
    const line = update([{ client: 9, structs: [text('y'.repeat(many + 1))] }])
    const structs = Array.from({ length: many }, (_, at) => leftOf(9, many - at, 'x'))
    const hostile = update([{ structs }])
    const doc = note(line)
    expect(noteUpdateProblem(hostile, doc)).toBeUndefined()
    // A clock that runs 1 ms between two looks, as a slow integration does.
    let cpu = 0
    const slow = () => {
      cpu += 100
      return cpu
    }
    expect(() => applyNoteUpdate(doc, hostile, 'a', slow)).toThrow(RangeError)
    const patient = note(line)
    applyNoteUpdate(patient, hostile, 'a', () => 0)
    expect(Y.encodeStateAsUpdate(patient)).toEqual(Y.encodeStateAsUpdate(note(line, hostile)))
  })
})
