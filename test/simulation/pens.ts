import type { Line } from '../../sync-server/store/line.ts'
import { isTakenOver, type PenHolder, type PenInHand } from '../../sync-server/store/pen.ts'
import { createPenWatch } from '../../sync-server/store/pen-watch.ts'
import type { Connection, Database, Locks } from './database.ts'
import { createLineTable, penVariable } from './line-table.ts'
import type { ServerProcess } from './server-process.ts'

/** The statements of `store/pen.ts`, and the standby of `store/region-store.ts`, on the modelled database. */
export type Pens = {
  take(line: Line): Promise<PenInHand>
  /** May this process try to take the pens now? Ends sessions of a process that has stopped. */
  mayTake(): Promise<boolean>
}

export function createPens(process: ServerProcess, database: Database & Locks, reader: Connection): Pens {
  const watch = createPenWatch(process.timers.now)
  let taken = 0

  const holdersNow = (): PenHolder[] =>
    database.holders().map(({ lock, session, name, moves, waitsForClient }) => ({
      line: lock as Line,
      pid: session,
      process: name === '' ? undefined : name,
      movedAt: String(moves),
      waitsForClient,
    }))

  async function end(connection: Connection, holders: readonly PenHolder[]): Promise<void> {
    for (const { pid, movedAt } of holders)
      await connection.statement('end a session', () => {
        if (holdersNow().some((holder) => holder.pid === pid && holder.movedAt === movedAt))
          database.endSession(pid)
      })
  }

  return {
    async take(line) {
      const connection = database.connect(process, process.name)
      taken += 1
      const token = `${process.name} ${taken}`
      try {
        if (await connection.statement(`${line} lock`, (session) => database.tryLock(line, session))) {
          await connection.statement(
            `${line} token`,
            ({ variables }) => void variables.set(penVariable, token),
          )
          return { table: createLineTable(connection, line), token, close: connection.close }
        }
        const holders = await connection.statement('holders', holdersNow)
        await end(
          connection,
          holders.filter((holder) => holder.line === line && holder.process === process.name),
        )
        await connection.close()
        return isTakenOver(line, holders, process.name) ? 'taken-over' : undefined
      } catch (error) {
        await connection.close()
        throw error
      }
    },
    async mayTake() {
      const holders = await reader.statement('holders', holdersNow)
      await end(reader, watch.look(holders))
      return holders.length === 0
    },
  }
}
