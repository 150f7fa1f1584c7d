import { connect, statementTimeoutMs } from '../../sync-server/store/database.ts'
import { createLineTable } from '../../sync-server/store/line-table.ts'
import { emptyHead, follows } from '../../sync-server/store/log-row.ts'

/** What is wrong with what was acknowledged. */
export type Findings = { lost: string[]; doubled: string[]; other: string[] }

export type Acknowledged = { id: string; origin: string; seq: number }

export const noFindings = (): Findings => ({ lost: [], doubled: [], other: [] })

/** Of these entries, those that a database does not hold exactly once, in the place that was acknowledged. */
export async function auditRows(database: string, acknowledged: readonly Acknowledged[]): Promise<Findings> {
  const sql = connect(database, { max: 1, name: 'audit', statementTimeoutMs })
  const findings = noFindings()
  try {
    const ids = acknowledged.map(({ id }) => id)
    const rows = await sql<Acknowledged[]>`
      select entry_id as id, origin, seq from log where kind = 'entry' and entry_id = any(${ids}::text[])`
    for (const { id, origin, seq } of acknowledged) {
      const there = rows.filter((row) => row.id === id)
      if (!there.some((row) => row.origin === origin && row.seq === seq)) findings.lost.push(id)
      if (there.length > 1) findings.doubled.push(id)
    }
  } finally {
    await sql.end()
  }
  return findings
}

/** The whole log of an origin: one chain from 1 without gaps, every entry in it once. */
export async function auditChain(database: string, origin: string): Promise<Findings & { rows: number }> {
  const sql = connect(database, { max: 1, name: 'audit', statementTimeoutMs })
  const findings = noFindings()
  try {
    const table = createLineTable(sql, 'entries')
    const seen = new Set<string>()
    let head = emptyHead('entries', origin)
    for (;;) {
      const rows = await table.rowsAfter(origin, head.seq, 1000)
      for (const row of rows) {
        if (!follows(head, row)) findings.other.push(`the chain of ${origin} breaks at ${row.seq}`)
        if (row.kind === 'entry' && seen.has(row.entryId)) findings.doubled.push(row.entryId)
        seen.add(row.entryId)
        head = { seq: row.seq, hash: row.hash }
      }
      if (rows.length === 0) return { ...findings, rows: head.seq }
    }
  } finally {
    await sql.end()
  }
}
