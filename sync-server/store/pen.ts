import { randomBytes } from 'node:crypto'
import { connect, inTime, type Sql, statementTimeoutMs } from './database.ts'
import { type Line, lines } from './line.ts'
import { createLineTable, type LineTable } from './line-table.ts'

/**
 * The pen of a line: the one connection that may append rows of this region. It is an advisory lock of the
 * session, so it is free the moment the session ends, however the process died. A client library that reconnects
 * gets a new session without the lock; a session variable, which every append compares, keeps that one from writing.
 *
 * The session is named after the process that holds it, so that a process knows its own stale session, which it may
 * end, from the session of another process, which has taken over.
 */
export type Pen = { table: LineTable; token: string; close(): Promise<void> }

/** What reaching for a pen came to: undefined while it cannot be had, `taken-over` if another process has the region. */
export type PenInHand = Pen | undefined | 'taken-over'

export type PenOf = { databaseUrl: string; line: Line; process: string }

/** A session that holds a pen. */
export type PenHolder = {
  line: Line
  pid: number
  /** Name of the process; undefined if the session is none of Meridian's, or may not be looked at. */
  process: string | undefined
  /** Text that changes whenever the session begins or ends a statement. */
  movedAt: string
  /** Does the database wait for the other end: for a statement, for the rest of one, or to be rid of a result? */
  waitsForClient: boolean
}

/** First key of Meridian's advisory locks on pens; the second is the line's. */
const penLock = 774_411_002
const lockOf: Record<Line, number> = { entries: 1, notes: 2 }

/** A name for a process that may hold pens, which no other has. */
export const newProcessName = () => randomBytes(8).toString('hex')

/** Tries to take the pen of a line. Its own stale session is ended, so that another try succeeds. */
export async function takePen({ databaseUrl, line, process }: PenOf): Promise<PenInHand> {
  const sql = connect(databaseUrl, { max: 1, name: `writer of ${line} ${process}`, statementTimeoutMs })
  const token = randomBytes(16).toString('hex')
  try {
    const [row] = await inTime(sql<{ taken: boolean }[]>`
      select pg_try_advisory_lock(${penLock}, ${lockOf[line]}) as taken`)
    if (row?.taken) {
      await inTime(
        sql`select set_config('meridian.pen', ${token}, false), set_config('synchronous_commit', 'on', false)`,
      )
      return { table: createLineTable(sql, line), token, close: () => sql.end({ timeout: 1 }) }
    }
    const holders = await penHolders(sql)
    const stale = holders.filter((holder) => holder.line === line && holder.process === process)
    await endSessions(sql, stale)
    await sql.end({ timeout: 1 })
    return isTakenOver(line, holders, process) ? 'taken-over' : undefined
  } catch (error) {
    await sql.end({ timeout: 0 })
    throw error
  }
}

/** Who holds the pens of this database's region. */
export async function penHolders(sql: Sql): Promise<PenHolder[]> {
  const rows = await inTime(sql<{ lock: number; pid: number; name: string; moved: string; waits: boolean }[]>`
    select l.objid::int as lock, a.pid, coalesce(a.application_name, '') as name,
      coalesce(a.state_change::text, '') as moved, coalesce(a.wait_event_type = 'Client', false) as waits
    from pg_locks l join pg_stat_activity a on a.pid = l.pid
    where l.locktype = 'advisory' and l.granted and l.classid = ${penLock} and l.objsubid = 2
      and l.database = (select oid from pg_database where datname = current_database())`)
  return rows.flatMap(({ lock, pid, name, moved, waits }) => {
    const line = lines.find((one) => lockOf[one] === lock)
    const process = /^meridian writer of \w+ (\w+)$/.exec(name)?.[1]
    return line ? [{ line, pid, process, movedAt: moved, waitsForClient: waits && moved !== '' }] : []
  })
}

/** Ends sessions that still hold their pens and have not moved since they were looked at. */
export async function endSessions(sql: Sql, holders: readonly PenHolder[]): Promise<void> {
  for (const { line, pid, movedAt } of holders)
    await inTime(sql`
      select pg_terminate_backend(a.pid) from pg_locks l join pg_stat_activity a on a.pid = l.pid
      where l.locktype = 'advisory' and l.granted and l.classid = ${penLock} and l.objid = ${lockOf[line]}
        and a.pid = ${pid} and coalesce(a.state_change::text, '') = ${movedAt}`)
}

/**
 * A process that has every pen has this region: whoever had them before writes no more. So has one that has the pen of
 * entries: of two processes that have lost a pen to each other one goes on.
 */
export function isTakenOver(line: Line, holders: readonly PenHolder[], process: string): boolean {
  const isAnother = (h: PenHolder) => h.process !== undefined && h.process !== process
  if (line === 'entries' && holders.some((h) => h.line === 'entries' && isAnother(h))) return true
  const held = (other: string) => new Set(holders.filter((h) => h.process === other).map((h) => h.line)).size
  return holders.some((h) => isAnother(h) && held(h.process ?? '') === lines.length)
}
