import { parseOrigin } from '../../domain/entries/origin.ts'
import type { PeerMessage } from '../../sync-server/replication/peer-wire.ts'
import { type Line, parseStrand, strandOf } from '../../sync-server/store/line.ts'
import type { LogRow } from '../../sync-server/store/log-row.ts'
import type { Database } from './database.ts'
import { asideAt, rowAt } from './disk.ts'
import type { Schedule } from './schedule.ts'

/**
 * What was promised to whom, held against what is flushed at that very moment. A promise: an acknowledgement, an item
 * that a reader is shown, a row or a vector that a region sends to another.
 */
export type Ledger = {
  violations: string[]
  /** (origin, sequence) that came to name two rows, of regions whose witness was rolled back. */
  forks: Set<string>
  violation(text: string): void
  acknowledged(region: string, id: string, origin: string, seq: number): void
  /** A reader is about to be shown this item. */
  shown(region: string, id: string, origin: string, seq: number): void
  /** One region is about to say this to another. */
  said(region: string, message: PeerMessage): void
  /** A region is about to name what another has flushed. */
  vouched(by: string, region: string, vector: { [origin: string]: number }): void
  /** The witness of this region is about to be put back with its disk: what it wrote since, it may write otherwise. */
  forkable(region: string): void
}

export function createLedger(databases: ReadonlyMap<string, Database>, schedule: Schedule): Ledger {
  const names = new Map<string, string>()
  const forkable = new Set<string>()
  const forks = new Set<string>()
  const violations: string[] = []
  /** Region and strand → the most that it ever said it had. */
  const highest = new Map<string, number>()

  function violation(text: string): void {
    const line = `${schedule.now().toFixed(3)} ${text}`
    violations.push(line)
    schedule.trace(`VIOLATION ${text}`)
  }

  function durable(region: string, strand: string, seq: number): LogRow | undefined {
    const { line, origin } = parseStrand(strand)
    const stored = databases.get(region)!.disk()[line]
    return rowAt(stored, origin, seq) ?? asideAt(stored, origin, seq)
  }

  function named(by: string, row: LogRow, line: Line): void {
    const key = `${strandOf(line, row.origin)}#${row.seq}`
    const hash = Buffer.from(row.hash).toString('hex')
    const known = names.get(key)
    if (known === undefined) names.set(key, hash)
    else if (known !== hash && !forks.has(key)) {
      if (forkable.has(parseOrigin(row.origin)?.region ?? '')) forks.add(key)
      else violation(`${by}: ${key} names two rows`)
    }
  }

  return {
    violations,
    forks,
    violation,
    acknowledged(region, id, origin, seq) {
      const row = durable(region, origin, seq)
      if (row?.entryId !== id) violation(`${region} acknowledged ${origin}#${seq} before it was flushed`)
      else named(`acknowledged in ${region}`, row, 'entries')
    },
    shown(region, id, origin, seq) {
      const row = durable(region, origin, seq)
      if (row?.entryId !== id) violation(`${region} showed ${origin}#${seq} which it has not flushed`)
      else named(`shown in ${region}`, row, 'entries')
    },
    said(region, message) {
      if (message.type === 'vector') {
        for (const [strand, seq] of message.strands) {
          const key = `${region} ${strand}`
          highest.set(key, Math.max(seq, highest.get(key) ?? 0))
          if (seq > 0 && !durable(region, strand, seq))
            violation(`${region} said that it has ${strand} up to ${seq}, which it has not flushed`)
        }
      } else if (message.type === 'rows')
        for (const row of message.rows) {
          const flushed = durable(region, message.strand, row.seq)
          if (!flushed || !Buffer.from(flushed.hash).equals(row.hash))
            violation(`${region} sent ${message.strand}#${row.seq}, which it has not flushed`)
          else named(`sent by ${region}`, row, parseStrand(message.strand).line)
        }
    },
    vouched(by, region, vector) {
      for (const [origin, seq] of Object.entries(vector))
        if (seq > (highest.get(`${region} ${origin}`) ?? 0))
          violation(`${by} says that ${region} has ${origin} up to ${seq}, which ${region} never said`)
    },
    forkable: (region) => void forkable.add(region),
  }
}
