import { randomBytes } from 'node:crypto'
import { exportJWK, generateKeyPair } from 'jose'
import * as Y from 'yjs'
import { parseDocumentName } from '../../domain/documents/document-name.ts'
import { canonicalJson, type Json } from '../../domain/entries/canonical.ts'
import type { ParsedEntry } from '../../domain/entries/entry.ts'
import { decodeStateVector, encodeItems } from '../../domain/entries/items.ts'
import { clientIdOf } from '../../domain/entries/origin.ts'
import { readImport } from '../../domain/fhir/bundle.ts'
import { createAssembler, inChunks } from '../../domain/wire/chunks.ts'
import { decodeFrame, encodeFrame, type Refusal } from '../../domain/wire/wire.ts'
import { createNoteAwareness } from '../../sync-server/documents/note-awareness.ts'
import { applyNoteUpdate, noteUpdateProblem } from '../../sync-server/documents/note-update.ts'
import { examineText, examineValue, isRefusal } from '../../sync-server/documents/proposal.ts'
import { scopeProblem, targetFor } from '../../sync-server/gateway/catch-up.ts'
import { decodeMessage, step1Message, updateMessage } from '../../sync-server/gateway/messages.ts'
import { createRowsChannel } from '../../sync-server/gateway/rows-channel.ts'
import { readUpgrade } from '../../sync-server/gateway/upgrade.ts'
import { searchPatients } from '../../sync-server/http/fhir/patient-search.ts'
import { parsePlainJson } from '../../sync-server/http/plain-json.ts'
import { sampleConfig, sampleSigningKey } from '../../sync-server/identity/sample-config.ts'
import { createTokens } from '../../sync-server/identity/tokens.ts'
import { open, seal } from '../../sync-server/keys/sealing.ts'
import { keyCipher, type WrappingKeys } from '../../sync-server/keys/wrapping.ts'
import { decodePeerMessage, encodePeerMessage } from '../../sync-server/replication/peer-wire.ts'
import { chain, emptyHead } from '../../sync-server/store/log-row.ts'
import { samplePhysician } from '../../sync-server/store/sample-drafts.ts'
import {
  authoredItems,
  awarenessUpdates,
  bundles,
  meridianFrames,
  noteUpdates,
  proposals,
  stateVectors,
  stockContents,
  stockMessages,
} from './corpus.ts'
import { type Decoder, ofBytes, ofJson, ofText } from './fuzz.ts'
import { createRandom, type Random } from './random.ts'

/** Everything of this project that reads bytes from outside, and what must be true of whatever it makes of them. */
export async function allDecoders(seed: number): Promise<Decoder[]> {
  const random = createRandom(seed)
  const updates = noteUpdates(random, 60)
  return [
    frames(random),
    chunks(random),
    ofBytes(
      'stock messages',
      stockMessages(stockContents(random)),
      (bytes) => decodeMessage(bytes) !== undefined,
    ),
    readersOfCharts(random),
    ofBytes('state vectors', stateVectors(updates), (bytes) => isReadBy(decodeStateVector, bytes)),
    updatesOfNotes(updates),
    awareness(),
    peerMessages(),
    ...(await tokens()),
    await wrappedKeys(),
    sealedBytes(),
    ...entries(),
    ...bodies(),
    ...addresses(),
  ]
}

/** Of a decoder that throws at what it does not read: an Error, and nothing else. */
function isReadBy(decode: (bytes: Uint8Array) => unknown, bytes: Uint8Array): boolean {
  try {
    decode(bytes)
    return true
  } catch (error) {
    must(error instanceof Error, 'what was thrown is no error')
    return false
  }
}

function must(condition: boolean, what: string): void {
  if (!condition) throw new Error(what)
}

function frames(random: Random): Decoder {
  const valid = meridianFrames(samplePhysician, random, ['chart/1', 'note/n', 'journal/1/2024'])
  return ofBytes('meridian frames', valid, (bytes) => {
    const frame = decodeFrame(bytes)
    if (!frame || frame.type === 'unknown') return frame !== undefined
    const again = decodeFrame(encodeFrame(frame))
    must(JSON.stringify(again) === JSON.stringify(frame), 'a frame that was read is written as another')
    if (frame.type === 'catch-up') {
      scopeProblem(frame)
      targetFor(frame.target, { 'frankfurt.1': 3 })
    }
    return true
  })
}

function chunks(random: Random): Decoder {
  const long = encodeFrame({ channel: 3, type: 'message', message: random.bytes(300_000) })
  const short = encodeFrame({ channel: 3, type: 'chunk', last: false, piece: random.bytes(50) })
  const valid = [...inChunks(3, long), short].map((chunk) => chunk.subarray(0, 20_000))
  const bound = 256 * 1024
  let assembler = createAssembler(bound)
  return ofBytes('chunks', valid, (bytes) => {
    const chunk = decodeFrame(bytes)
    if (chunk?.type !== 'chunk') return false
    try {
      const whole = assembler.take(chunk.channel, chunk.piece, chunk.last)
      must(whole === undefined || whole.length <= bound, 'chunks make up more than they may')
      if (whole) decodeFrame(whole)
    } catch (error) {
      if (!(error instanceof RangeError)) throw error
      assembler = createAssembler(bound)
    }
    return true
  })
}

/** A region's whole side of a reader of a chart: whatever the reader says is answered, or ends it. */
function readersOfCharts(random: Random): Decoder {
  const items = authoredItems()
  const client = clientIdOf('frankfurt.1')
  const message = updateMessage(encodeItems(items))
  const ranges = new Map([[client, { from: 0, to: items.length }]])
  let channel = createRowsChannel()
  return ofBytes(
    'readers of a chart',
    [...stockMessages(stockContents(random)), step1Message(Uint8Array.of(0))],
    (bytes) => {
      let effects = channel.step({ type: 'message', bytes }, true)
      for (let rounds = 0; rounds < 8 && effects.length > 0; rounds++)
        effects = effects.flatMap((effect) => {
          if (effect.do === 'read') {
            const rest = items.filter((item) => item.clock >= (effect.since.get(client) ?? 0))
            return channel.step({ type: 'rows', items: rest }, true)
          }
          if (effect.do === 'count')
            return channel.step({ type: 'clocks', clocks: new Map([['frankfurt.1', items.length]]) }, true)
          if (effect.do === 'close') channel = createRowsChannel()
          return effect.do === 'send' ? channel.step({ type: 'drained' }, true) : []
        })
      must(effects.length === 0, 'a reader is answered without end')
      channel.step({ type: 'flushed', message, ranges }, random.chance(0.5))
      return decodeMessage(bytes) !== undefined
    },
  )
}

function updatesOfNotes(updates: readonly Uint8Array[]): Decoder {
  let taken = 0
  let note = emptyNote()
  /** What is stored: the updates that the note emits, and nothing else. */
  let log = emptyNote()
  return ofBytes('updates of notes', updates, (bytes) => {
    // A note that grew for long would only be slow.
    if (taken % 200 === 0) {
      log = emptyNote()
      note = emptyNote()
      note.on('update', (update: Uint8Array) => Y.applyUpdate(log, update))
    }
    const problem = noteUpdateProblem(bytes, note)
    if (problem) return problem.problem !== 'malformed'
    taken += 1
    applyNoteUpdate(note, bytes, 'somebody')
    must(note.store.pendingStructs === null, 'something of an update waits in the note')
    must([...note.share.keys()].sort().join() === 'content,meta,text', 'a root type came in')
    for (const client of note.store.clients.keys()) must(client < 2 ** 32, "a region's client id was taken")
    const stored = Buffer.from(Y.encodeStateVector(readAnew(log)))
    must(stored.equals(Y.encodeStateVector(note)), 'a note is stored otherwise than it is')
    return true
  })
}

/**
 * Whoever names neighbours that are none can have readers see words in different orders, which nobody can tell from the
 * update alone. But everybody can read the note, and has all of it.
 */
function readAnew(note: Y.Doc): Y.Doc {
  const read = emptyNote()
  Y.applyUpdate(read, Y.encodeStateAsUpdate(note))
  must(read.store.pendingStructs === null, 'a note cannot be read back')
  read.getText('text').toDelta()
  read.getXmlFragment('content').toString()
  read.getMap('meta').toJSON()
  return read
}

function emptyNote(): Y.Doc {
  const doc = new Y.Doc()
  doc.getXmlFragment('content')
  doc.getText('text')
  doc.getMap('meta')
  return doc
}

function awareness(): Decoder {
  const members = [{}, {}, {}]
  let turns = 0
  let region = createNoteAwareness(() => undefined)
  return ofBytes('awareness of notes', awarenessUpdates(), (bytes) => {
    turns += 1
    const member = members[turns % members.length]!
    if (turns % 100 === 0) region.remove(member)
    if (turns % 1000 === 0) {
      region.close()
      region = createNoteAwareness(() => undefined)
    }
    const isRead = region.apply(bytes, member, { id: `person${turns % 3}`, name: 'P' })
    must(region.size() <= members.length * 16, 'a connection speaks for too many')
    region.everybody()
    return isRead
  })
}

function peerMessages(): Decoder {
  const strand = 'frankfurt.1'
  const row = chain(emptyHead('entries', strand), {
    origin: strand,
    seq: 1,
    kind: 'entry',
    document: 'chart/1',
    clock: 0,
    subject: 'Patient/1',
    entryId: 'x'.repeat(43),
    homeGroup: 'g',
    author: 'a',
    lamport: 1,
    epoch: 1,
    keyId: 'k',
    bytes: randomBytes(100),
  })
  const marks = new Map([
    [1, row.hash],
    [2, undefined],
  ])
  const valid = [
    encodePeerMessage({
      type: 'vector',
      strands: new Map([[strand, 1]]),
      hashes: new Map([[strand, row.hash]]),
    }),
    encodePeerMessage({ type: 'follow', strand, after: 0, hash: row.hash }),
    encodePeerMessage({ type: 'unfollow', strand }),
    encodePeerMessage({ type: 'rows', strand, rows: [row, { ...row, seq: 2, bytes: null }] }),
    encodePeerMessage({ type: 'refused', strand }),
    encodePeerMessage({ type: 'probe', strand, seqs: [1, 2, 3] }),
    encodePeerMessage({ type: 'marks', strand, marks }),
  ]
  return ofBytes('messages between regions', valid, (bytes) => isReadBy(decodePeerMessage, bytes))
}

async function tokens(): Promise<Decoder[]> {
  const issuer = createTokens({
    config: sampleConfig(),
    signingKey: sampleSigningKey().private,
    now: () => new Date('2026-01-01T00:00:00Z'),
  })
  const { token, refreshToken } = await issuer.issue({
    user: 'physician.frankfurt',
    name: 'P',
    role: 'physician',
    organisation: 'Hospital',
    homeGroups: ['g'],
    sources: [],
  })
  const proof = await issuer.signCursor({
    held: { vector: { 'frankfurt.1': 3 }, hashes: {} },
    furthest: { vector: { 'frankfurt.1': 5 }, hashes: {} },
  })
  const decoder = (name: string, valid: string, read: (text: string) => Promise<unknown>) =>
    ofText(name, [valid], async (text) => {
      const isRead = (await read(text)) !== undefined
      must(!isRead || sameToken(text, valid), 'what nobody signed is believed')
      return isRead
    })
  return [
    decoder('access tokens', token, issuer.verify),
    decoder('refresh tokens', refreshToken, issuer.verifyRefresh),
    decoder('proofs of cursors', proof, issuer.readCursor),
  ]
}

/** Base64url has several spellings of the same last byte: those are the same token. */
function sameToken(a: string, b: string): boolean {
  const plain = (token: string) =>
    token.split('.').map((part) => Buffer.from(part, 'base64url').toString('hex'))
  return plain(a).join('.') === plain(b).join('.')
}

async function wrappedKeys(): Promise<Decoder> {
  const pair = await generateKeyPair('ECDH-ES+A256KW', { crv: 'P-256', extractable: true })
  const keys: WrappingKeys = {
    region: 'frankfurt',
    privateKey: await exportJWK(pair.privateKey),
    publicKeys: new Map([['frankfurt', await exportJWK(pair.publicKey)]]),
  }
  const key = randomBytes(32)
  const wrapped = await keyCipher.wrapKey(keys, key, ['frankfurt'])
  return ofBytes('wrapped keys', [wrapped], async (bytes) => {
    let unwrapped: Uint8Array | undefined
    try {
      unwrapped = await keyCipher.unwrapKey(keys, bytes)
    } catch (error) {
      must(error instanceof Error, 'what was thrown is no error')
    }
    must(!unwrapped || key.equals(unwrapped), 'a key comes out that nobody wrapped')
    return unwrapped !== undefined
  })
}

function sealedBytes(): Decoder {
  const key = randomBytes(32)
  const place = { origin: 'frankfurt.1', document: 'chart/1', entryId: 'e' }
  const plain = Buffer.from('Penicillin')
  return ofBytes('sealed bytes', [seal(key, place, plain)], (bytes) => {
    let opened: Uint8Array | undefined
    isReadBy(() => {
      opened = open(key, place, bytes)
    }, bytes)
    must(!opened || plain.equals(opened), 'altered bytes were opened')
    return opened !== undefined
  })
}

function entries(): Decoder[] {
  const valid = proposals(samplePhysician, 4)
  const ids = new Map(valid.map((one) => [one.text, one.id]))
  const texts = [...ids.keys()]
  const isSound = (examined: ParsedEntry | Refusal) => {
    if (isRefusal(examined)) return false
    must(canonicalJson(examined.entry as unknown as Json) === examined.canonical, 'an entry is not its text')
    return true
  }
  return [
    ofText('proposals as text', texts, (text) => {
      const examined = examineText({ id: ids.get(text) ?? 'x'.repeat(43), text })
      must(isRefusal(examined) || ids.has(text), 'a proposal passes under an id that is not its own')
      return isSound(examined)
    }),
    ofJson(
      'proposals as values',
      texts.map((text) => JSON.parse(text)),
      (value) => isSound(examineValue(value, 'entries[0]')),
    ),
  ]
}

function bodies(): Decoder[] {
  const texts = ['{"a":[1,{"b":"c"}],"d":"\\u0061"}', '[{"x":1},{"x":2}]', '"text"', '{"k\\"":1,"k":{}}']
  return [
    ofText('JSON bodies', texts, (text) => {
      const parsed = parsePlainJson(text)
      if ('problem' in parsed) return false
      must(JSON.stringify(parsed.value) === JSON.stringify(JSON.parse(text)), 'JSON was read otherwise')
      return true
    }),
    ofJson('FHIR bodies', bundles(), (body) => {
      const before = JSON.stringify(body)
      const read = readImport(body, 'source')
      must(JSON.stringify(body) === before, 'a body was changed by being read')
      must(!('polluted' in {}), 'every object has a property that came with a body')
      return !('problem' in read)
    }),
  ]
}

function addresses(): Decoder[] {
  const urls = [
    '/sync/chart/123?token=a.b.c',
    '/sync/journal%2F1%2F2024?token=x',
    '/sync?token=t',
    '/sync/note/n1',
  ]
  const names = ['chart/1', 'journal/a.b-c/2024', 'note/N1', 'group/g']
  const queries = [
    'name=m&birthdate=ge1970',
    'identifier=s%7C1,2&_count=3',
    'name:exact=M',
    '_id=1&_cursor=AA',
  ]
  const resource = { resourceType: 'Patient', id: '1', name: [{ family: 'M' }], birthDate: '1970' }
  return [
    ofText('addresses of upgrades', urls, (url) => !('status' in readUpgrade(url, 'meridian.v1, bearer.x'))),
    ofText('names of documents', names, (text) => {
      const name = parseDocumentName(text)
      must(!('name' in name) || name.name === text, 'a name is not its text')
      return 'name' in name
    }),
    ofText('searches for patients', queries, (query) => {
      const summary = { id: '1', homeGroup: 'g', resource }
      return !('problem' in searchPatients([summary], new URLSearchParams(query), false))
    }),
  ]
}
