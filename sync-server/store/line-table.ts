import { inTime, type Sql } from './database.ts'
import { type Line, payloadKindOf, tableOf } from './line.ts'
import type { Head, LogRow, RowKind } from './log-row.ts'
import { logRow, type StoredRow } from './log-row-sql.ts'
import { hashBytes, packRows } from './packed-rows.ts'

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
  rowsOfKind(...kinds: RowKind[]): Promise<LogRow[]>
  /** Grants, tombstones and ends that name one of these keys, or name none if the empty text is among them. */
  statedAbout(keyIds: readonly string[]): Promise<LogRow[]>
  /** Commits of these entries, this origin's last. What stands behind an end is void: no commit. */
  commitsOf(origin: string, entryIds: readonly string[]): Promise<StoredCommit[]>
  /** Document → the clock of this origin's next row in it; absent where the origin has none. */
  nextClocks(origin: string, documents: readonly string[]): Promise<Map<string, number>>
  /** Keys of rows that no grant lets this region open, with the first such row of each origin. */
  keysNotGranted(region: string): Promise<KeyInUse[]>
  /** Up to `limit` rows of an origin under a key, after a sequence, in order. */
  rowsUnder(origin: string, keyId: string, after: number, limit: number): Promise<LogRow[]>
  /** Origin → its last row that counts, of every origin that an `end` names. */
  ends(): Promise<Map<string, number>>
  /**
   * Copies the last rows of an origin behind its end, at most `limit`, and takes them out of the log, in one transaction.
   * `waiting` are those whose content could not be committed again yet. Returns how many went, and their documents.
   */
  setAside(
    origin: string,
    after: number,
    limit: number,
    waiting: readonly number[],
  ): Promise<{ rows: number; documents: string[] }>
  /** Origin → how many of its rows are set aside, and how many of these wait for their key. */
  setAsideCounts(): Promise<Map<string, { rows: number; waiting: number }>>
  /** Up to `limit` rows that were set aside before their key was known. */
  waitingRows(limit: number): Promise<LogRow[]>
  /** These rows, which waited, are committed again. */
  carried(rows: readonly LogRow[]): Promise<void>
  /** Does this session hold the pen of this token? */
  holdsPen(token: string): Promise<boolean>
}

export type KeyInUse = { origin: string; keyId: string; seq: number; document: string }
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
    async statedAbout(keyIds) {
      const rows = await inTime(sql<StoredRow[]>`
        select * from ${table()} where kind <> ${sql.unsafe(`'${payload}'`)}
          and key_id = any(${keyIds as string[]}::text[]) order by origin, seq`)
      return rows.map(logRow)
    },
    async commitsOf(origin, entryIds) {
      if (entryIds.length === 0) return []
      return await inTime(sql<StoredCommit[]>`
        select entry_id as "entryId", origin, seq, epoch, clock from ${table()} l
        where kind = ${payload} and entry_id = any(${entryIds as string[]}::text[]) and not exists (
          select from ${table()} e where e.kind = 'end' and e.subject = l.origin and e.lamport < l.seq)
        order by (origin = ${origin})`)
    },
    async nextClocks(origin, documents) {
      if (documents.length === 0) return new Map()
      const rows = await inTime(sql<{ document: string; next: number }[]>`
        select document, max(clock) + 1 as next from ${table()}
        where kind = ${payload} and origin = ${origin} and document = any(${documents as string[]}::text[])
        group by document`)
      return new Map(rows.map((row) => [row.document, row.next]))
    },
    async keysNotGranted(region) {
      return await inTime(sql<KeyInUse[]>`
        select distinct on (origin, key_id) origin, key_id as "keyId", seq, document from ${table()} l
        where kind = ${payload} and not exists (
          select from ${table()} g where g.kind = 'grant' and g.key_id = l.key_id and g.bytes is not null
            and ${region} = any(string_to_array(g.subject, ',')))
        order by origin, key_id, seq`)
    },
    async rowsUnder(origin, keyId, after, limit) {
      const rows = await inTime(sql<StoredRow[]>`
        select * from ${table()} where kind = ${payload} and origin = ${origin} and key_id = ${keyId} and seq > ${after}
        order by seq limit ${limit}`)
      return rows.map(logRow)
    },
    async ends() {
      const rows = await inTime(sql<{ origin: string; last: number }[]>`
        select subject as origin, min(lamport) as last from ${table()} where kind = 'end' group by subject`)
      return new Map(rows.map((row) => [row.origin, row.last]))
    },
    setAside: (origin, after, limit, waiting) => inTime(setAside(sql, line, origin, after, limit, waiting)),
    async setAsideCounts() {
      const rows = await inTime(sql<{ origin: string; rows: number; waiting: number }[]>`
        select origin, count(*) as rows, count(*) filter (where not carried) as waiting
        from log_set_aside where source = ${tableOf(line)} group by origin`)
      return new Map(rows.map(({ origin, ...counts }) => [origin, counts]))
    },
    async waitingRows(limit) {
      const rows = await inTime(sql<StoredRow[]>`
        select * from log_set_aside where source = ${tableOf(line)} and not carried
        order by origin, seq limit ${limit}`)
      return rows.map(logRow)
    },
    async carried(rows) {
      await inTime(sql`
        update log_set_aside a set carried = true
        from unnest(${rows.map((row) => row.origin)}::text[], ${rows.map((row) => row.seq)}::bigint[],
          ${sql.array(rows.map((row) => row.hash) as Uint8Array[], byteaType)}::bytea[]) as done (origin, seq, hash)
        where a.source = ${tableOf(line)} and a.origin = done.origin and a.seq = done.seq and a.hash = done.hash`)
    },
    async holdsPen(token) {
      const [row] = await inTime(
        sql<{ token: string | null }[]>`select current_setting('meridian.pen', true) as token`,
      )
      return row?.token === token
    },
  }
}

async function setAside(
  sql: Sql,
  line: Line,
  origin: string,
  after: number,
  limit: number,
  waiting: readonly number[],
): Promise<{ rows: number; documents: string[] }> {
  const table = tableOf(line)
  return await sql.begin(async (tx) => {
    await tx`select set_config('meridian.set_aside', ${origin}, true)`
    const moved = await tx<{ seq: number; document: string }[]>`
      insert into log_set_aside (source, origin, seq, kind, document, clock, subject, entry_id, home_group, author,
        lamport, epoch, key_id, digest, bytes, hash, carried)
      select ${table}, origin, seq, kind, document, clock, subject, entry_id, home_group, author, lamport, epoch, key_id,
        digest, case when kind = 'grant' then null else bytes end, hash, not seq = any(${waiting as number[]}::bigint[])
      from ${tx(table)} where origin = ${origin} and seq > ${after} order by seq desc limit ${limit}
      on conflict (source, origin, seq, hash) do update set carried = excluded.carried
      returning seq, document`
    const from = Math.min(...moved.map((row) => row.seq))
    if (moved.length > 0) await tx`delete from ${tx(table)} where origin = ${origin} and seq >= ${from}`
    return { rows: moved.length, documents: [...new Set(moved.map((row) => row.document))] }
  })
}

async function append(
  sql: Sql,
  line: Line,
  rows: readonly LogRow[],
  penToken: string | undefined,
): Promise<number> {
  const { blob, places, lengths, texts, numbers } = packRows(rows)
  const result = await sql`
    insert into ${sql(tableOf(line))}
      (origin, seq, kind, document, clock, subject, entry_id, home_group, author, lamport, epoch, key_id, digest, bytes, hash)
    select origin, seq, kind, document, clock, subject, entry_id, home_group, author, lamport, epoch, key_id,
      substr(blob, place, ${hashBytes}), case when length >= 0 then substr(blob, place + 2 * ${hashBytes}, length) end,
      substr(blob, place + ${hashBytes}, ${hashBytes})
    from (select ${blob}::bytea as blob) as packed, unnest(
      ${texts('origin')}::text[], ${numbers('seq')}::bigint[], ${texts('kind')}::text[], ${texts('document')}::text[],
      ${numbers('clock')}::integer[], ${texts('subject')}::text[], ${texts('entryId')}::text[],
      ${texts('homeGroup')}::text[], ${texts('author')}::text[], ${numbers('lamport')}::bigint[],
      ${numbers('epoch')}::bigint[], ${texts('keyId')}::text[], ${places}::integer[], ${lengths}::integer[])
      as r (origin, seq, kind, document, clock, subject, entry_id, home_group, author, lamport, epoch, key_id, place, length)
    where ${penToken ?? null}::text is null or current_setting('meridian.pen', true) = ${penToken ?? null}::text`
  return result.count
}
