import type { EntryTable } from '../../sync-server/store/entry-table.ts'
import type { LogRow } from '../../sync-server/store/log-row.ts'
import type { Vector } from '../../sync-server/store/ports.ts'
import type { Connection } from './database.ts'
import { rowsIn } from './disk.ts'

/** The statements of `store/entry-table.ts` on the modelled database. */
export function createEntryTable(connection: Connection): EntryTable {
  const select = (name: string, which: (row: LogRow) => boolean): Promise<LogRow[]> =>
    connection.statement(`entries ${name}`, (_, { entries }) =>
      rowsIn(entries).filter((row) => row.kind === 'entry' && which(row)),
    )
  const isBetween = (after: Vector, upTo: Vector) => (row: LogRow) =>
    row.seq > (after[row.origin] ?? 0) && row.seq <= (upTo[row.origin] ?? 0)

  return {
    rowsOf: async (document) => (await select('items', (row) => row.document === document)).sort(byClock),
    rowsFrom: async (document, clocks) => {
      const isWanted = (row: LogRow) => row.clock >= (clocks.get(row.origin) ?? Number.POSITIVE_INFINITY)
      return (await select('rest', (row) => row.document === document && isWanted(row))).sort(byClock)
    },
    async clocksOf(document, upTo) {
      const rows = await select(
        'clocks',
        (row) => row.document === document && row.seq <= (upTo.get(row.origin) ?? 0),
      )
      return highest(rows, (row) => [row.origin, row.clock + 1])
    },
    async changesIn(documents, after, upTo) {
      const rows = await select(
        'changes',
        (row) => documents.includes(row.document) && isBetween(after, upTo)(row),
      )
      const counts = new Map<string, number>()
      for (const { document } of rows) counts.set(document, (counts.get(document) ?? 0) + 1)
      return counts
    },
    rowsBetween: async (documents, after, upTo) =>
      (
        await select('between', (row) => documents.includes(row.document) && isBetween(after, upTo)(row))
      ).sort((a, b) => compare(a.document, b.document) || byClock(a, b)),
    highestLamports: async (documents) =>
      highest(await select('lamports', (row) => documents.includes(row.document)), (row) => [
        row.document,
        row.lamport,
      ]),
    placesOf: async (subjects) =>
      (await select('places', (row) => subjects.includes(row.subject))).sort(byLamport),
    rowsAbout: async (subjects) =>
      (await select('about', (row) => subjects.includes(row.subject))).sort(byLamport),
    subjectsOf: async (ids) =>
      new Map(
        (await select('subjects', (row) => ids.includes(row.entryId))).map((row) => [
          row.entryId,
          row.subject,
        ]),
      ),
    commitsOf: (id) => select('find', (row) => row.entryId === id),
    documentsOf: async (patientId) =>
      distinct(await select('documents', (row) => row.document.split('/')[1] === patientId)),
    documentsAbout: async (subject) => distinct(await select('about', (row) => row.subject === subject)),
    patientRows: () => select('patients', (row) => row.subject.startsWith('Patient/')),
  }
}

function highest(rows: readonly LogRow[], of: (row: LogRow) => [string, number]): Map<string, number> {
  const most = new Map<string, number>()
  for (const [key, value] of rows.map(of)) most.set(key, Math.max(value, most.get(key) ?? 0))
  return most
}

function distinct(rows: readonly LogRow[]): string[] {
  return [...new Set(rows.map((row) => row.document))].sort()
}

const compare = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0)
const byClock = (a: LogRow, b: LogRow) => compare(a.origin, b.origin) || a.clock - b.clock
const byLamport = (a: LogRow, b: LogRow) => a.lamport - b.lamport || compare(a.entryId, b.entryId)
