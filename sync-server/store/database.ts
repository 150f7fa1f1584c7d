import postgres from 'postgres'

/** Connections to a region's PostgreSQL. Nothing but plain tables, indexes and triggers is asked of it. */
export type Sql = postgres.Sql<{ bigint: number }>

/** A database that cannot hold what Meridian promises. The message says which setting to change. */
export class UnfitDatabase extends Error {
  override name = 'UnfitDatabase'
}

/**
 * A pool. Sequence numbers are read as JavaScript numbers (they stay far below 2^53). Connections are never recycled
 * by age, because the writer's connection holds a lock.
 */
export function connect(
  url: string,
  options: { max: number; name: string; statementTimeoutMs: number },
): Sql {
  return postgres(url, {
    max: options.max,
    idle_timeout: 0,
    max_lifetime: null,
    connect_timeout: 5,
    // The driver's own pause grows to 20 s: so long nothing could be read after a database has come back.
    backoff: () => 0.2,
    onnotice: () => {},
    connection: {
      application_name: `meridian ${options.name}`,
      statement_timeout: options.statementTimeoutMs,
      // A plan that was made while the log was empty reads the whole of it for ever.
      plan_cache_mode: 'force_custom_plan',
    },
    types: { bigint: { to: 20, from: [20], parse: Number, serialize: String } },
  })
}

/**
 * Refuses a database that would acknowledge what it has not flushed, or could lose a torn page.
 * Throws {@link UnfitDatabase}.
 */
export async function assertDurable(sql: Sql): Promise<void> {
  for (const setting of ['fsync', 'synchronous_commit', 'full_page_writes'] as const) {
    const [row] = await sql<{ value: string }[]>`select current_setting(${setting}) as value`
    if (row?.value === 'off')
      throw new UnfitDatabase(
        `${setting} is off in this PostgreSQL: turn it on, an acknowledgement means flushed`,
      )
  }
}

/** Errors after which nobody can say from here whether the statement took effect. */
export function isConnectionLoss(error: unknown): boolean {
  const code = (error as { code?: unknown }).code
  return (
    typeof code === 'string' &&
    (code.startsWith('CONNECTION_') ||
      code.startsWith('08') ||
      code.startsWith('57P') ||
      socketErrors.has(code))
  )
}

/** The database cannot be asked now: its connection is lost, or the statement took too long (57014). */
export function isOutOfReach(error: unknown): boolean {
  return isConnectionLoss(error) || (error as { code?: unknown }).code === '57014'
}

const socketErrors = new Set(['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'CONNECT_TIMEOUT'])

/** Statements are ended by the database after this time, in ms. */
export const statementTimeoutMs = 10_000
const silenceMs = 12_000

/** Statements that have not been answered yet, and when they count as never to be. */
const waiting = new Set<{ until: number; giveUp(error: Error): void }>()
let watch: NodeJS.Timeout | undefined
const watchMs = 500

/**
 * A database that is stopped in mid-statement cannot time the statement out itself. Whoever waits for it hears
 * of a lost connection instead, after longer than a database that works lets a statement run. For a write this is safe: a
 * new pen cannot be had before the old session is gone, and then the log is read.
 */
export function inTime<T>(statement: PromiseLike<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const mine = { until: performance.now() + silenceMs, giveUp: reject }
    waiting.add(mine)
    watch ??= setInterval(lookForSilence, watchMs)
    statement.then(
      (value) => {
        waiting.delete(mine)
        resolve(value)
      },
      (error) => {
        waiting.delete(mine)
        reject(error)
      },
    )
  })
}

function lookForSilence(): void {
  const now = performance.now()
  for (const one of waiting) {
    if (one.until > now) break
    waiting.delete(one)
    one.giveUp(Object.assign(new Error('the database is silent'), { code: 'ETIMEDOUT' }))
  }
  if (waiting.size > 0) return
  clearInterval(watch)
  watch = undefined
}
