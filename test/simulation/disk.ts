import type { Line } from '../../sync-server/store/line.ts'
import type { Head, LogRow } from '../../sync-server/store/log-row.ts'
import { copyRows, emptyRows, type MemoryRows } from '../../sync-server/store/memory-table.ts'

/** What a region's database has flushed. */
export type Disk = { [line in Line]: MemoryRows }

export const emptyDisk = (): Disk => ({ entries: emptyRows(), notes: emptyRows() })
export const copyDisk = ({ entries, notes }: Disk): Disk => ({
  entries: copyRows(entries),
  notes: copyRows(notes),
})

export function rowsIn({ log }: MemoryRows): LogRow[] {
  return [...log.keys()].sort().flatMap((origin) => log.get(origin)!)
}

export function rowAt({ log }: MemoryRows, origin: string, seq: number): LogRow | undefined {
  return log.get(origin)?.[seq - 1]
}

/** A row that was set aside behind the end of its origin. */
export function asideAt({ aside }: MemoryRows, origin: string, seq: number): LogRow | undefined {
  return aside.find(({ row }) => row.origin === origin && row.seq === seq)?.row
}

export function headsIn({ log }: MemoryRows): Map<string, Head> {
  const heads = new Map<string, Head>()
  for (const [origin, rows] of log) {
    const last = rows.at(-1)
    if (last) heads.set(origin, { seq: last.seq, hash: last.hash })
  }
  return heads
}

/** As PostgreSQL, or its driver, reports it. */
export function databaseError(code: string, message: string): Error & { code: string } {
  return Object.assign(new Error(message), { code })
}
