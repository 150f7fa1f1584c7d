import * as decoding from 'lib0/decoding'
import * as encoding from 'lib0/encoding'
import { parseStrand } from '../store/line.ts'
import type { LogRow } from '../store/log-row.ts'

/**
 * What regions say to each other. The region that dials follows; the one that is dialled feeds. One WebSocket
 * message is one of these; everything is varuint, string (varuint length, UTF-8) or bytes (varuint length, bytes).
 *
 * ```
 * 1 vector   n × (strand, sequence)                follower: what I have flushed; feeder: what I have flushed, in band
 *                                                  behind every row that it covers. At least once a second, both ways.
 * 2 follow   strand, after, hash                   follower: send me what comes after this row, which I hold
 * 3 unfollow strand                                follower: somebody else sends it now
 * 4 rows     strand, n × row                       feeder: successors, in order, without a gap
 * 5 refused  strand                                feeder: your row is not the one that I hold there
 * row        seq, kind, document, clock + 1, subject, entryId, homeGroup, author, lamport, epoch, keyId,
 *            digest, 0 | 1 bytes, hash
 * ```
 */
export type PeerMessage =
  | { type: 'vector'; strands: Map<string, number> }
  | { type: 'follow'; strand: string; after: number; hash: Uint8Array }
  | { type: 'unfollow'; strand: string }
  | { type: 'rows'; strand: string; rows: LogRow[] }
  | { type: 'refused'; strand: string }

/** Sub-protocol of the WebSocket between regions. */
export const peerProtocol = 'meridian-region.v1'

/** No message between regions is longer, in bytes. */
export const peerMessageBytes = 64 * 1024 * 1024

const rowKinds = ['entry', 'update', 'grant', 'tombstone'] as const
const typeNumber = { vector: 1, follow: 2, unfollow: 3, rows: 4, refused: 5 } as const

export function encodePeerMessage(message: PeerMessage): Uint8Array {
  const encoder = encoding.createEncoder()
  encoding.writeVarUint(encoder, typeNumber[message.type])
  if (message.type === 'vector') {
    encoding.writeVarUint(encoder, message.strands.size)
    for (const [strand, seq] of message.strands) {
      encoding.writeVarString(encoder, strand)
      encoding.writeVarUint(encoder, seq)
    }
    return encoding.toUint8Array(encoder)
  }
  encoding.writeVarString(encoder, message.strand)
  if (message.type === 'follow') {
    encoding.writeVarUint(encoder, message.after)
    encoding.writeVarUint8Array(encoder, message.hash)
  }
  if (message.type === 'rows') {
    encoding.writeVarUint(encoder, message.rows.length)
    for (const row of message.rows) writeRow(encoder, row)
  }
  return encoding.toUint8Array(encoder)
}

/** Throws on bytes that are no message: the connection is then not one to a region of this cluster. */
export function decodePeerMessage(bytes: Uint8Array): PeerMessage {
  const decoder = decoding.createDecoder(bytes)
  const number = decoding.readVarUint(decoder)
  if (number === typeNumber.vector) {
    const strands = new Map<string, number>()
    for (let left = decoding.readVarUint(decoder); left > 0; left--)
      strands.set(decoding.readVarString(decoder), decoding.readVarUint(decoder))
    return { type: 'vector', strands }
  }
  const strand = decoding.readVarString(decoder)
  switch (number) {
    case typeNumber.follow:
      return {
        type: 'follow',
        strand,
        after: decoding.readVarUint(decoder),
        hash: decoding.readVarUint8Array(decoder),
      }
    case typeNumber.unfollow:
      return { type: 'unfollow', strand }
    case typeNumber.refused:
      return { type: 'refused', strand }
    case typeNumber.rows: {
      const { origin } = parseStrand(strand)
      const rows: LogRow[] = []
      for (let left = decoding.readVarUint(decoder); left > 0; left--) rows.push(readRow(decoder, origin))
      return { type: 'rows', strand, rows }
    }
    default:
      throw new RangeError(`message type ${number} between regions is unknown`)
  }
}

function writeRow(encoder: encoding.Encoder, row: LogRow): void {
  const text = (value: string) => encoding.writeVarString(encoder, value)
  const uint = (value: number) => encoding.writeVarUint(encoder, value)
  uint(row.seq)
  uint(rowKinds.indexOf(row.kind))
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
  const seq = uint()
  const kind = rowKinds[uint()]
  if (!kind) throw new RangeError('a row of an unknown kind')
  return {
    origin,
    seq,
    kind,
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
}
