import type { Commit } from '../../domain/entries/entry.ts'
import { inTime, type Sql } from './database.ts'
import type { LogRow } from './log-row.ts'
import { logRow, type StoredRow } from './log-row-sql.ts'
import type { Vector } from './ports.ts'

/**
 * What is asked of the table of entries by those who read. Every call is one statement that ends within `database.ts`'s
 * time, or rejects as a lost connection. Rows come with everything that is in the table: what of it counts is not
 * decided here.
 */
export type EntryTable = {
  /** Rows of a document, by origin and clock. */
  rowsOf(document: string): Promise<LogRow[]>
  /** Rows of a document of these origins, each from a clock on, by origin and clock. */
  rowsFrom(document: string, clocks: ReadonlyMap<string, number>): Promise<LogRow[]>
  /** Origin → how many items it has in a document, up to these sequences. */
  clocksOf(document: string, upTo: ReadonlyMap<string, number>): Promise<Map<string, number>>
  /** Document → how many of its rows lie above one vector and not above another, of those that have any. */
  changesIn(documents: readonly string[], after: Vector, upTo: Vector): Promise<Map<string, number>>
  /** Rows of documents above one vector and not above another, by document, origin and clock. */
  rowsBetween(documents: readonly string[], after: Vector, upTo: Vector): Promise<LogRow[]>
  /** Document → the highest Lamport number in it, of those that have entries. */
  highestLamports(documents: readonly string[]): Promise<Map<string, number>>
  /** Where these subjects stand, by Lamport number and entry id. */
  placesOf(subjects: readonly string[]): Promise<{ subject: string; document: string }[]>
  /** Rows about these subjects, by Lamport number and entry id. */
  rowsAbout(subjects: readonly string[]): Promise<LogRow[]>
  /** Entry → its subject, of those that are here. */
  subjectsOf(entryIds: readonly string[]): Promise<Map<string, string>>
  /** Every commit of an entry, by origin and sequence. */
  commitsOf(entryId: string): Promise<(Commit & { document: string; subject: string })[]>
  /** Documents of a patient, sorted. */
  documentsOf(patientId: string): Promise<string[]>
  /** Documents in which something stands about a subject, sorted. */
  documentsAbout(subject: string): Promise<string[]>
  /** Rows about Patients. */
  patientRows(): Promise<LogRow[]>
}

export function createEntryTable(sql: Sql): EntryTable {
  async function rows(statement: PromiseLike<StoredRow[]>): Promise<LogRow[]> {
    return (await inTime(statement)).map(logRow)
  }

  /** A table of origins with the sequences between which rows are asked for. */
  const wanted = (after: Vector, upTo: Vector) => {
    const origins = Object.keys(upTo)
    return sql`unnest(${origins}::text[], ${origins.map((o) => after[o] ?? 0)}::bigint[], ${Object.values(upTo)}::bigint[])
      as wanted (origin, after, up_to)`
  }

  return {
    rowsOf: (document) =>
      rows(sql`select * from log where kind = 'entry' and document = ${document} order by origin, clock`),
    rowsFrom: (document, clocks) =>
      rows(sql`
        select log.* from log join unnest(${[...clocks.keys()]}::text[], ${[...clocks.values()]}::integer[])
          as wanted (origin, clock) on log.origin = wanted.origin and log.clock >= wanted.clock
        where kind = 'entry' and document = ${document} order by log.origin, log.clock`),
    async clocksOf(document, upTo) {
      const found = await inTime(sql<{ origin: string; items: number }[]>`
        select log.origin, max(clock) + 1 as items
        from log join unnest(${[...upTo.keys()]}::text[], ${[...upTo.values()]}::bigint[])
          as servable (origin, seq) on log.origin = servable.origin and log.seq <= servable.seq
        where kind = 'entry' and document = ${document} group by log.origin`)
      return new Map(found.map((row) => [row.origin, row.items]))
    },
    async changesIn(documents, after, upTo) {
      const found = await inTime(sql<{ document: string; changes: number }[]>`
        select document, count(*)::integer as changes from log join ${wanted(after, upTo)} on
          log.origin = wanted.origin and log.seq > wanted.after and log.seq <= wanted.up_to
        where kind = 'entry' and document = any(${documents as string[]}::text[]) group by document`)
      return new Map(found.map((row) => [row.document, row.changes]))
    },
    rowsBetween: (documents, after, upTo) =>
      rows(sql`
        select log.* from log join ${wanted(after, upTo)} on
          log.origin = wanted.origin and log.seq > wanted.after and log.seq <= wanted.up_to
        where kind = 'entry' and document = any(${documents as string[]}::text[])
        order by document, log.origin, clock`),
    async highestLamports(documents) {
      const found = await inTime(sql<{ document: string; highest: number }[]>`
        select document, max(lamport) as highest from log
        where kind = 'entry' and document = any(${documents as string[]}::text[]) group by document`)
      return new Map(found.map((row) => [row.document, row.highest]))
    },
    placesOf: async (subjects) =>
      await inTime(sql<{ subject: string; document: string }[]>`
        select subject, document from log where kind = 'entry' and subject = any(${subjects as string[]}::text[])
        order by lamport, entry_id`),
    rowsAbout: (subjects) =>
      rows(sql`
        select * from log where kind = 'entry' and subject = any(${subjects as string[]}::text[])
        order by lamport, entry_id`),
    async subjectsOf(entryIds) {
      const found = await inTime(sql<{ entry_id: string; subject: string }[]>`
        select entry_id, subject from log where kind = 'entry' and entry_id = any(${entryIds as string[]}::text[])`)
      return new Map(found.map((row) => [row.entry_id, row.subject]))
    },
    commitsOf: async (entryId) =>
      await inTime(sql<(Commit & { document: string; subject: string })[]>`
        select document, subject, origin, seq, epoch from log where kind = 'entry' and entry_id = ${entryId}
        order by origin, seq`),
    async documentsOf(patientId) {
      const found = await inTime(sql<{ document: string }[]>`
        select distinct document from log where kind = 'entry' and
          (document in (${`chart/${patientId}`}, ${`notices/${patientId}`}) or document like ${`journal/${patientId}/%`})
        order by document`)
      return found.map((row) => row.document)
    },
    async documentsAbout(subject) {
      const found = await inTime(sql<{ document: string }[]>`
        select distinct document from log where kind = 'entry' and subject = ${subject} order by document`)
      return found.map((row) => row.document)
    },
    patientRows: () => rows(sql`select * from log where kind = 'entry' and subject like 'Patient/%'`),
  }
}
