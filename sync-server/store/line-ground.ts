import { connect, statementTimeoutMs } from './database.ts'
import type { Line } from './line.ts'
import { createLineTable, type LineTable } from './line-table.ts'
import { type PenInHand, takePen } from './pen.ts'
import { realTimers, type Timers } from './timers.ts'
import { openWitness, type Witness } from './witness.ts'

/** What a line of the log stands on. A simulation has its own. */
export type LineGround = {
  /** Reaches for the pen of this line. */
  takePen(): Promise<PenInHand>
  openWitness(): Promise<Witness>
  /** A connection of its own, for rows of other regions. */
  openTable(): { table: LineTable; close(): Promise<void> }
  timers: Timers
}

/**
 * A region's PostgreSQL and its state folder.
 * @param process name of this process among those of the region
 */
export function realGround(databaseUrl: string, stateDir: string, line: Line, process: string): LineGround {
  return {
    takePen: () => takePen({ databaseUrl, line, process }),
    openWitness: () => openWitness(stateDir, line),
    openTable() {
      const sql = connect(databaseUrl, { max: 1, name: `intake of ${line}`, statementTimeoutMs })
      return { table: createLineTable(sql, line), close: () => sql.end({ timeout: 2 }) }
    },
    timers: realTimers,
  }
}
