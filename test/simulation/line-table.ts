import type { Line } from '../../sync-server/store/line.ts'
import type { LineTable } from '../../sync-server/store/line-table.ts'
import { createMemoryTable } from '../../sync-server/store/memory-table.ts'
import type { Connection, SessionState } from './database.ts'

/** The session variable that a pen's session has. */
export const penVariable = 'meridian.pen'

/** A line's table as a session of the modelled database has it: each call is one statement. */
export function createLineTable(connection: Connection, line: Line): LineTable {
  function statement<T>(
    name: string,
    work: (table: LineTable) => Promise<T>,
    kind: 'reads' | 'writes' = 'reads',
  ): Promise<T> {
    return connection.statement(
      `${line} ${name}`,
      (session, disk) => {
        const result = work(createMemoryTable(disk[line], line, (token) => holdsPen(session, token)))
        // What became of it may be told to nobody.
        result.catch(() => {})
        return result
      },
      kind,
    )
  }

  return {
    append: (rows, penToken) =>
      statement(
        `append ${rows[0]?.origin} ${rows[0]?.seq}+${rows.length}`,
        (table) => table.append(rows, penToken),
        'writes',
      ),
    heads: () => statement('heads', (table) => table.heads()),
    hashAt: (origin, seq) => statement('hash', (table) => table.hashAt(origin, seq)),
    rowsAfter: (origin, after, limit) => statement('rows', (table) => table.rowsAfter(origin, after, limit)),
    rowsOfKind: (...kinds) => statement('kinds', (table) => table.rowsOfKind(...kinds)),
    statedAbout: (keyIds) => statement('stated', (table) => table.statedAbout(keyIds)),
    commitsOf: async (origin, ids) =>
      ids.length === 0 ? [] : statement('commits', (table) => table.commitsOf(origin, ids)),
    nextClocks: async (origin, documents) =>
      documents.length === 0
        ? new Map()
        : statement('clocks', (table) => table.nextClocks(origin, documents)),
    keysNotGranted: (region) => statement('keys', (table) => table.keysNotGranted(region)),
    rowsUnder: (...asked) => statement('under', (table) => table.rowsUnder(...asked)),
    ends: () => statement('ends', (table) => table.ends()),
    setAside: (origin, after, limit, waiting) =>
      statement(
        `set aside ${origin} after ${after}`,
        (table) => table.setAside(origin, after, limit, waiting),
        'writes',
      ),
    setAsideCounts: () => statement('aside', (table) => table.setAsideCounts()),
    waitingRows: (limit) => statement('waiting', (table) => table.waitingRows(limit)),
    carried: (rows) => statement(`carried ${rows.length}`, (table) => table.carried(rows), 'writes'),
    holdsPen: (token) => statement('pen', (table) => table.holdsPen(token)),
  }
}

function holdsPen(session: SessionState, token: string): boolean {
  return session.variables.get(penVariable) === token
}
