import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import * as encoding from 'lib0/encoding'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { WebsocketProvider } from 'y-websocket'
import * as Y from 'yjs'
import { canonicalJson, type Json, sha256Base64url } from '../../domain/entries/canonical.ts'
import { type Entry, entryLimits } from '../../domain/entries/entry.ts'
import { emptyStateVector, encodeItems } from '../../domain/entries/items.ts'
import { clientIdOf } from '../../domain/entries/origin.ts'
import { decodeFrame, encodeFrame, type Proposal } from '../../domain/wire/wire.ts'
import { examineText } from '../../sync-server/documents/proposal.ts'
import { decodeMessage, step1Message, updateMessage } from '../../sync-server/gateway/messages.ts'
import { type SampleRegion, startSampleRegion } from '../../sync-server/gateway/sample-region.ts'
import type { Draft } from '../../sync-server/store/ports.ts'
import { createDrafts } from '../../sync-server/store/sample-drafts.ts'

/** What nobody may write changes nothing and holds up nothing: what is good beside it goes through, and is all that others see. */

let region: SampleRegion
let make: ReturnType<typeof createDrafts>
const providers: WebsocketProvider[] = []
const sockets: WebSocket[] = []
beforeAll(async () => {
  region = await startSampleRegion()
  make = createDrafts('frankfurt-general', region.authorOf())
})
afterAll(async () => {
  for (const provider of providers) provider.destroy()
  for (const socket of sockets) socket.terminate()
  await region.close()
})

async function until(what: string, condition: () => boolean): Promise<void> {
  for (let looks = 0; looks < 500 && !condition(); looks++) await sleep(10)
  expect([what, condition()]).toEqual([what, true])
}

/** Somebody who reads along with an unmodified provider. */
async function reader(document: string): Promise<Y.Doc> {
  const doc = new Y.Doc()
  const provider = new WebsocketProvider(region.sync, document, doc, {
    params: { token: await region.tokenOf('nurse.frankfurt') },
    disableBc: true,
    WebSocketPolyfill: WebSocket as unknown as typeof globalThis.WebSocket,
  })
  providers.push(provider)
  await until('a reader is in sync', () => provider.synced)
  return doc
}

async function connected(path: string, protocols: string[] = []) {
  const socket = new WebSocket(`${region.sync}${path}?token=${await region.tokenOf()}`, protocols)
  sockets.push(socket)
  const heard: Uint8Array[] = []
  socket.on('message', (data) => heard.push(new Uint8Array(data as Buffer)))
  await new Promise((resolve) => socket.once('open', resolve))
  return { socket, heard, send: (bytes: Uint8Array) => socket.send(bytes) }
}

async function save(...drafts: Draft[]): Promise<void> {
  const answer = await region.postJson('/v1/entries', { entries: drafts.map(({ entry }) => entry) })
  const { committed } = (await answer.json()) as { committed: unknown[] }
  expect(committed).toHaveLength(drafts.length)
}

const idsIn = (doc: Y.Doc) => [...doc.getMap('entries').keys()].map((key) => key.split('@')[0]!).sort()
const idsOf = (drafts: readonly Draft[]) => drafts.map(({ id }) => id).sort()

describe('a chart over the stock endpoint', () => {
  test('HO40 no Yjs update changes it: no overwriting, deleting, collecting, skipping, no items of an origin', async () => {
    const chart = make.newPatient()
    const saved = [chart.patient, chart.allergy()]
    await save(...saved)
    const nurse = await reader(chart.document)
    await until('the chart is read', () => idsIn(nurse).length === 2)
    const hostile = await connected(`/${chart.document}`)
    hostile.send(step1Message(emptyStateVector))

    for (const [what, update] of hostileUpdates(nurse, saved[0]!)) {
      const before = hostile.heard.length
      hostile.send(updateMessage(update))
      const next = chart.allergy()
      saved.push(next)
      await save(next)
      // Who tried it is told, and goes on hearing what is good.
      await until(`${what}: what is good reaches everybody`, () => idsIn(nurse).length === saved.length)
      await until(`${what}: its sender too`, () =>
        hostile.heard.slice(before).some((frame) => decodeMessage(frame)?.type === 'update'),
      )
      expect([what, idsIn(nurse)]).toEqual([what, idsOf(saved)])
      expect([what, hostile.socket.readyState]).toEqual([what, WebSocket.OPEN])
    }
    expect(nurse.store.pendingStructs).toBeNull()
    expect([...nurse.store.clients.keys()]).toEqual([clientIdOf('frankfurt.1')])
    const stored = await region.store.entries.entriesOf(chart.document)
    expect(stored.map(({ id }) => id).sort()).toEqual(idsOf(saved))
  }, 20_000)

  /** Everything that a client could put into an update of a chart whose document is `known`. */
  function hostileUpdates(known: Y.Doc, draft: Draft): [string, Uint8Array][] {
    const copy = () => {
      const doc = new Y.Doc()
      Y.applyUpdate(doc, Y.encodeStateAsUpdate(known))
      return doc
    }
    const changed = (change: (entries: Y.Map<unknown>) => void) => {
      const doc = copy()
      const made: Uint8Array[] = []
      doc.on('update', (update: Uint8Array) => made.push(update))
      change(doc.getMap('entries'))
      return made[0]!
    }
    const first = [...known.getMap('entries').keys()][0]!
    const origin = clientIdOf('frankfurt.1')
    const item = (clock: number, over: Partial<Entry> = {}) =>
      encodeItems([
        {
          origin: 'frankfurt.1',
          clock,
          id: draft.id,
          entry: { ...draft.entry, ...over },
          commit: { origin: 'frankfurt.1', seq: 99, epoch: 1 },
        },
      ])
    return [
      ['a new key', changed((entries) => void entries.set('forged', { entry: true }))],
      ['an existing key overwritten', changed((entries) => void entries.set(first, { entry: true }))],
      ['an existing key deleted', changed((entries) => entries.delete(first))],
      ['another root type', Y.encodeStateAsUpdate(withText())],
      ['an item of the origin, at a clock that comes', item(50)],
      ['an item of the origin, at the next clock', item(Y.getState(known.store, origin))],
      ['an item of the origin, at a clock that is', item(0, { reason: 'other' })],
      ['an item of an unheard-of origin', encodeItems([{ ...itemOf(draft), origin: 'paris.1' }])],
      ['collected structs of its own', structs(7, [[0, 5]])],
      ['collected structs of the origin', structs(origin, [[0, 60]])],
      ['skipped structs', structs(origin, [[10, 3]])],
      [
        'skipped and collected structs',
        structs(origin, [
          [10, 3],
          [0, 70],
        ]),
      ],
      [
        'everything that is here, and one more',
        Y.mergeUpdates([Y.encodeStateAsUpdate(known), structs(9, [[0, 1]])]),
      ],
    ]
  }
})

function withText(): Y.Doc {
  const doc = new Y.Doc()
  doc.getText('text').insert(0, 'x')
  return doc
}

function itemOf(draft: Draft) {
  const commit = { origin: 'frankfurt.1', seq: 1, epoch: 1 }
  return { origin: 'frankfurt.1', clock: 0, id: draft.id, entry: draft.entry, commit }
}

/** An update of structs without content: kind 0 is collected, 10 is skipped. */
function structs(client: number, parts: [kind: number, length: number][]): Uint8Array {
  const encoder = encoding.createEncoder()
  for (const number of [1, parts.length, client, 0]) encoding.writeVarUint(encoder, number)
  for (const [kind, length] of parts) {
    encoding.writeUint8(encoder, kind)
    encoding.writeVarUint(encoder, length)
  }
  encoding.writeVarUint(encoder, 0)
  return encoding.toUint8Array(encoder)
}

describe('proposals over the meridian endpoint', () => {
  test('HO41 each that is refused says why, and what stands beside it in the frame is saved and told to readers', async () => {
    const chart = make.newPatient()
    const other = make.newPatient()
    const [allergy, strange] = [chart.allergy(), other.allergy()]
    const saved: Draft[] = [chart.patient, allergy]
    await save(...saved, other.patient, strange)
    const nurse = await reader(chart.document)
    const { heard, send, socket } = await connected('', ['meridian.v1'])

    for (const [what, code, proposal] of hostileProposals(chart, allergy, strange)) {
      const [before, behind] = [chart.allergy(), chart.allergy()]
      saved.push(before, behind)
      heard.length = 0
      send(
        encodeFrame({
          channel: 0,
          type: 'submit',
          proposals: [textOf(before), proposal, proposal, textOf(behind)],
        }),
      )
      const answers = () => heard.map((bytes) => decodeFrame(bytes))
      const acks = () => answers().flatMap((frame) => (frame?.type === 'ack' ? frame.acks : []))
      const refusals = () => answers().flatMap((frame) => (frame?.type === 'refuse' ? frame.refusals : []))
      await until(`${what}: all is answered`, () => acks().length + refusals().length === 4)
      expect([
        what,
        acks()
          .map(({ id }) => id)
          .sort(),
      ]).toEqual([what, idsOf([before, behind])])
      expect([what, refusals().map((one) => [one.id, one.code, one.retry])]).toEqual([
        what,
        [1, 2].map(() => [proposal.id, code, false]),
      ])
      await until(`${what}: readers see what is good`, () => idsIn(nurse).length === saved.length)
      expect([what, idsIn(nurse)]).toEqual([what, idsOf(saved)])
    }
    expect(socket.readyState).toBe(WebSocket.OPEN)
    const stored = await region.store.entries.entriesOf(chart.document)
    expect(stored.map(({ id }) => id).sort()).toEqual(idsOf(saved))
  }, 20_000)

  function hostileProposals(
    chart: ReturnType<typeof make.newPatient>,
    allergy: Draft,
    strange: Draft,
  ): [what: string, code: string, proposal: Proposal][] {
    const next = (over: Partial<Entry> = {}) => chart.allergy(over)
    /** Under the hash of its own text, as somebody would send it who knows how it is made. */
    const hashed = (text: string): Proposal => ({ id: sha256Base64url(text), text })
    const changed = (change: (text: string) => string) => hashed(change(textOf(next()).text))
    const value = (over: object) => hashed(canonicalJson({ ...next().entry, ...over } as unknown as Json))
    const about = (subject: string, aspects: Entry['aspects'], over: Partial<Entry> = {}) =>
      textOf(make.draft(chart.document, subject, aspects, over))
    const sized = (bytes: number) => {
      const { entry } = next()
      const filled = (text: string) =>
        canonicalJson({ ...entry, aspects: { ...entry.aspects, note: text } } as unknown as Json)
      return hashed(filled('x'.repeat(bytes - Buffer.byteLength(filled('')))))
    }
    return [
      ['the hash of another', 'hash', { ...textOf(next()), id: next().id }],
      ['a hash of a text with a space', 'schema', changed((text) => `${text} `)],
      ['a key twice', 'schema', changed((text) => text.replace('"device":', '"device":"other","device":'))],
      ['a key twice, the same', 'schema', changed((text) => text.replace(/("rules":1)/, '$1,$1'))],
      [
        'a key twice, far inside',
        'schema',
        changed((text) => text.replace('"code":"764', '"code":"1","code":"764')),
      ],
      [
        '__proto__ as a part',
        'schema',
        changed((text) => text.replace('{', '{"__proto__":{"role":"operator"},')),
      ],
      [
        '__proto__ as an aspect',
        'schema',
        changed((text) => text.replace('"aspects":{', '"aspects":{"__proto__":1,')),
      ],
      [
        '__proto__ far inside',
        'schema',
        changed((text) => text.replace('"coding":[{', '"coding":[{"__proto__":{},')),
      ],
      ['an unknown schema', 'unknown-schema', value({ schema: 2 })],
      ['readable by nobody', 'schema', value({ minReader: 2 })],
      ['another author', 'author', value({ author: { ...region.authorOf(), user: 'nurse.frankfurt' } })],
      ['another role', 'author', value({ author: { ...region.authorOf(), role: 'operator' } })],
      ['a Lamport number far ahead', 'lamport', value({ lamport: 2 ** 40 })],
      ['a Lamport number that is none', 'schema', value({ lamport: 2 ** 53 })],
      ['superseding another subject', 'supersedes', value({ supersedes: [strange.id] })],
      ['one byte too many', 'limit', sized(entryLimits.entryBytes + 1)],
      ['a patient that is not known', 'unknown-document', textOf(make.newPatient().allergy())],
      ['the chart of another', 'schema', about(strange.entry.subject, strange.entry.aspects)],
      [
        'an immutable aspect',
        'immutable',
        about(allergy.entry.subject, { code: { code: { text: 'other' } } }),
      ],
      [
        'a type that no chart holds',
        'schema',
        about(`Observation/${randomUUID()}`, { status: { status: 'final' } }),
      ],
      ['no JSON', 'schema', { id: 'x', text: '{' }],
      ['nothing', 'schema', { id: '', text: '' }],
    ]
  }
})

describe('canonical text', () => {
  test('HO43 holds no key twice: whatever is put in front of any key of any object, the proposal is refused', () => {
    const { text } = textOf(make.newPatient().patient)
    let objects = 0
    for (let at = text.indexOf('{'); at >= 0; at = text.indexOf('{', at + 1)) {
      const first = /^\{("[^"]*"):/.exec(text.slice(at))?.[1]
      if (first === undefined) continue
      objects += 1
      for (const value of ['null', '{}', '[]', '"x"', '0']) {
        const twice = `${text.slice(0, at + 1)}${first}:${value},${text.slice(at + 1)}`
        expect(JSON.parse(twice)).toEqual(JSON.parse(text))
        const examined = examineText({ id: sha256Base64url(twice), text: twice })
        expect(examined).toMatchObject({ code: 'schema', retry: false })
      }
    }
    expect(objects).toBeGreaterThan(4)
    expect(examineText({ id: sha256Base64url(text), text })).toHaveProperty('canonical', text)
  })
})

function textOf({ id, entry }: { id: string; entry: Entry }): Proposal {
  return { id, text: canonicalJson(entry as unknown as Json) }
}

describe('notes', () => {
  test('HO42 an update that is refused or asked for changes nothing, and those of others go through', async () => {
    const document = 'note/hostile'
    const nurse = await reader(document)
    const writer = await connected(`/${document}`)
    const pen = new Y.Doc()
    pen.on('update', (update: Uint8Array) => writer.send(updateMessage(update)))
    let written = ''
    const evil: [string, 'auth' | 'step1', Uint8Array][] = [
      ['a foreign root type', 'auth', noteOf((doc) => void doc.getMap('entries').set('x', 1))],
      [
        'good and foreign',
        'auth',
        noteOf((doc) => {
          doc.getText('text').insert(0, 'seen by nobody')
          doc.getArray('other').push([1])
        }),
      ],
      ['a root used as another type', 'auth', noteOf((doc) => void doc.getMap('text').set('x', 1))],
      [
        "a region's client id",
        'auth',
        noteOf((doc) => {
          doc.clientID = clientIdOf('frankfurt.1')
          doc.getText('text').insert(0, 'x')
        }),
      ],
      ['a document within', 'auth', noteOf((doc) => void doc.getMap('meta').set('doc', new Y.Doc()))],
      ['a clock gap', 'step1', gap()],
      [
        'collected structs behind a gap',
        'step1',
        structs(3, [
          [10, 4],
          [0, 2],
        ]),
      ],
    ]
    for (const [what, answer, update] of evil) {
      const hostile = await connected(`/${document}`)
      await until(`${what}: a greeting`, () => hostile.heard.length > 0)
      hostile.heard.length = 0
      hostile.send(updateMessage(update))
      pen.getText('text').insert(written.length, `${what}. `)
      written += `${what}. `
      await until(`${what}: is told`, () =>
        hostile.heard.some((frame) => decodeMessage(frame)?.type === answer),
      )
      await until(`${what}: others go on`, () => nurse.getText('text').toString() === written)
      expect([what, hostile.socket.readyState]).toEqual([what, WebSocket.OPEN])
      // The same connection may write what is good.
      hostile.send(updateMessage(noteOf((doc) => void doc.getMap('meta').set(what, true))))
      await until(`${what}: goes on itself`, () => nurse.getMap('meta').get(what) === true)
    }
    expect([...nurse.share.keys()].filter((root) => !['text', 'meta', 'content'].includes(root))).toEqual([])
    expect(nurse.store.pendingStructs).toBeNull()
    for (const client of nurse.store.clients.keys()) expect(client).toBeLessThan(2 ** 32)
  }, 20_000)

  function noteOf(change: (doc: Y.Doc) => void): Uint8Array {
    const doc = new Y.Doc()
    change(doc)
    return Y.encodeStateAsUpdate(doc)
  }

  /** The second of two updates. */
  function gap(): Uint8Array {
    const doc = new Y.Doc()
    const made: Uint8Array[] = []
    doc.on('update', (update: Uint8Array) => made.push(update))
    doc.getText('text').insert(0, 'a')
    doc.getText('text').insert(1, 'b')
    return made[1]!
  }
})
