import { LRUCache } from 'lru-cache'
import type { Sql } from './database.ts'
import { type Line, payloadKindOf, tableOf } from './line.ts'
import type { LogRow } from './log-row.ts'
import type { AppendOutcome, PlainRow } from './plain-row.ts'

/**
 * Which place rows get in their documents, and which of them the log holds already. Only the writer of an origin makes
 * its rows, so the clocks that it has read once stay true until it forgets them.
 */
export type Numbering = {
  placesFor(sql: Sql, origin: string, rows: readonly PlainRow[]): Promise<Places>
  /** These rows are flushed. */
  advance(rows: readonly LogRow[]): void
  /** After anything that may have changed the log behind the writer's back. */
  forget(): void
}

export type Places = {
  /** The commit of an entry that is stored already. */
  existing(row: Pick<PlainRow, 'entryId'>): AppendOutcome | undefined
  /** The clock of the next row in this document; counts up with each call. */
  nextClock(row: Pick<PlainRow, 'document'>): number
}

export function createNumbering(line: Line): Numbering {
  const next = new LRUCache<string, number>({ max: 50_000 })
  const table = tableOf(line)

  async function readExisting(sql: Sql, origin: string, ids: string[]): Promise<Map<string, AppendOutcome>> {
    if (ids.length === 0) return new Map()
    const rows = await sql<{ entry_id: string; origin: string; seq: number; epoch: number; clock: number }[]>`
      select entry_id, origin, seq, epoch, clock from ${sql(table)}
      where kind = ${payloadKindOf(line)} and entry_id = any(${ids}::text[]) order by (origin = ${origin})`
    return new Map(rows.map(({ entry_id, ...commit }) => [entry_id, { outcome: 'committed', commit }]))
  }

  async function readClocks(sql: Sql, origin: string, documents: string[]): Promise<Map<string, number>> {
    if (documents.length === 0) return new Map()
    const rows = await sql<{ document: string; next: number }[]>`
      select document, max(clock) + 1 as next from ${sql(table)}
      where kind = ${payloadKindOf(line)} and origin = ${origin} and document = any(${documents}::text[])
      group by document`
    return new Map(rows.map((row) => [row.document, row.next]))
  }

  return {
    async placesFor(sql, origin, rows) {
      const ids = [...new Set(rows.map((row) => row.entryId).filter((id) => id !== ''))]
      const documents = [...new Set(rows.map((row) => row.document))]
      const existing = await readExisting(sql, origin, ids)
      const unknown = documents.filter((document) => !next.has(document))
      const read = await readClocks(sql, origin, unknown)
      const clocks = new Map(
        documents.map((document) => [document, next.get(document) ?? read.get(document) ?? 0]),
      )
      return {
        existing: (row) => existing.get(row.entryId),
        nextClock(row) {
          const clock = clocks.get(row.document)!
          clocks.set(row.document, clock + 1)
          return clock
        },
      }
    },
    advance(rows) {
      for (const row of rows) if (row.kind === payloadKindOf(line)) next.set(row.document, row.clock + 1)
    },
    forget: () => next.clear(),
  }
}
