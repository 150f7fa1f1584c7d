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
    onnotice: () => {},
    connection: {
      application_name: `meridian ${options.name}`,
      statement_timeout: options.statementTimeoutMs,
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

const socketErrors = new Set(['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'CONNECT_TIMEOUT'])
