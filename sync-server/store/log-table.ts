import type { Sql } from './database.ts'
import { type Line, tableOf } from './line.ts'
import type { Head, LogRow } from './log-row.ts'

/** The SQL of one line's table: append, heads, ranges. */

export type StoredRow = {
  origin: string
  seq: number
  kind: LogRow['kind']
  document: string
  clock: number
  subject: string
  entry_id: string
  home_group: string
  author: string
  lamport: number
  epoch: number
  key_id: string
  digest: Uint8Array
  bytes: Uint8Array | null
  hash: Uint8Array
}

/** PostgreSQL's type number of `bytea`. */
const byteaType = 17

/**
 * Appends rows in one statement, which is one transaction: all or none, flushed when it returns. With `penToken`
 * nothing is stored unless this session holds the pen (`store/pen.ts`). Returns how many rows were stored.
 */
export async function appendRows(
  sql: Sql,
  line: Line,
  rows: readonly LogRow[],
  penToken?: string,
): Promise<number> {
  const column = <K extends keyof LogRow>(name: K) => rows.map((row) => row[name])
  // Told outright, because the driver would take an array of byte strings for one byte string.
  const bytes = (name: 'digest' | 'bytes' | 'hash') => sql.array(column(name) as Uint8Array[], byteaType)
  const result = await sql`
    insert into ${sql(tableOf(line))}
      (origin, seq, kind, document, clock, subject, entry_id, home_group, author, lamport, epoch, key_id, digest, bytes, hash)
    select * from unnest(
      ${column('origin')}::text[], ${column('seq')}::bigint[], ${column('kind')}::text[], ${column('document')}::text[],
      ${column('clock')}::integer[], ${column('subject')}::text[], ${column('entryId')}::text[],
      ${column('homeGroup')}::text[], ${column('author')}::text[], ${column('lamport')}::bigint[],
      ${column('epoch')}::bigint[], ${column('keyId')}::text[], ${bytes('digest')}::bytea[],
      ${bytes('bytes')}::bytea[], ${bytes('hash')}::bytea[])
    where ${penToken ?? null}::text is null or current_setting('meridian.pen', true) = ${penToken ?? null}::text`
  return result.count
}

/** The last row of every origin's chain. */
export async function readHeads(sql: Sql, line: Line): Promise<Map<string, Head>> {
  const rows = await sql<{ origin: string; seq: number; hash: Uint8Array }[]>`
    select distinct on (origin) origin, seq, hash from ${sql(tableOf(line))} order by origin, seq desc`
  return new Map(rows.map((row) => [row.origin, { seq: row.seq, hash: row.hash }]))
}

/** The hash of one row, or undefined if the row is not here. */
export async function hashAt(
  sql: Sql,
  line: Line,
  origin: string,
  seq: number,
): Promise<Uint8Array | undefined> {
  const [row] = await sql<{ hash: Uint8Array }[]>`
    select hash from ${sql(tableOf(line))} where origin = ${origin} and seq = ${seq}`
  return row?.hash
}

/** Up to `limit` rows of an origin after a sequence, in order. */
export async function rowsAfter(
  sql: Sql,
  line: Line,
  origin: string,
  after: number,
  limit: number,
): Promise<LogRow[]> {
  const rows = await sql<StoredRow[]>`
    select * from ${sql(tableOf(line))} where origin = ${origin} and seq > ${after} order by seq limit ${limit}`
  return rows.map(logRow)
}

/** Every row of these kinds, in an order in which keys come before their use. */
export async function rowsOfKind(sql: Sql, line: Line, kind: LogRow['kind']): Promise<LogRow[]> {
  const rows = await sql<StoredRow[]>`
    select * from ${sql(tableOf(line))} where kind = ${kind} order by origin, seq`
  return rows.map(logRow)
}

export function logRow(row: StoredRow): LogRow {
  const { entry_id, home_group, key_id, ...same } = row
  return { ...same, entryId: entry_id, homeGroup: home_group, keyId: key_id }
}
