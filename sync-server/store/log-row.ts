import { hash } from 'node:crypto'
import { type Line, strandOf } from './line.ts'

/** What this code knows to do with a row. `end`: see `ends.ts`. */
export type RowKind = 'entry' | 'update' | 'grant' | 'tombstone' | 'end'

/** One row of the log, as it lies in the database and goes to other regions. See `migrations/0001-log.sql`. */
export type LogRow = {
  origin: string
  seq: number
  /** A {@link RowKind}, or one that a newer region has made: such a row is kept and passed on as it is. */
  kind: string
  document: string
  clock: number
  subject: string
  entryId: string
  homeGroup: string
  author: string
  lamport: number
  epoch: number
  keyId: string
  digest: Uint8Array
  /** null once the key in a grant has been destroyed. */
  bytes: Uint8Array | null
  hash: Uint8Array
}

/** A row that has not got its place in the chain yet. */
export type UnchainedRow = Omit<LogRow, 'digest' | 'hash'> & { bytes: Uint8Array }

/** The last row of a chain: what the next one is hashed onto. */
export type Head = { seq: number; hash: Uint8Array }

/** Head of an empty chain. Every strand has its own, so that no row fits into two chains. */
export function emptyHead(line: Line, origin: string): Head {
  return { seq: 0, hash: sha256(`meridian log 1 ${strandOf(line, origin)}`) }
}

/** Puts a row behind a head. */
export function chain(head: Head, row: UnchainedRow): LogRow {
  const digest = sha256(row.bytes)
  return { ...row, digest, hash: runningHash(head.hash, { ...row, digest }) }
}

/** True if this row is the successor of that head and holds what its hash says. */
export function follows(head: Head, row: LogRow): boolean {
  if (row.seq !== head.seq + 1) return false
  if (row.bytes !== null && !sameBytes(sha256(row.bytes), row.digest)) return false
  return sameBytes(runningHash(head.hash, row), row.hash)
}

/** SHA-256 over the previous hash, the row's clear columns as a JSON array, and the digest of its bytes. */
function runningHash(previous: Uint8Array, row: Omit<LogRow, 'hash' | 'bytes'>): Uint8Array {
  const clear = [
    row.origin,
    row.seq,
    row.kind,
    row.document,
    row.clock,
    row.subject,
    row.entryId,
    row.homeGroup,
    row.author,
    row.lamport,
    row.epoch,
    row.keyId,
  ]
  return sha256(Buffer.concat([previous, Buffer.from(JSON.stringify(clear)), row.digest]))
}

export function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0
}

function sha256(data: Uint8Array | string): Uint8Array {
  return hash('sha256', data, 'buffer')
}
