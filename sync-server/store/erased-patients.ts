import { patientScope } from '../keys/keyring.ts'
import { inTime, type Sql } from './database.ts'
import type { LineLog } from './line-log.ts'
import { logRow, type StoredRow } from './log-row-sql.ts'
import type { AppendOutcome } from './plain-row.ts'
import type { ErasedPatients, PatientDirectory } from './ports.ts'
import { erasureBytes, openErasure } from './tombstone.ts'

/**
 * Erasing a patient is destroying the keys of everything that was ever written about them: a tombstone, a row of the log,
 * reaches every region, and the transaction that stores it empties every grant of the patient's keys
 * (`migrations/0002-erasure.sql`).
 *
 * 1. A region that has flushed a tombstone has carried it out. One that was away does so when it is back; one whose disk
 *    was restored from before gets the tombstone again, from whoever has it.
 * 2. Rows about the patient stay where they are, sealed for good, because the chain runs over them.
 * 3. Two tombstones do what one does.
 */
export type ErasedPatientsDeps = {
  log: LineLog
  sql: Sql
  patients(): PatientDirectory
  now(): Date
  /** Called when keys have just been destroyed: their old versions still lie in the table. */
  destroyed(): void
}

export function createErasedPatients({
  log,
  sql,
  patients,
  now,
  destroyed,
}: ErasedPatientsDeps): ErasedPatients {
  const listeners = new Set<(patientId: string) => void>()
  const told = new Set<string>()
  const has = (patientId: string) => log.keyring.erased(patientScope(patientId))

  log.onFlushed((rows) => {
    const tombstones = rows.filter(({ row }) => row.kind === 'tombstone')
    if (tombstones.length > 0) destroyed()
    for (const { row } of tombstones) tell(row.document)
  })

  function tell(scope: string): void {
    const patientId = patientOfScope(scope)
    if (patientId === undefined || told.has(patientId)) return
    told.add(patientId)
    for (const listener of [...listeners]) listener(patientId)
  }

  /** The group of a patient of whom something is stored here, readable or not. */
  async function homeGroupOf(patientId: string): Promise<string | undefined> {
    const known = patients().get(patientId)
    if (known) return known.homeGroup
    const [row] = await inTime(sql<{ homeGroup: string }[]>`
      select home_group as "homeGroup" from log where kind = 'grant' and document = ${patientScope(patientId)}
      order by origin, seq limit 1`)
    return row?.homeGroup
  }

  return {
    has,
    async erase({ patientId, reason, author }) {
      if (has(patientId)) return { outcome: 'erased' }
      const homeGroup = await homeGroupOf(patientId)
      if (homeGroup === undefined) return { outcome: 'unknown' }
      const [answer] = await log.writer.append([
        {
          kind: 'tombstone',
          document: patientScope(patientId),
          subject: '',
          entryId: '',
          homeGroup,
          author,
          lamport: 0,
          plain: erasureBytes({ reason, requestedAt: now().toISOString() }),
        },
      ])
      return outcomeOf(answer)
    },
    async find(patientId) {
      if (!has(patientId)) return undefined
      const rows = (
        await inTime(sql<StoredRow[]>`
          select * from log where kind = 'tombstone' and document = ${patientScope(patientId)} order by origin, seq`)
      ).map(logRow)
      await log.keyring.prepare(rows.map((row) => row.keyId))
      const times = rows.flatMap((row) => openErasure(log.keyring.keys(row.keyId), row)?.requestedAt ?? [])
      return {
        requestedAt: times.sort()[0],
        tombstones: rows.map(({ origin, seq }) => ({ origin, seq })),
      }
    },
    onErased(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  }
}

function outcomeOf(answer: AppendOutcome | undefined) {
  if (answer?.outcome === 'committed' || answer?.outcome === 'erased') return { outcome: 'erased' } as const
  const { outcome, detail } = answer ?? { outcome: 'unavailable', detail: 'nothing was stored' }
  return { outcome, detail }
}

function patientOfScope(scope: string): string | undefined {
  const [kind, id] = scope.split('/')
  return kind === 'patient' ? id : undefined
}
