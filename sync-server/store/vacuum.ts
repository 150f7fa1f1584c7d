import { connect, type Sql } from './database.ts'

/**
 * Has PostgreSQL give up the old versions of emptied grants, so that their space is written over. Best effort: it works
 * outside of every transaction, for as long as it takes, and autovacuum does the same some day if it fails.
 */
export type Vacuum = { soon(): void; close(): Promise<void> }

export type VacuumDeps = {
  databaseUrl: string
  info(message: string): void
  warn(message: string, detail: object): void
}

/** Erasures that come together are followed by one run, in ms. */
const gatherMs = 1000

export function createVacuum({ databaseUrl, info, warn }: VacuumDeps): Vacuum {
  let timer: NodeJS.Timeout | undefined
  let connection: Sql | undefined
  let running: Promise<void> = Promise.resolve()

  async function run(): Promise<void> {
    timer = undefined
    connection = connect(databaseUrl, { max: 1, name: 'vacuum', statementTimeoutMs: 0 })
    try {
      await connection`vacuum log`
      info('old versions of destroyed keys were given up')
    } catch (error) {
      const { code } = error as { code?: unknown }
      warn('the table of the log could not be vacuumed: old versions of destroyed keys wait for autovacuum', {
        code: typeof code === 'string' ? code : 'unknown',
      })
    } finally {
      await connection.end({ timeout: 1 })
    }
  }

  return {
    soon() {
      timer ??= setTimeout(() => {
        running = running.then(run)
      }, gatherMs)
      timer.unref()
    },
    async close() {
      clearTimeout(timer)
      await connection?.end({ timeout: 0 })
      await running
    },
  }
}
