import * as decoding from 'lib0/decoding'
import * as encoding from 'lib0/encoding'
import { parseStrand } from '../store/line.ts'
import type { LogRow } from '../store/log-row.ts'

/**
 * What regions say to each other. The region that dials follows; the one that is dialled feeds. One WebSocket
 * message is one of these; everything is varuint, string (varuint length, UTF-8) or bytes (varuint length, bytes).
 *
 * ```
 * 1 vector   n × (strand, sequence, hash or none)  follower: what I have flushed; feeder: what I have flushed, in band
 *                                                  behind every row that it covers. At least once a second, both ways.
 * 2 follow   strand, after, hash                   follower: send me what comes after this row, which I hold
 * 3 unfollow strand                                follower: somebody else sends it now
 * 4 rows     strand, n × row                       feeder: successors, in order, without a gap; none at all: what comes
 *                                                  from here on answers your last follow, not one before it
 * 5 refused  strand                                feeder: your row is not the one that I hold there
 * 6 probe    strand, n × sequence                  either: which rows do you hold there? At most 64
 * 7 marks    strand, n × (sequence, 0 | 1 hash)    either: these, or none
 * row        seq, kind (string), document, clock + 1, subject, entryId, homeGroup, author, lamport, epoch, keyId,
 *            digest, 0 | 1 bytes, hash
 * ```
 *
 * Regions of different versions stay together through upgrades: a message of a type that is not known, and what follows the
 * known part of a message, is passed over; a row of a kind that is not known is checked, kept and passed on as it is.
 * The fields of a row stand under its hash, so they change with the sub-protocol only.
 */
export type PeerMessage =
  | { type: 'vector'; strands: Map<string, number>; hashes: Map<string, Uint8Array> }
  | { type: 'follow'; strand: string; after: number; hash: Uint8Array }
  | { type: 'unfollow'; strand: string }
  | { type: 'rows'; strand: string; rows: LogRow[] }
  | { type: 'refused'; strand: string }
  | { type: 'probe'; strand: string; seqs: number[] }
  | { type: 'marks'; strand: string; marks: Map<number, Uint8Array | undefined> }

/** Sub-protocol of the WebSocket between regions. */
export const peerProtocol = 'meridian-region.v2'

/** No message between regions is longer, in bytes. */
export const peerMessageBytes = 64 * 1024 * 1024

/** Sequences of one probe. */
export const probeSeqs = 64

const typeNumber = { vector: 1, follow: 2, unfollow: 3, rows: 4, refused: 5, probe: 6, marks: 7 } as const

export function encodePeerMessage(message: PeerMessage): Uint8Array {
  const encoder = encoding.createEncoder()
  const text = (value: string) => encoding.writeVarString(encoder, value)
  const uint = (value: number) => encoding.writeVarUint(encoder, value)
  const bytes = (value: Uint8Array) => encoding.writeVarUint8Array(encoder, value)
  uint(typeNumber[message.type])
  if (message.type !== 'vector') text(message.strand)
  switch (message.type) {
    case 'vector':
      uint(message.strands.size)
      for (const [strand, seq] of message.strands) {
        text(strand)
        uint(seq)
        bytes(message.hashes.get(strand) ?? none)
      }
      break
    case 'follow':
      uint(message.after)
      bytes(message.hash)
      break
    case 'rows':
      uint(message.rows.length)
      for (const row of message.rows) writeRow(encoder, row)
      break
    case 'probe':
      uint(message.seqs.length)
      for (const seq of message.seqs) uint(seq)
      break
    case 'marks':
      uint(message.marks.size)
      for (const [seq, hash] of message.marks) {
        uint(seq)
        uint(hash ? 1 : 0)
        if (hash) bytes(hash)
      }
      break
  }
  return encoding.toUint8Array(encoder)
}

/**
 * Undefined for a type that is not known. Throws on bytes that are no message: the connection is then not one to a
 * region of this cluster.
 */
export function decodePeerMessage(data: Uint8Array): PeerMessage | undefined {
  const decoder = decoding.createDecoder(data)
  const text = () => decoding.readVarString(decoder)
  const uint = () => decoding.readVarUint(decoder)
  const bytes = () => decoding.readVarUint8Array(decoder)
  const type = uint()
  if (type === typeNumber.vector) {
    const strands = new Map<string, number>()
    const hashes = new Map<string, Uint8Array>()
    for (let left = uint(); left > 0; left--) {
      const strand = text()
      strands.set(strand, uint())
      const hash = bytes()
      if (hash.length > 0) hashes.set(strand, hash)
    }
    return { type: 'vector', strands, hashes }
  }
  if (type > typeNumber.marks) return undefined
  const strand = text()
  switch (type) {
    case typeNumber.follow:
      return { type: 'follow', strand, after: uint(), hash: bytes() }
    case typeNumber.unfollow:
      return { type: 'unfollow', strand }
    case typeNumber.refused:
      return { type: 'refused', strand }
    case typeNumber.rows: {
      const { origin } = parseStrand(strand)
      const rows: LogRow[] = []
      for (let left = uint(); left > 0; left--) rows.push(readRow(decoder, origin))
      return { type: 'rows', strand, rows }
    }
    case typeNumber.probe: {
      const seqs: number[] = []
      for (let left = uint(); left > 0; left--) seqs.push(uint())
      return { type: 'probe', strand, seqs }
    }
    case typeNumber.marks: {
      const marks = new Map<number, Uint8Array | undefined>()
      for (let left = uint(); left > 0; left--) marks.set(uint(), uint() === 1 ? bytes() : undefined)
      return { type: 'marks', strand, marks }
    }
    default:
      throw new RangeError(`message type ${type} between regions is none`)
  }
}

const none = new Uint8Array(0)

function writeRow(encoder: encoding.Encoder, row: LogRow): void {
  const text = (value: string) => encoding.writeVarString(encoder, value)
  const uint = (value: number) => encoding.writeVarUint(encoder, value)
  uint(row.seq)
  text(row.kind)
  text(row.document)
  uint(row.clock + 1)
  text(row.subject)
  text(row.entryId)
  text(row.homeGroup)
  text(row.author)
  uint(row.lamport)
  uint(row.epoch)
  text(row.keyId)
  encoding.writeVarUint8Array(encoder, row.digest)
  uint(row.bytes ? 1 : 0)
  if (row.bytes) encoding.writeVarUint8Array(encoder, row.bytes)
  encoding.writeVarUint8Array(encoder, row.hash)
}

function readRow(decoder: decoding.Decoder, origin: string): LogRow {
  const text = () => decoding.readVarString(decoder)
  const uint = () => decoding.readVarUint(decoder)
  const bytes = () => decoding.readVarUint8Array(decoder)
  const row = {
    origin,
    seq: uint(),
    kind: text(),
    document: text(),
    clock: uint() - 1,
    subject: text(),
    entryId: text(),
    homeGroup: text(),
    author: text(),
    lamport: uint(),
    epoch: uint(),
    keyId: text(),
    digest: bytes(),
    bytes: uint() === 1 ? bytes() : null,
    hash: bytes(),
  }
  // A grant stays in memory: it must not keep the whole message there.
  return row.kind === 'grant' && row.bytes ? { ...row, bytes: Uint8Array.from(row.bytes) } : row
}
