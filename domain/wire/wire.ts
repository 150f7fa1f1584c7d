import * as decoding from 'lib0/decoding'
import * as encoding from 'lib0/encoding'
import type { Commit } from '../entries/entry.ts'

/**
 * Frames of the sub-protocol `meridian.v1`: one WebSocket message is one frame.
 *
 * ```
 * frame     varuint channel, varuint type, body to the end of the message
 * channel   0 is the connection itself; higher numbers are open documents
 *
 * type      body                                                            who   channel
 * 16 submit    varuint n, then n × (string id, string canonical JSON)       client   0
 * 17 ack       varuint n, then n × (string id, string origin, varuint seq, varuint epoch)   region   0
 * 18 refuse    varuint n, then n × (string id, string code, string detail, byte retry)      region   0
 * ```
 *
 * string is varuint length in bytes and UTF-8. A type that a reader does not know is skipped: its body ends where
 * the message ends. An ack is sent only after the region's database has flushed the entry. One submit may be
 * answered by several ack and refuse frames, in any order; ids tell what they answer.
 *
 * Limits: a frame from a client 1 MiB, 1,000 proposals in one submit, 64 KiB for one entry.
 * Close codes: 44xx never retry, 45xx retry later.
 */

export const meridianProtocol = 'meridian.v1'

export const frameType = { submit: 16, ack: 17, refuse: 18 } as const

export const frameLimits = { clientFrameBytes: 1024 * 1024, proposalsPerSubmit: 1000 } as const

/** 44xx: trying again cannot help. 45xx: trying again later can. */
export const closeCodes = {
  malformed: 4400,
  unauthorized: 4401,
  forbidden: 4403,
  unknownDocument: 4404,
  tooLarge: 4413,
  busy: 4503,
  goingAway: 4512,
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
  | 'lamport'
  | 'supersedes'
  | 'immutable'
  | 'read-only'
  | 'busy'
  | 'unavailable'
  | 'indeterminate'

export type Frame =
  | { channel: number; type: 'submit'; proposals: Proposal[] }
  | { channel: number; type: 'ack'; acks: Ack[] }
  | { channel: number; type: 'refuse'; refusals: Refusal[] }
  | { channel: number; type: 'unknown'; number: number }

/** Bytes of a frame. */
export function encodeFrame(frame: Exclude<Frame, { type: 'unknown' }>): Uint8Array {
  const encoder = encoding.createEncoder()
  encoding.writeVarUint(encoder, frame.channel)
  encoding.writeVarUint(encoder, frameType[frame.type])
  if (frame.type === 'submit')
    writeList(encoder, frame.proposals, ({ id, text }) => {
      encoding.writeVarString(encoder, id)
      encoding.writeVarString(encoder, text)
    })
  else if (frame.type === 'ack')
    writeList(encoder, frame.acks, ({ id, origin, seq, epoch }) => {
      encoding.writeVarString(encoder, id)
      encoding.writeVarString(encoder, origin)
      encoding.writeVarUint(encoder, seq)
      encoding.writeVarUint(encoder, epoch)
    })
  else
    writeList(encoder, frame.refusals, ({ id, code, detail, retry }) => {
      encoding.writeVarString(encoder, id)
      encoding.writeVarString(encoder, code)
      encoding.writeVarString(encoder, detail)
      encoding.writeUint8(encoder, retry ? 1 : 0)
    })
  return encoding.toUint8Array(encoder)
}

/** Reads a frame; undefined if the bytes are none (cut short, too many parts, bytes left over). */
export function decodeFrame(bytes: Uint8Array): Frame | undefined {
  try {
    const decoder = decoding.createDecoder(bytes)
    const channel = decoding.readVarUint(decoder)
    const number = decoding.readVarUint(decoder)
    const frame = readBody(decoder, channel, number)
    return frame.type === 'unknown' || !decoding.hasContent(decoder) ? frame : undefined
  } catch {
    return undefined
  }
}

function readBody(decoder: decoding.Decoder, channel: number, number: number): Frame {
  const text = () => decoding.readVarString(decoder)
  const uint = () => decoding.readVarUint(decoder)
  switch (number) {
    case frameType.submit:
      return { channel, type: 'submit', proposals: readList(decoder, () => ({ id: text(), text: text() })) }
    case frameType.ack: {
      const acks = readList(decoder, () => ({ id: text(), origin: text(), seq: uint(), epoch: uint() }))
      return { channel, type: 'ack', acks }
    }
    case frameType.refuse: {
      const refusals = readList(decoder, () => ({
        id: text(),
        code: text() as RefusalCode,
        detail: text(),
        retry: decoding.readUint8(decoder) === 1,
      }))
      return { channel, type: 'refuse', refusals }
    }
    default:
      return { channel, type: 'unknown', number }
  }
}

function writeList<T>(encoder: encoding.Encoder, list: readonly T[], write: (part: T) => void): void {
  encoding.writeVarUint(encoder, list.length)
  for (const part of list) write(part)
}

function readList<T>(decoder: decoding.Decoder, read: () => T): T[] {
  const length = decoding.readVarUint(decoder)
  if (length > frameLimits.proposalsPerSubmit) throw new RangeError('too many parts in one frame')
  const list: T[] = []
  for (let i = 0; i < length; i++) list.push(read())
  return list
}
