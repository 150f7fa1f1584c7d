import type { FrameVector } from '../../domain/wire/wire.ts'
import { connect, type Sql } from '../../sync-server/store/database.ts'

/**
 * Compares what apps are told about other regions with what lies in those regions' databases at that moment: a region
 * must have flushed at least what another one says that it has. After its disk was put back it may have less until the
 * other one has heard of it; what was told across such a moment says nothing.
 */
export type ReplicatedWatch = {
  told(regions: { [region: string]: FrameVector }): void
  checked(): number
  violations(): string[]
  close(): Promise<void>
}

const everyMs = 150
/** A region that came back is heard of again within so many ms. */
const settledMs = 20_000

export function createReplicatedWatch(
  databases: ReadonlyMap<string, string>,
  restores: (region: string) => number,
): ReplicatedWatch {
  const connections = new Map<string, Sql>(
    [...databases].map(([region, url]) => [
      region,
      connect(url, { max: 1, name: 'watch', statementTimeoutMs: 3000 }),
    ]),
  )
  const seen = new Map<string, { restores: number; since: number }>()
  const violations: string[] = []
  let checked = 0
  let last = 0
  const running = new Set<Promise<void>>()

  function isSettled(region: string): boolean {
    const known = seen.get(region)
    const now = { restores: restores(region), since: performance.now() }
    if (!known || known.restores !== now.restores) {
      seen.set(region, now)
      return now.restores === 0
    }
    // Odd: it is being put back just now.
    return known.restores === 0 || (known.restores % 2 === 0 && now.since - known.since > settledMs)
  }

  async function compare(region: string, vector: FrameVector): Promise<void> {
    const before = restores(region)
    if (!isSettled(region)) return
    const sql = connections.get(region)
    if (!sql) return
    let rows: { origin: string; seq: number }[]
    try {
      rows = await sql`select origin, max(seq) as seq from log group by origin`
    } catch {
      return
    }
    if (restores(region) !== before) return
    const there = new Map(rows.map(({ origin, seq }) => [origin, seq]))
    const ended = new Set(
      (await sql`select subject from log where kind = 'end'`.catch(() => [])).map((row) =>
        String(row['subject']),
      ),
    )
    checked += 1
    for (const [origin, seq] of Object.entries(vector))
      if (!ended.has(origin) && seq > (there.get(origin) ?? 0))
        violations.push(`${region} was said to have ${origin}:${seq} and has ${there.get(origin) ?? 0}`)
  }

  return {
    told(regions) {
      if (performance.now() - last < everyMs) return
      last = performance.now()
      for (const [region, vector] of Object.entries(regions)) {
        const one = compare(region, vector).finally(() => running.delete(one))
        running.add(one)
      }
    },
    checked: () => checked,
    violations: () => violations,
    async close() {
      await Promise.all(running)
      await Promise.all([...connections.values()].map((sql) => sql.end({ timeout: 1 })))
    },
  }
}
