import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Awareness, encodeAwarenessUpdate } from 'y-protocols/awareness.js'
import * as Y from 'yjs'
import { canonicalJson, type Json } from '../../domain/entries/canonical.ts'
import { type AuthoredItem, encodeItems } from '../../domain/entries/items.ts'
import { encodeFrame, type Proposal, type WritableFrame } from '../../domain/wire/wire.ts'
import {
  awarenessMessage,
  step1Message,
  step2Message,
  updateMessage,
} from '../../sync-server/gateway/messages.ts'
import { createDrafts } from '../../sync-server/store/sample-drafts.ts'
import type { Random } from './random.ts'

/** Valid byte strings, as the encoders of this project and of Yjs write them. */

/** What people in three windows send who write one note together. */
export function noteUpdates(random: Random, steps: number): Uint8Array[] {
  const updates: Uint8Array[] = []
  const docs = [random.below(2 ** 32), random.below(2 ** 32), random.below(2 ** 32)].map((clientID) => {
    const doc = new Y.Doc()
    doc.clientID = clientID
    doc.on('update', (update: Uint8Array, origin: unknown) => {
      if (origin !== 'heard') updates.push(update)
    })
    return doc
  })
  for (let step = 0; step < steps; step++) {
    const doc = random.pick(docs)
    write(doc, random, step)
    if (random.chance(0.3)) {
      const other = random.pick(docs)
      Y.applyUpdate(other, Y.encodeStateAsUpdate(doc, Y.encodeStateVector(other)), 'heard')
    }
  }
  return [...updates, ...docs.map((doc) => Y.encodeStateAsUpdate(doc))]
}

function write(doc: Y.Doc, random: Random, step: number): void {
  const text = doc.getText('text')
  const content = doc.getXmlFragment('content')
  const at = random.below(text.length + 1)
  switch (random.below(7)) {
    case 0:
      text.insert(at, 'amoxicillin ')
      return
    case 1:
      text.insert(at, 'bold', { bold: true })
      return
    case 2:
      text.insertEmbed(at, { image: 'x' })
      return
    case 3:
      if (text.length > 2) text.delete(random.below(text.length - 2), 2)
      return
    case 4: {
      const paragraph = new Y.XmlElement('paragraph')
      paragraph.setAttribute('level', String(step))
      paragraph.insert(0, [new Y.XmlText('written down')])
      content.insert(random.below(content.length + 1), [paragraph])
      return
    }
    case 5:
      if (content.length > 0) content.delete(random.below(content.length), 1)
      return
    default:
      doc.getMap('meta').set(`key${random.below(3)}`, random.chance(0.5) ? { list: [1, null] } : new Y.Map())
  }
}

export function stateVectors(updates: readonly Uint8Array[]): Uint8Array[] {
  const doc = new Y.Doc()
  return updates.map((update) => {
    Y.applyUpdate(doc, update)
    return Y.encodeStateVector(doc)
  })
}

export function awarenessUpdates(): Uint8Array[] {
  return [{ cursor: 1 }, { user: { name: 'A', color: '#fff' } }, {}, null].map((state) => {
    const awareness = new Awareness(new Y.Doc())
    awareness.setLocalState(state)
    const update = encodeAwarenessUpdate(awareness, [awareness.clientID])
    awareness.destroy()
    return update
  })
}

/** Items as a region would write them, of what this person could propose. */
export function authoredItems(origin = 'frankfurt.1'): AuthoredItem[] {
  const chart = createDrafts('frankfurt-general').newPatient()
  return [chart.patient, chart.allergy(), chart.allergy(), chart.allergy()].map(({ id, entry }, clock) => ({
    origin,
    clock,
    id,
    entry,
    commit: { origin, seq: clock + 1, epoch: 1 },
  }))
}

/** What messages of the plain y-websocket protocol hold, for a document of any kind. */
export function stockContents(random: Random) {
  const updates = noteUpdates(random, 30)
  const items = authoredItems()
  const foreign = new Y.Doc()
  foreign.getMap('entries').set('forged', { entry: true })
  return {
    updates: [...updates, encodeItems(items), encodeItems(items.slice(1)), Y.encodeStateAsUpdate(foreign)],
    /** What the other half of the updates builds on. */
    beginning: Y.mergeUpdates(updates.slice(0, updates.length / 2)),
    stateVectors: stateVectors(updates),
    awareness: awarenessUpdates(),
  }
}

export type StockContents = ReturnType<typeof stockContents>

export function stockMessages({ updates, stateVectors: vectors, awareness }: StockContents): Uint8Array[] {
  return [
    ...updates.map((update, at) => (at % 2 === 0 ? updateMessage(update) : step2Message(update))),
    ...vectors.map(step1Message),
    ...awareness.map(awarenessMessage),
    Uint8Array.of(3),
    Uint8Array.of(2, 0, 1, 0x78),
  ]
}

type Author = { user: string; role: string; organisation: string }

/** Proposals that a region would take one after the other: a patient, and what is known of her. */
export function proposals(author: Author, count: number): Proposal[] {
  const chart = createDrafts('frankfurt-general', author).newPatient()
  const drafts = [chart.patient, ...Array.from({ length: count - 1 }, () => chart.allergy())]
  return drafts.map(({ id, entry }) => ({ id, text: canonicalJson(entry as unknown as Json) }))
}

/** Frames of the meridian endpoint, those that only a region sends too. */
export function meridianFrames(author: Author, random: Random, documents: readonly string[]): Uint8Array[] {
  const proposed = proposals(author, 3)
  const vector = { 'frankfurt.1': 5, 'london.2': 7 }
  const frames: WritableFrame[] = [
    { channel: 0, type: 'submit', proposals: proposed },
    { channel: 0, type: 'submit', proposals: [{ id: 'x'.repeat(43), text: '{}' }] },
    { channel: 0, type: 'submit', proposals: [] },
    ...documents.flatMap((document, at): WritableFrame[] => [
      { channel: at + 1, type: 'open', document },
      { channel: at + 1, type: 'closed', code: 0, reason: '' },
    ]),
    { channel: 9, type: 'open', document: 'nothing/of/that/kind' },
    {
      channel: 0,
      type: 'catch-up',
      request: 1,
      proof: '',
      cursor: vector,
      target: {},
      scope: documents
        .filter((name) => !name.startsWith('note/'))
        .map((document) => ({ document, state: random.pick(['held', 'new', 'done'] as const) })),
    },
    { channel: 0, type: 'chunk', last: false, piece: random.bytes(200) },
    { channel: 0, type: 'chunk', last: true, piece: random.bytes(200) },
    { channel: 0, type: 'ack', acks: [{ id: 'x', origin: 'frankfurt.1', seq: 1, epoch: 1 }] },
    { channel: 0, type: 'refuse', refusals: [{ id: 'x', code: 'busy', detail: '', retry: true }] },
    { channel: 0, type: 'status', status: '{}' },
    { channel: 0, type: 'replicated', regions: { london: vector } },
    { channel: 0, type: 'target', request: 1, proof: '', target: vector },
    { channel: 0, type: 'caught-up', request: 1 },
    { channel: 0, type: 'leaving', retryAfterMs: 5 },
  ]
  const messages = stockMessages(stockContents(random)).map(
    (message): WritableFrame => ({
      channel: 1 + random.below(documents.length + 1),
      type: 'message',
      message,
    }),
  )
  return [...frames, ...messages].map(encodeFrame)
}

/** FHIR Bundles of invented patients, of a few resources each. */
export function bundles(): unknown[] {
  const folder = join(import.meta.dirname, '../../samples')
  return ['nairobi-north/kimani-nyokabi.json', 'frankfurt-general/weiss-karl-heinz.json'].map((file) => {
    const bundle = JSON.parse(readFileSync(join(folder, file), 'utf8')) as { entry: unknown[] }
    const every = Math.ceil(bundle.entry.length / 7)
    return { ...bundle, entry: bundle.entry.filter((_, at) => at % every === 0) }
  })
}
