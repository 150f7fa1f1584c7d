import type { Keyring } from '../keys/keyring.ts'
import { open } from '../keys/sealing.ts'
import { type Line, payloadKindOf } from './line.ts'
import type { LineTable } from './line-table.ts'
import { emptyHead, follows, type Head, type LogRow } from './log-row.ts'
import type { FlushedRow } from './writer.ts'

/**
 * Takes rows of other origins into a line: in order and checked against the running hash, or not at all. What is
 * flushed is a contiguous prefix of every origin; what can be served ends before the first row whose key this region
 * has not (yet) been granted.
 */

export type Taken =
  | { outcome: 'taken'; rows: number }
  /** The first row is not the successor of what is here. */
  | { outcome: 'gap'; have: number }
  /** A row does not fit the chain: the sender's history is another one. */
  | { outcome: 'mismatch'; at: number }

export type Intake = {
  take(origin: string, rows: readonly LogRow[]): Promise<Taken>
  head(origin: string): Head
  /** Origin → highest flushed sequence, of the origins taken in here. */
  flushed(): Map<string, number>
  servable(origin: string, flushed: number): number
}

export type IntakeDeps = {
  line: Line
  table: LineTable
  region: string
  heads: Map<string, Head>
  keyring: Keyring
  onFlushed(rows: readonly FlushedRow[]): void
}

const reopenBatch = 500

export async function createIntake(deps: IntakeDeps): Promise<Intake> {
  const { line, table, heads, keyring } = deps
  const blocked = await table.firstWithoutGrant(deps.region)
  const queues = new Map<string, Promise<unknown>>()

  function serial<T>(origin: string, work: () => Promise<T>): Promise<T> {
    const next = (queues.get(origin) ?? Promise.resolve()).then(work, work)
    queues.set(origin, next)
    return next
  }

  async function takeInOrder(origin: string, rows: readonly LogRow[]): Promise<Taken> {
    const start = heads.get(origin) ?? emptyHead(line, origin)
    const fresh = rows.filter((row) => row.seq > start.seq)
    let head = start
    for (const row of fresh) {
      if (row.seq !== head.seq + 1) return { outcome: 'gap', have: start.seq }
      if (row.origin !== origin || !follows(head, row)) return { outcome: 'mismatch', at: row.seq }
      head = { seq: row.seq, hash: row.hash }
    }
    if (fresh.length === 0) return { outcome: 'taken', rows: 0 }
    try {
      await table.append(fresh)
    } catch (error) {
      // Perhaps it was stored all the same: the log says where this origin stands.
      const read = (await table.heads()).get(origin)
      if (read) heads.set(origin, read)
      throw error
    }
    heads.set(origin, head)
    await announce(fresh)
    return { outcome: 'taken', rows: fresh.length }
  }

  async function announce(rows: readonly LogRow[]): Promise<void> {
    let granted = false
    for (const row of rows)
      if (row.kind === 'grant') {
        keyring.learn(row)
        granted = true
      }
    const opened = await Promise.all(rows.map((row) => openRow(keyring, line, row)))
    for (const { row, plain } of opened)
      if (row.kind === payloadKindOf(line) && !plain && !blocked.has(row.origin))
        blocked.set(row.origin, row.seq)
    deps.onFlushed(opened)
    if (granted && blocked.size > 0) await reopen()
  }

  async function reopen(): Promise<void> {
    for (const [origin, from] of [...blocked]) {
      let at = from - 1
      let stuck: number | undefined
      while (stuck === undefined) {
        const rows = await table.rowsAfter(origin, at, reopenBatch)
        if (rows.length === 0) break
        const opened = await Promise.all(rows.map((row) => openRow(keyring, line, row)))
        const stop = opened.findIndex(({ row, plain }) => row.kind === payloadKindOf(line) && !plain)
        if (stop !== 0) deps.onFlushed(stop < 0 ? opened : opened.slice(0, stop))
        if (stop >= 0) stuck = rows[stop]!.seq
        at = rows.at(-1)!.seq
      }
      if (stuck === undefined) blocked.delete(origin)
      else blocked.set(origin, stuck)
    }
  }

  return {
    take: (origin, rows) => serial(origin, () => takeInOrder(origin, rows)),
    head: (origin) => heads.get(origin) ?? emptyHead(line, origin),
    flushed: () => new Map([...heads].map(([origin, head]) => [origin, head.seq])),
    servable: (origin, flushed) => Math.min(flushed, (blocked.get(origin) ?? Number.POSITIVE_INFINITY) - 1),
  }
}

/** A row with its content, or without if it cannot be opened here: no key (yet), or bytes that do not fit it. */
export async function openRow(keyring: Keyring, line: Line, row: LogRow): Promise<FlushedRow> {
  if (row.kind !== payloadKindOf(line) || !row.bytes) return { row, plain: undefined }
  try {
    const key = await keyring.key(row.keyId)
    return { row, plain: key && open(key, row, row.bytes) }
  } catch {
    return { row, plain: undefined }
  }
}
