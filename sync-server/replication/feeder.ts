import { type Head, type LogRow, sameBytes } from '../store/log-row.ts'
import type { PeerMessage } from './peer-wire.ts'

/**
 * Feeds one following region over one connection. Sans-I/O: sending, the log and its reading are passed in.
 *
 * 1. Only flushed rows are sent, up to the head that the log itself vouches for: a row whose commit nobody has
 *    confirmed is in the table perhaps, but not below the head.
 * 2. A strand is sent in order. A follower at the head gets rows as they are flushed; one that is behind gets them
 *    from the database, batch by batch, as fast as the connection takes them.
 * 3. The vector goes out behind the rows that it covers.
 */
export type FeederLog = {
  flushed(): Map<string, number>
  head(strand: string): Head
  hashAt(strand: string, seq: number): Promise<Uint8Array | undefined>
  rowsAfter(strand: string, after: number, limit: number): Promise<LogRow[]>
  heard(strands: ReadonlyMap<string, number>): void
}

export type FeederLink = {
  send(message: PeerMessage): void
  /** Resolves when the connection can take more. Rejects when it is gone. */
  drained(): Promise<void>
}

export type Feeder = {
  received(message: PeerMessage): void
  /** Rows of one strand that were flushed just now. */
  flushed(strand: string, rows: readonly LogRow[]): void
  tick(): void
  close(): void
}

type Cursor = { at: number; pumping: boolean }

const batchRows = 500
/** Rows of one message, in bytes of their sealed content. */
const messageBytes = 4 * 1024 * 1024

export function createFeeder(
  log: FeederLog,
  link: FeederLink,
  warn: (message: string, detail: object) => void,
): Feeder {
  const cursors = new Map<string, Cursor>()
  let closed = false

  async function follow(strand: string, after: number, hash: Uint8Array): Promise<void> {
    const here = after === 0 ? undefined : await log.hashAt(strand, after)
    if (here && !sameBytes(here, hash)) {
      warn('a follower holds another history of an origin', { strand })
      link.send({ type: 'refused', strand })
      return
    }
    const cursor = { at: after, pumping: false }
    cursors.set(strand, cursor)
    await pump(strand, cursor)
  }

  async function pump(strand: string, cursor: Cursor): Promise<void> {
    if (cursor.pumping) return
    cursor.pumping = true
    const current = () => !closed && cursors.get(strand) === cursor
    try {
      while (current() && cursor.at < log.head(strand).seq) {
        const limit = Math.min(batchRows, log.head(strand).seq - cursor.at)
        const rows = await log.rowsAfter(strand, cursor.at, limit)
        if (!current() || rows.length === 0) break
        for (const part of parts(rows)) link.send({ type: 'rows', strand, rows: part })
        cursor.at = rows.at(-1)!.seq
        await link.drained()
      }
    } finally {
      cursor.pumping = false
    }
  }

  const sendVector = () => link.send({ type: 'vector', strands: coveredOnly(log.flushed(), cursors) })
  const failed = () => warn('rows for a follower could not be read', {})

  sendVector()
  return {
    received(message) {
      if (message.type === 'follow') follow(message.strand, message.after, message.hash).catch(failed)
      else if (message.type === 'unfollow') cursors.delete(message.strand)
      else if (message.type === 'vector') log.heard(message.strands)
    },
    flushed(strand, rows) {
      const cursor = cursors.get(strand)
      if (!cursor || cursor.pumping) return
      if (rows[0]?.seq === cursor.at + 1) {
        cursor.at = rows.at(-1)!.seq
        link.send({ type: 'rows', strand, rows: [...rows] })
      } else pump(strand, cursor).catch(failed)
    },
    tick() {
      sendVector()
      for (const [strand, cursor] of cursors) pump(strand, cursor).catch(failed)
    },
    close() {
      closed = true
      cursors.clear()
    },
  }
}

/** A vector says at most what has been sent already of the strands that are followed here. */
function coveredOnly(
  flushed: Map<string, number>,
  cursors: ReadonlyMap<string, Cursor>,
): Map<string, number> {
  for (const [strand, cursor] of cursors) {
    const seq = flushed.get(strand)
    if (seq !== undefined && cursor.at < seq) flushed.set(strand, Math.max(cursor.at, 0))
  }
  return flushed
}

function* parts(rows: LogRow[]): Generator<LogRow[]> {
  let part: LogRow[] = []
  let bytes = 0
  for (const row of rows) {
    part.push(row)
    bytes += row.bytes?.length ?? 0
    if (bytes >= messageBytes) {
      yield part
      part = []
      bytes = 0
    }
  }
  if (part.length > 0) yield part
}
