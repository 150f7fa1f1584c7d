import { type Line, payloadKindOf } from './line.ts'
import type { LineTable } from './line-table.ts'
import type { Head, LogRow } from './log-row.ts'

/** The rows of one line in memory, for tests: what a disk holds of it. */
export type MemoryRows = { log: Map<string, LogRow[]>; aside: { row: LogRow; carried: boolean }[] }

export function emptyRows(): MemoryRows {
  return { log: new Map(), aside: [] }
}

/** What a backup holds. */
export function copyRows({ log, aside }: MemoryRows): MemoryRows {
  return {
    log: new Map([...log].map(([origin, rows]) => [origin, [...rows]])),
    aside: aside.map((one) => ({ ...one })),
  }
}

/**
 * A line's table in memory. Like the real one it refuses a second row at a place, takes all rows of a statement or none, and
 * lets rows go only behind an end.
 * @param holds does the session of this token hold the pen?
 */
export function createMemoryTable(
  rows: MemoryRows,
  line: Line,
  holds: (token: string) => boolean = () => true,
): LineTable {
  const payload = payloadKindOf(line)
  const all = () => [...rows.log.keys()].sort().flatMap((origin) => rows.log.get(origin)!)
  const of = (origin: string) => rows.log.get(origin) ?? []

  function ends(): Map<string, number> {
    const last = new Map<string, number>()
    for (const row of all())
      if (row.kind === 'end')
        last.set(row.subject, Math.min(row.lamport, last.get(row.subject) ?? Number.POSITIVE_INFINITY))
    return last
  }

  return {
    async append(fresh, penToken) {
      if (penToken !== undefined && !holds(penToken)) return 0
      const taken = fresh.some((row, i) => {
        const before = fresh.slice(0, i).filter((other) => other.origin === row.origin).length
        return row.seq !== of(row.origin).length + before + 1
      })
      if (taken) throw Object.assign(new Error('a row stands there already'), { code: '23505' })
      for (const row of fresh) rows.log.set(row.origin, [...of(row.origin), row])
      return fresh.length
    },
    async heads() {
      const heads = [...rows.log].flatMap(([origin, own]): [string, Head][] => {
        const last = own.at(-1)
        return last ? [[origin, { seq: last.seq, hash: last.hash }]] : []
      })
      return new Map(heads)
    },
    hashAt: async (origin, seq) => of(origin)[seq - 1]?.hash,
    rowsAfter: async (origin, after, limit) => of(origin).slice(after, after + limit),
    rowsOfKind: async (...kinds) => all().filter((row) => kinds.some((kind) => kind === row.kind)),
    statedAbout: async (keyIds) => all().filter((row) => row.kind !== payload && keyIds.includes(row.keyId)),
    async commitsOf(origin, entryIds) {
      const ended = ends()
      const commits = all().filter(
        (row) =>
          row.kind === payload &&
          entryIds.includes(row.entryId) &&
          row.seq <= (ended.get(row.origin) ?? Number.POSITIVE_INFINITY),
      )
      return commits.sort((a, b) => Number(a.origin === origin) - Number(b.origin === origin))
    },
    async nextClocks(origin, documents) {
      const next = new Map<string, number>()
      for (const row of of(origin))
        if (row.kind === payload && documents.includes(row.document)) next.set(row.document, row.clock + 1)
      return next
    },
    async keysNotGranted(region) {
      const granted = all().filter((row) => row.kind === 'grant' && row.subject.split(',').includes(region))
      const keys = new Set(granted.map((row) => row.keyId))
      const first = new Map<string, { origin: string; keyId: string; seq: number; document: string }>()
      for (const { kind, origin, keyId, seq, document } of all())
        if (kind === payload && !keys.has(keyId) && !first.has(`${origin} ${keyId}`))
          first.set(`${origin} ${keyId}`, { origin, keyId, seq, document })
      return [...first.values()]
    },
    rowsUnder: async (origin, keyId, after, limit) =>
      of(origin)
        .filter((row) => row.kind === payload && row.keyId === keyId && row.seq > after)
        .slice(0, limit),
    ends: async () => ends(),
    async setAside(origin, after, limit, waiting) {
      if ((ends().get(origin) ?? Number.POSITIVE_INFINITY) > after)
        throw new Error('the log is append-only: DELETE refused')
      const from = Math.max(after, of(origin).length - limit)
      const moved = of(origin).slice(from)
      for (const row of moved) rows.aside.push({ row, carried: !waiting.includes(row.seq) })
      rows.log.set(origin, of(origin).slice(0, from))
      return { rows: moved.length, documents: [...new Set(moved.map((row) => row.document))] }
    },
    async setAsideCounts() {
      const counts = new Map<string, { rows: number; waiting: number }>()
      for (const { row, carried } of rows.aside) {
        const known = counts.get(row.origin) ?? { rows: 0, waiting: 0 }
        counts.set(row.origin, { rows: known.rows + 1, waiting: known.waiting + (carried ? 0 : 1) })
      }
      return counts
    },
    waitingRows: async (limit) =>
      rows.aside
        .filter(({ carried }) => !carried)
        .map(({ row }) => row)
        .slice(0, limit),
    async carried(done) {
      for (const one of rows.aside) if (done.includes(one.row)) one.carried = true
    },
    holdsPen: async (token) => holds(token),
  }
}
