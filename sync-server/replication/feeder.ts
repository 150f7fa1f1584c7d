import { type Line, parseStrand } from '../store/line.ts'
import { type Head, type LogRow, sameBytes } from '../store/log-row.ts'
import type { PeerMessage } from './peer-wire.ts'

/**
 * Feeds one following region over one connection. Sans-I/O: sending, the log and its reading are passed in.
 *
 * 1. Only flushed rows are sent, up to the head that the log itself vouches for: a row whose commit nobody has
 *    confirmed is in the table perhaps, but not below the head.
 * 2. A strand is sent in order. A follower at the head gets rows as they are flushed; one that is behind gets them
 *    from the database, batch by batch, as fast as the connection takes them: what waits for it is bounded.
 * 3. The vector goes out behind the rows that it covers.
 * 4. Every follow is answered at once by a message without rows: what went out before it answered an earlier one.
 * 5. Rows that are flushed shortly after others were sent are gathered and go together: each message costs the follower
 *    a statement and a flush, whatever is in it.
 */
export type FeederLog = {
  flushed(): Map<string, number>
  head(strand: string): Head
  hashAt(strand: string, seq: number): Promise<Uint8Array | undefined>
  rowsAfter(strand: string, after: number, limit: number): Promise<LogRow[]>
  heard(strands: ReadonlyMap<string, number>, hashes: ReadonlyMap<string, Uint8Array>): void
}

export type FeederLink = {
  send(message: PeerMessage): void
  /** Does the connection take more now? */
  room(): boolean
  /** Resolves when the connection can take more. Rejects when it is gone. */
  drained(): Promise<void>
}

export type FeederDeps = {
  warn(message: string, detail: object): void
  /** Calls once after so many ms, unless the returned function is called before. */
  after(ms: number, act: () => void): () => void
}

export type Feeder = {
  received(message: PeerMessage): void
  /** Rows of one strand that were flushed just now. */
  flushed(strand: string, rows: readonly LogRow[]): void
  tick(): void
  close(): void
}

/** How far a strand has been sent, and the hash there. */
type Asked = { after: number; hash: Uint8Array; reading: boolean }
type Cursor = {
  at: number
  hash: Uint8Array
  pumping: boolean
  /** Flushed rows that follow `at` and are sent when the time for gathering is over. */
  gathered: LogRow[]
  gathering: (() => void) | undefined
}

/** How long rows of a line are gathered after a message was sent, in ms. Nobody waits for what others type as for an entry. */
const gatherMs: { [line in Line]: number } = { entries: 5, notes: 50 }
/** With so many gathered they are not kept any longer. */
const gatheredRows = 500

/** Rows that are read at a time: as many as fill a message by the size of the last ones, within these bounds. */
const batchRows = { first: 500, fewest: 50, most: 2000 }
/** Rows of one message, in bytes of their sealed content. */
const messageBytes = 1024 * 1024

export function createFeeder(log: FeederLog, link: FeederLink, { warn, after }: FeederDeps): Feeder {
  const cursors = new Map<string, Cursor>()
  /** What was asked for and is not decided yet: if the log could not be read, the next tick tries again. */
  const asked = new Map<string, Asked>()
  let closed = false

  async function follow(strand: string, ask: Asked): Promise<void> {
    const { after, hash } = ask
    ask.reading = true
    const here =
      after === 0
        ? undefined
        : await log.hashAt(strand, after).finally(() => {
            ask.reading = false
          })
    if (asked.get(strand) !== ask) return
    asked.delete(strand)
    if (here && !sameBytes(here, hash)) {
      warn('a follower holds another history of an origin', { strand })
      link.send({ type: 'refused', strand })
      return
    }
    const cursor: Cursor = { at: after, hash, pumping: false, gathered: [], gathering: undefined }
    cursors.set(strand, cursor)
    await pump(strand, cursor)
  }

  function forget(strand: string): void {
    cursors.get(strand)?.gathering?.()
    cursors.delete(strand)
  }

  /** Sends what was gathered; while there is no room, the database keeps it. */
  function sendGathered(strand: string, cursor: Cursor): void {
    const rows = cursor.gathered
    cursor.gathered = []
    if (rows.length === 0) return
    if (!link.room()) {
      pump(strand, cursor).catch(failed)
      return
    }
    for (const part of parts(rows)) link.send({ type: 'rows', strand, rows: part })
    advance(cursor, rows)
  }

  function gather(strand: string, cursor: Cursor): void {
    cursor.gathering = after(gatherMs[parseStrand(strand).line], () => {
      cursor.gathering = undefined
      if (closed || cursors.get(strand) !== cursor || cursor.pumping || cursor.gathered.length === 0) return
      sendGathered(strand, cursor)
      gather(strand, cursor)
    })
  }

  async function pump(strand: string, cursor: Cursor): Promise<void> {
    if (cursor.pumping) return
    cursor.pumping = true
    cursor.gathered = []
    const current = () => !closed && cursors.get(strand) === cursor
    let limit = batchRows.first
    const read = (after: number) => {
      const wanted = Math.min(limit, log.head(strand).seq - after)
      return wanted > 0 ? log.rowsAfter(strand, after, wanted) : Promise.resolve([])
    }
    try {
      await link.drained()
      let reading = read(cursor.at)
      // Nobody waits for it once this strand is followed otherwise.
      reading.catch(() => {})
      while (current()) {
        let rows = await reading
        // Nothing was there to be read ahead; by now there may be.
        if (rows.length === 0) rows = await read(cursor.at)
        const last = rows.at(-1)
        if (!current() || !last) break
        limit = fitting(rows)
        // The database reads the next rows while these are on their way.
        reading = read(last.seq)
        reading.catch(() => {})
        for (const part of parts(rows)) {
          if (!current()) return
          advance(cursor, part)
          link.send({ type: 'rows', strand, rows: part })
          await link.drained()
        }
      }
    } finally {
      cursor.pumping = false
    }
  }

  const sendVector = () => link.send(covered(log, cursors))
  const failed = () => warn('rows for a follower could not be read', {})

  sendVector()
  return {
    received(message) {
      if (message.type === 'follow') {
        const ask = { after: message.after, hash: message.hash, reading: false }
        asked.set(message.strand, ask)
        forget(message.strand)
        link.send({ type: 'rows', strand: message.strand, rows: [] })
        follow(message.strand, ask).catch(failed)
      } else if (message.type === 'unfollow') {
        asked.delete(message.strand)
        forget(message.strand)
      } else if (message.type === 'vector') log.heard(message.strands, message.hashes)
    },
    flushed(strand, rows) {
      const cursor = cursors.get(strand)
      if (!cursor || cursor.pumping) return
      if (rows[0]?.seq !== (cursor.gathered.at(-1)?.seq ?? cursor.at) + 1 || !link.room())
        return void pump(strand, cursor).catch(failed)
      cursor.gathered.push(...rows)
      if (cursor.gathering && cursor.gathered.length < gatheredRows) return
      sendGathered(strand, cursor)
      if (!cursor.gathering) gather(strand, cursor)
    },
    tick() {
      sendVector()
      for (const [strand, ask] of asked) if (!ask.reading) follow(strand, ask).catch(failed)
      for (const [strand, cursor] of cursors)
        if (cursor.gathered.length === 0) pump(strand, cursor).catch(failed)
    },
    close() {
      closed = true
      asked.clear()
      for (const strand of [...cursors.keys()]) forget(strand)
    },
  }
}

function advance(cursor: Cursor, rows: readonly LogRow[]): void {
  const last = rows.at(-1)!
  cursor.at = last.seq
  // A copy: the row may lie in a large message.
  cursor.hash = Uint8Array.from(last.hash)
}

/** A vector says at most what has been sent already of the strands that are followed here. */
function covered(log: FeederLog, cursors: ReadonlyMap<string, Cursor>): PeerMessage {
  const strands = log.flushed()
  const hashes = new Map<string, Uint8Array>()
  for (const [strand, seq] of strands) {
    const cursor = cursors.get(strand)
    const behind = cursor !== undefined && cursor.at < seq
    if (behind) strands.set(strand, cursor.at)
    hashes.set(strand, behind ? cursor.hash : log.head(strand).hash)
  }
  return { type: 'vector', strands, hashes }
}

function fitting(rows: readonly LogRow[]): number {
  const bytes = rows.reduce((sum, row) => sum + (row.bytes?.length ?? 0), 0) / rows.length
  return Math.max(batchRows.fewest, Math.min(batchRows.most, Math.floor(messageBytes / Math.max(bytes, 1))))
}

function* parts(rows: readonly LogRow[]): Generator<LogRow[]> {
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
