import * as decoding from 'lib0/decoding'
import * as encoding from 'lib0/encoding'
import type { Commit } from '../entries/entry.ts'
import { readUint } from './uint.ts'

/**
 * Frames of the sub-protocol `meridian.v1`: one WebSocket message is one frame.
 *
 * ```
 * frame     varuint channel, varuint type, body to the end of the message
 * channel   0 is the connection itself; higher numbers, chosen by the client, are open documents
 *
 * type         body                                                              who      channel
 * 0 to 3         a message of the plain y-websocket protocol, type included        both     above 0
 * 16 submit      n × (string id, string canonical JSON)                            client   0
 * 17 ack         n × (string id, string origin, varuint seq, varuint epoch)        region   0
 * 18 refuse      n × (string id, string code, string detail, byte retry)           region   0
 * 19 open        string document                                                   client   above 0
 * 20 closed      varuint code, string reason                                       both     above 0
 * 21 chunk       byte last, then bytes to the end: the next piece of a frame's     both     any
 *                type and body, which the pieces of this channel make up
 * 22 status      string JSON                                                       region   0
 * 23 replicated  n × (string region, vector)                                       region   0
 * 24 catch-up    varuint request, string proof, vector cursor, vector target,      client   0
 *                n × (string document, byte state: 0 held, 1 new, 2 done)
 * 25 target      varuint request, string proof, vector target                      region   0
 * 26 part        varuint request, string document, byte last, bytes Yjs update     region   0
 * 27 caught-up   varuint request                                                   region   0
 * 28 leaving     varuint ms                                                        region   0
 * 29 gone        string document, varuint code, string reason                      region   0
 *
 * n ×       varuint count, then so many
 * vector    n × (string origin, varuint seq)
 * string    varuint length in bytes, UTF-8; bytes likewise where they do not run to the end
 * ```
 *
 * A type that a reader does not know is skipped: its body ends where the message ends.
 *
 * - **Proposals.** An ack is sent only after the region's database has flushed the entry. One submit may be answered by
 *   several ack and refuse frames, in any order; ids tell what they answer.
 * - **Documents.** After `open` a channel is what a WebSocket to `<sync>/<document>` is. `closed` ends it: from the client
 *   with code 0, from the region with a close code that says what to do. A number can be opened again after that.
 * - **Replicated** names, for every other region, what that region has said that its database flushed: the latest word,
 *   which is lower than an earlier one only if that region has lost rows. It comes at the beginning, at once when another
 *   region has all that was acknowledged on this connection, and every few seconds. A device believes it about those of its
 *   own commits that were acknowledged on this connection: what an earlier one acknowledged may since have been lost, and
 *   another row have taken its number. So it proposes again, on every connection, what it does not know to be elsewhere.
 * - **Catch-up.** The client names its cursor (it holds every row up to there of the documents in its scope that it marks
 *   as held), with the proof that came with it, and its scope. The region answers with a target and its proof, then with
 *   the documents that have more, in the order of the scope and in parts; a document is done with its last part. With
 *   `caught-up` all of the scope is, and the cursor rises to the target, origin by origin. A client that was cut off asks
 *   again with the target that it was told and marks documents as done; a region that has less than that target says a
 *   lower one. Another catch-up ends the one before. Notes are no part of a scope.
 * - **Proofs** are the region's signature under a vector. A region to which a cursor is proven that goes beyond its own
 *   origin knows by it that it has lost rows. Without a proof a cursor is only where to begin.
 * - **Gone**: what is held of this document is void, the code says how: 4410 destroy it, 4520 read it anew, 4403 and 4404
 *   it is not for this user. A document to be read anew is new in every scope until a catch-up has come to its end.
 * - **Leaving**: this region will close the connection; reconnect after so many milliseconds.
 *
 * Limits of what a client sends: a frame 1 MiB, what chunks make up 16 MiB, a message about a note 4 MiB, 1,000 proposals in one submit, 64 KiB for one
 * entry, 10,000 documents open and in one scope. Close codes: 44xx never retry, 45xx retry later.
 */

export const meridianProtocol = 'meridian.v1'

export const frameType = {
  submit: 16,
  ack: 17,
  refuse: 18,
  open: 19,
  closed: 20,
  chunk: 21,
  status: 22,
  replicated: 23,
  'catch-up': 24,
  target: 25,
  part: 26,
  'caught-up': 27,
  leaving: 28,
  gone: 29,
} as const

/** Types of the plain y-websocket protocol. */
const highestStockType = 3

export const frameLimits = {
  clientFrameBytes: 1024 * 1024,
  /** What a client's chunks may make up. */
  assembledBytes: 16 * 1024 * 1024,
  proposalsPerSubmit: 1000,
  openDocuments: 10_000,
  /** Parts of the longest list in any frame: a scope. */
  listParts: 10_000,
} as const

/** 44xx: trying again cannot help. 45xx: trying again later can. */
export const closeCodes = {
  malformed: 4400,
  unauthorized: 4401,
  forbidden: 4403,
  unknownDocument: 4404,
  /** The patient was erased: what is held of this document is to be destroyed. */
  erased: 4410,
  tooLarge: 4413,
  /** More documents are open on this connection than one may have. */
  tooMany: 4429,
  busy: 4503,
  goingAway: 4512,
  /** What this reader holds of the document is void: throw it away and read it anew. */
  startAnew: 4520,
} as const

export type Proposal = { id: string; text: string }
export type Ack = { id: string } & Commit
export type Refusal = { id: string; code: RefusalCode; detail: string; retry: boolean }

/** Why a proposal was not accepted. `busy` and `unavailable` are worth another try. */
export type RefusalCode =
  | 'schema'
  | 'unknown-schema'
  | 'limit'
  | 'hash'
  | 'author'
  | 'forbidden'
  | 'unknown-document'
  | 'erased'
  | 'lamport'
  | 'supersedes'
  | 'immutable'
  | 'read-only'
  | 'busy'
  | 'unavailable'
  | 'indeterminate'

/** Origin → sequence. */
export type FrameVector = { [origin: string]: number }

/** What a client says of a document in its scope: held up to the cursor, new to it, or done towards the target. */
export type ScopeState = 'held' | 'new' | 'done'
const scopeStates: readonly ScopeState[] = ['held', 'new', 'done']

export type Frame =
  | { channel: number; type: 'message'; message: Uint8Array }
  | { channel: number; type: 'submit'; proposals: Proposal[] }
  | { channel: number; type: 'ack'; acks: Ack[] }
  | { channel: number; type: 'refuse'; refusals: Refusal[] }
  | { channel: number; type: 'open'; document: string }
  | { channel: number; type: 'closed'; code: number; reason: string }
  | { channel: number; type: 'chunk'; last: boolean; piece: Uint8Array }
  | { channel: number; type: 'status'; status: string }
  | { channel: number; type: 'replicated'; regions: { [region: string]: FrameVector } }
  | {
      channel: number
      type: 'catch-up'
      request: number
      proof: string
      cursor: FrameVector
      target: FrameVector
      scope: { document: string; state: ScopeState }[]
    }
  | { channel: number; type: 'target'; request: number; proof: string; target: FrameVector }
  | {
      channel: number
      type: 'part'
      request: number
      document: string
      last: boolean
      update: Uint8Array
    }
  | { channel: number; type: 'caught-up'; request: number }
  | { channel: number; type: 'leaving'; retryAfterMs: number }
  | { channel: number; type: 'gone'; document: string; code: number; reason: string }
  | { channel: number; type: 'unknown'; number: number }

export type WritableFrame = Exclude<Frame, { type: 'unknown' }>

/** Bytes of a frame. */
export function encodeFrame(frame: WritableFrame): Uint8Array {
  const encoder = encoding.createEncoder()
  encoding.writeVarUint(encoder, frame.channel)
  if (frame.type === 'message') encoding.writeUint8Array(encoder, frame.message)
  else {
    encoding.writeVarUint(encoder, frameType[frame.type])
    writeBody(encoder, frame)
  }
  return encoding.toUint8Array(encoder)
}

function writeBody(encoder: encoding.Encoder, frame: Exclude<WritableFrame, { type: 'message' }>): void {
  const text = (value: string) => encoding.writeVarString(encoder, value)
  const uint = (value: number) => encoding.writeVarUint(encoder, value)
  const flag = (value: boolean) => encoding.writeUint8(encoder, value ? 1 : 0)
  const vector = (value: FrameVector) =>
    writeList(encoder, Object.entries(value), ([origin, seq]) => {
      text(origin)
      uint(seq)
    })
  switch (frame.type) {
    case 'submit':
      writeList(encoder, frame.proposals, (proposal) => {
        text(proposal.id)
        text(proposal.text)
      })
      return
    case 'ack':
      writeList(encoder, frame.acks, ({ id, origin, seq, epoch }) => {
        text(id)
        text(origin)
        uint(seq)
        uint(epoch)
      })
      return
    case 'refuse':
      writeList(encoder, frame.refusals, ({ id, code, detail, retry }) => {
        text(id)
        text(code)
        text(detail)
        flag(retry)
      })
      return
    case 'open':
      text(frame.document)
      return
    case 'closed':
      uint(frame.code)
      text(frame.reason)
      return
    case 'chunk':
      flag(frame.last)
      encoding.writeUint8Array(encoder, frame.piece)
      return
    case 'status':
      text(frame.status)
      return
    case 'replicated':
      writeList(encoder, Object.entries(frame.regions), ([region, flushed]) => {
        text(region)
        vector(flushed)
      })
      return
    case 'catch-up':
      uint(frame.request)
      text(frame.proof)
      vector(frame.cursor)
      vector(frame.target)
      writeList(encoder, frame.scope, ({ document, state }) => {
        text(document)
        encoding.writeUint8(encoder, scopeStates.indexOf(state))
      })
      return
    case 'target':
      uint(frame.request)
      text(frame.proof)
      vector(frame.target)
      return
    case 'part':
      uint(frame.request)
      text(frame.document)
      flag(frame.last)
      encoding.writeVarUint8Array(encoder, frame.update)
      return
    case 'caught-up':
      uint(frame.request)
      return
    case 'leaving':
      uint(frame.retryAfterMs)
      return
    case 'gone':
      text(frame.document)
      uint(frame.code)
      text(frame.reason)
      return
  }
}

/** Reads a frame; undefined if the bytes are none (cut short, too many parts, bytes left over). */
export function decodeFrame(bytes: Uint8Array): Frame | undefined {
  try {
    const decoder = decoding.createDecoder(bytes)
    const channel = readUint(decoder)
    const start = decoder.pos
    const number = decoding.readVarUint(decoder)
    if (number <= highestStockType) return { channel, type: 'message', message: bytes.subarray(start) }
    const frame = readBody(decoder, channel, number)
    return frame.type === 'unknown' || !decoding.hasContent(decoder) ? frame : undefined
  } catch {
    return undefined
  }
}

function readBody(decoder: decoding.Decoder, channel: number, number: number): Frame {
  const text = () => decoding.readVarString(decoder)
  const uint = () => readUint(decoder)
  const vector = () => readVector(decoder)
  switch (number) {
    case frameType.submit:
      return {
        channel,
        type: 'submit',
        proposals: readList(decoder, frameLimits.proposalsPerSubmit, () => ({ id: text(), text: text() })),
      }
    case frameType.ack: {
      const acks = readList(decoder, frameLimits.proposalsPerSubmit, () => ({
        id: text(),
        origin: text(),
        seq: uint(),
        epoch: uint(),
      }))
      return { channel, type: 'ack', acks }
    }
    case frameType.refuse: {
      const refusals = readList(decoder, frameLimits.proposalsPerSubmit, () => ({
        id: text(),
        code: text() as RefusalCode,
        detail: text(),
        retry: readFlag(decoder),
      }))
      return { channel, type: 'refuse', refusals }
    }
    case frameType.open:
      return { channel, type: 'open', document: text() }
    case frameType.closed:
      return { channel, type: 'closed', code: uint(), reason: text() }
    case frameType.chunk:
      return { channel, type: 'chunk', last: readFlag(decoder), piece: readRest(decoder) }
    case frameType.status:
      return { channel, type: 'status', status: text() }
    case frameType.replicated: {
      const regions = readList(decoder, frameLimits.listParts, () => [text(), vector()] as const)
      return { channel, type: 'replicated', regions: fromPairs(regions) }
    }
    case frameType['catch-up']:
      return {
        channel,
        type: 'catch-up',
        request: uint(),
        proof: text(),
        cursor: vector(),
        target: vector(),
        scope: readList(decoder, frameLimits.listParts, () => ({
          document: text(),
          state: readScopeState(decoder),
        })),
      }
    case frameType.target:
      return { channel, type: 'target', request: uint(), proof: text(), target: vector() }
    case frameType.part:
      return {
        channel,
        type: 'part',
        request: uint(),
        document: text(),
        last: readFlag(decoder),
        update: decoding.readVarUint8Array(decoder),
      }
    case frameType['caught-up']:
      return { channel, type: 'caught-up', request: uint() }
    case frameType.leaving:
      return { channel, type: 'leaving', retryAfterMs: uint() }
    case frameType.gone:
      return { channel, type: 'gone', document: text(), code: uint(), reason: text() }
    default:
      return { channel, type: 'unknown', number }
  }
}

function readFlag(decoder: decoding.Decoder): boolean {
  const byte = decoding.readUint8(decoder)
  if (byte > 1) throw new RangeError('a flag is 0 or 1')
  return byte === 1
}

function readScopeState(decoder: decoding.Decoder): ScopeState {
  const state = scopeStates[decoding.readUint8(decoder)]
  if (!state) throw new RangeError('a state that no document has')
  return state
}

function readRest(decoder: decoding.Decoder): Uint8Array {
  return decoding.readUint8Array(decoder, decoder.arr.length - decoder.pos)
}

function readVector(decoder: decoding.Decoder): FrameVector {
  const pairs = readList(
    decoder,
    frameLimits.listParts,
    () => [decoding.readVarString(decoder), readUint(decoder)] as const,
  )
  return fromPairs(pairs)
}

/** An object without a prototype's names, and with each key once. */
function fromPairs<T>(pairs: readonly (readonly [string, T])[]): { [key: string]: T } {
  const object = Object.fromEntries(pairs)
  if (Object.keys(object).length !== pairs.length) throw new RangeError('a name stands twice')
  return object
}

function writeList<T>(encoder: encoding.Encoder, list: readonly T[], write: (part: T) => void): void {
  encoding.writeVarUint(encoder, list.length)
  for (const part of list) write(part)
}

function readList<T>(decoder: decoding.Decoder, most: number, read: () => T): T[] {
  const length = decoding.readVarUint(decoder)
  if (length > most) throw new RangeError('too many parts in one frame')
  const list: T[] = []
  for (let i = 0; i < length; i++) list.push(read())
  return list
}
