import { inTime, type Sql } from './database.ts'
import type { Line } from './line.ts'
import type { QuarantineReason } from './ports.ts'
import type { QuarantineMemory, RememberedRow } from './quarantine.ts'

/** Where a region remembers what it could not read: a table beside the log, which nobody else sees. */
export async function readQuarantine(sql: Sql): Promise<RememberedRow[]> {
  const rows = await inTime(sql<Stored[]>`select * from quarantine`)
  return rows.map(({ key_id, since, returned, ...same }) => ({
    ...same,
    keyId: key_id,
    since: since.toISOString(),
    returned: returned !== null,
  }))
}

type Stored = {
  line: Line
  origin: string
  seq: number
  document: string
  key_id: string
  reason: QuarantineReason
  since: Date
  returned: Date | null
}

export function quarantineTable(sql: Sql): QuarantineMemory {
  return {
    async put({ line, origin, seq, document, keyId, reason, since, returned }) {
      await inTime(sql`
        insert into quarantine (line, origin, seq, document, key_id, reason, since, returned)
        values (${line}, ${origin}, ${seq}, ${document}, ${keyId}, ${reason}, ${since},
          case when ${returned} then now() end)
        on conflict (line, origin, seq) do update
          set reason = excluded.reason, since = excluded.since, returned = excluded.returned`)
    },
    async forget(documents) {
      await inTime(sql`delete from quarantine where document = any(${documents as string[]}::text[])`)
    },
  }
}
