import { randomBytes } from 'node:crypto'
import { connect } from './database.ts'
import type { Line } from './line.ts'
import { createLineTable, type LineTable } from './line-table.ts'

/**
 * The pen of a line: the one connection that may append rows of this region. It is an advisory lock of the
 * session, so it is free the moment the session ends, however the process died. A client library that reconnects
 * gets a new session without the lock; a session variable, which every append compares, keeps that one from writing.
 */
export type Pen = { table: LineTable; token: string; close(): Promise<void> }

/** First key of Meridian's advisory locks on pens; the second is the line's. */
const penLock = 774_411_002
const lockOf: Record<Line, number> = { entries: 1, notes: 2 }

/** Tries to take the pen. Undefined if another process has it. */
export async function tryPen(
  databaseUrl: string,
  line: Line,
  statementTimeoutMs: number,
): Promise<Pen | undefined> {
  const sql = connect(databaseUrl, { max: 1, name: `writer of ${line}`, statementTimeoutMs })
  const token = randomBytes(16).toString('hex')
  try {
    const [row] = await sql<
      { taken: boolean }[]
    >`select pg_try_advisory_lock(${penLock}, ${lockOf[line]}) as taken`
    if (row?.taken) {
      await sql`select set_config('meridian.pen', ${token}, false), set_config('synchronous_commit', 'on', false)`
      return { table: createLineTable(sql, line), token, close: () => sql.end({ timeout: 1 }) }
    }
  } catch (error) {
    await sql.end({ timeout: 0 })
    throw error
  }
  await sql.end({ timeout: 1 })
  return undefined
}
