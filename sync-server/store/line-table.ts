import { inTime, type Sql } from './database.ts'
import { type Line, payloadKindOf, tableOf } from './line.ts'
import type { Head, LogRow } from './log-row.ts'
import { logRow, type StoredRow } from './log-row-sql.ts'

/**
 * One line's table as its writer and its intake see it. Every call is one statement that ends within
 * `database.ts`'s time, or rejects as a lost connection.
 */
export type LineTable = {
  /**
   * Appends rows in one statement, which is one transaction: all or none, flushed when it returns. With `penToken`
   * nothing is stored unless this session holds the pen. Returns how many rows were stored.
   */
  append(rows: readonly LogRow[], penToken?: string): Promise<number>
  /** The last row of every origin's chain. */
  heads(): Promise<Map<string, Head>>
  /** The hash of one row, or undefined if the row is not here. */
  hashAt(origin: string, seq: number): Promise<Uint8Array | undefined>
  /** Up to `limit` rows of an origin after a sequence, in order. */
  rowsAfter(origin: string, after: number, limit: number): Promise<LogRow[]>
  /** Every row of these kinds, in the order of their origins' chains. */
  rowsOfKind(...kinds: LogRow['kind'][]): Promise<LogRow[]>
  /** Commits of these entries, this origin's last. */
  commitsOf(origin: string, entryIds: readonly string[]): Promise<StoredCommit[]>
  /** Document → the clock of this origin's next row in it; absent where the origin has none. */
  nextClocks(origin: string, documents: readonly string[]): Promise<Map<string, number>>
  /** Origin → its first row that no grant lets this region open. */
  firstWithoutGrant(region: string): Promise<Map<string, number>>
  /** Does this session hold the pen of this token? */
  holdsPen(token: string): Promise<boolean>
}

export type StoredCommit = { entryId: string; origin: string; seq: number; epoch: number; clock: number }

/** PostgreSQL's type number of `bytea`. */
const byteaType = 17

export function createLineTable(sql: Sql, line: Line): LineTable {
  const table = () => sql(tableOf(line))
  const payload = payloadKindOf(line)
  return {
    append: (rows, penToken) => inTime(append(sql, line, rows, penToken)),
    async heads() {
      const rows = await inTime(sql<{ origin: string; seq: number; hash: Uint8Array }[]>`
        select distinct on (origin) origin, seq, hash from ${table()} order by origin, seq desc`)
      return new Map(rows.map((row) => [row.origin, { seq: row.seq, hash: row.hash }]))
    },
    async hashAt(origin, seq) {
      const [row] = await inTime(sql<{ hash: Uint8Array }[]>`
        select hash from ${table()} where origin = ${origin} and seq = ${seq}`)
      return row?.hash
    },
    async rowsAfter(origin, after, limit) {
      const rows = await inTime(sql<StoredRow[]>`
        select * from ${table()} where origin = ${origin} and seq > ${after} order by seq limit ${limit}`)
      return rows.map(logRow)
    },
    async rowsOfKind(...kinds) {
      const rows = await inTime(sql<StoredRow[]>`
        select * from ${table()} where kind = any(${kinds}::text[]) order by origin, seq`)
      return rows.map(logRow)
    },
    async commitsOf(origin, entryIds) {
      if (entryIds.length === 0) return []
      return await inTime(sql<StoredCommit[]>`
        select entry_id as "entryId", origin, seq, epoch, clock from ${table()}
        where kind = ${payload} and entry_id = any(${entryIds as string[]}::text[]) order by (origin = ${origin})`)
    },
    async nextClocks(origin, documents) {
      if (documents.length === 0) return new Map()
      const rows = await inTime(sql<{ document: string; next: number }[]>`
        select document, max(clock) + 1 as next from ${table()}
        where kind = ${payload} and origin = ${origin} and document = any(${documents as string[]}::text[])
        group by document`)
      return new Map(rows.map((row) => [row.document, row.next]))
    },
    async firstWithoutGrant(region) {
      const rows = await inTime(sql<{ origin: string; seq: number }[]>`
        select origin, min(seq) as seq from ${table()} l
        where kind = ${payload} and not exists (
          select from ${table()} g
          where g.kind = 'grant' and g.key_id = l.key_id and ${region} = any(string_to_array(g.subject, ',')))
        group by origin`)
      return new Map(rows.map((row) => [row.origin, row.seq]))
    },
    async holdsPen(token) {
      const [row] = await inTime(
        sql<{ token: string | null }[]>`select current_setting('meridian.pen', true) as token`,
      )
      return row?.token === token
    },
  }
}

async function append(
  sql: Sql,
  line: Line,
  rows: readonly LogRow[],
  penToken: string | undefined,
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
