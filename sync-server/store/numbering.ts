import { LRUCache } from 'lru-cache'
import { type Line, payloadKindOf } from './line.ts'
import type { LineTable } from './line-table.ts'
import type { LogRow } from './log-row.ts'
import type { AppendOutcome, PlainRow } from './plain-row.ts'

/**
 * Which place rows get in their documents, and which of them the log holds already. Only the writer of an origin makes
 * its rows, so the clocks that it has read once stay true until it forgets them.
 */
export type Numbering = {
  placesFor(table: LineTable, origin: string, rows: readonly PlainRow[]): Promise<Places>
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

/** @param remembered documents whose clocks are kept in memory */
export function createNumbering(line: Line, remembered = 50_000): Numbering {
  const next = new LRUCache<string, number>({ max: remembered })

  return {
    async placesFor(table, origin, rows) {
      const ids = [...new Set(rows.map((row) => row.entryId).filter((id) => id !== ''))]
      const documents = [...new Set(rows.map((row) => row.document))]
      const existing = new Map<string, AppendOutcome>()
      for (const { entryId, ...commit } of await table.commitsOf(origin, ids))
        existing.set(entryId, { outcome: 'committed', commit })
      const unknown = documents.filter((document) => !next.has(document))
      const read = await table.nextClocks(origin, unknown)
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
