import { createHash } from 'node:crypto'
import { LRUCache } from 'lru-cache'
import { z } from 'zod'
import { scopeOf } from '../keys/keyring.ts'
import { open, seal } from '../keys/sealing.ts'
import { inTime, type Sql } from './database.ts'
import type { FlushedRow } from './flushed-row.ts'
import { parseStrand } from './line.ts'
import type { LineLog } from './line-log.ts'
import { logRow, type StoredRow } from './log-row-sql.ts'
import { openRows } from './open-row.ts'
import type { NoteLog, NotePlace, NoteUpdate } from './ports.ts'
import type { QuarantineRegister } from './quarantine.ts'

/** A note update that was not stored. The note must be read from the log again. */
export class NoteNotStored extends Error {
  override name = 'NoteNotStored'
}

const coversShape = z.record(z.string(), z.int().min(0))

type Snapshot = { covers: Map<string, number>; state: Uint8Array }

/**
 * Notes while they are written. Notes belong to no home group: every region of the cluster may open them. A snapshot is
 * a cache: it says how many updates of each origin it holds, and everything behind that is read from the log.
 */
export function createNoteLog(log: LineLog, sql: Sql, quarantine: QuarantineRegister): NoteLog {
  const listeners = new Set<Parameters<NoteLog['onReceived']>[0]>()
  /** The key under which the last row of a note was sealed, for notes that this region only reads. */
  const keysSeen = new LRUCache<string, string>({ max: 1000 })

  async function readSnapshot(document: string): Promise<Snapshot | undefined> {
    const [row] = await inTime(sql<{ covers: unknown; key_id: string; bytes: Uint8Array }[]>`
      select covers, key_id, bytes from note_snapshot where document = ${document}`)
    const covers = coversShape.safeParse(row?.covers)
    if (!row || !covers.success) return undefined
    const known = new Map(Object.entries(covers.data))
    try {
      const key = await log.keyring.key(row.key_id)
      return key && { covers: known, state: open(key, placeOf(document, known), row.bytes) }
    } catch {
      // It was altered, or belongs elsewhere: the log has everything.
      return undefined
    }
  }

  async function rowsBehind(document: string, covers: ReadonlyMap<string, number>): Promise<FlushedRow[]> {
    const origins = [...log.flushed().keys()].map((strand) => parseStrand(strand).origin)
    const rows = await inTime(sql<StoredRow[]>`
      select behind.* from unnest(${origins}::text[], ${origins.map((o) => covers.get(o) ?? 0)}::integer[])
        as wanted (origin, clock) cross join lateral (
          select * from note_log where kind = 'update' and document = ${document}
            and origin = wanted.origin and clock >= wanted.clock) behind
      order by behind.origin, behind.seq`)
    return checked(await openRows(log.keyring, 'notes', rows.map(logRow)))
  }

  function checked(rows: FlushedRow[]): FlushedRow[] {
    const back = quarantine.read('notes', rows)
    if (back.length > 0) tell(back)
    return rows
  }

  function tell(rows: readonly FlushedRow[]): void {
    const notes = rows.flatMap((row) => noteUpdate(row) ?? [])
    if (notes.length > 0) for (const listener of [...listeners]) listener(notes)
  }

  /** Reads a note so that what can be read again leaves quarantine. */
  function lookAgain(document: string): void {
    rowsBehind(document, new Map()).catch(() => undefined)
  }

  log.onFlushed((rows) => {
    tell(checked([...rows]).filter(({ row }) => row.origin !== log.writer.origin()))
    for (const { row } of rows)
      if (row.kind === 'grant')
        for (const document of quarantine.documentsUnder(row.keyId)) lookAgain(document)
  })
  log.ends.onSetAside((origin, after) => quarantine.cut('notes', origin, after))
  for (const { document } of quarantine.documents()) if (document.startsWith('note/')) lookAgain(document)

  return {
    async append({ document, update, author }) {
      const none = { subject: '', entryId: '', homeGroup: '', lamport: 0 }
      const [outcome] = await log.writer.append([{ ...none, document, author, plain: update }])
      if (outcome?.outcome !== 'committed') throw new NoteNotStored(outcome?.detail ?? 'nothing was stored')
      return { origin: outcome.commit.origin, clock: outcome.commit.clock }
    },
    async load(document) {
      const snapshot = await readSnapshot(document)
      const rows = await rowsBehind(document, snapshot?.covers ?? new Map())
      const last = rows.at(-1)?.row
      if (last) keysSeen.set(document, last.keyId)
      const updates = rows.flatMap(({ row: { origin, seq }, plain }) =>
        plain ? { update: plain, origin, seq } : [],
      )
      return { state: snapshot?.state, updates, covers: coversOf(rows, snapshot) }
    },
    async keepSnapshot(document, covers, state) {
      const keyId = log.keyring.active(log.writer.origin(), scopeOf(document)) ?? keysSeen.get(document)
      const key = keyId === undefined ? undefined : await log.keyring.key(keyId)
      if (keyId === undefined || !key) return
      const bytes = Buffer.from(seal(key, placeOf(document, covers), state))
      await inTime(sql`
        insert into note_snapshot (document, covers, key_id, bytes)
        values (${document}, ${sql.json(Object.fromEntries(covers))}, ${keyId}, ${bytes})
        on conflict (document) do update
          set covers = excluded.covers, key_id = excluded.key_id, bytes = excluded.bytes`)
    },
    async updatesOf(document) {
      return (await rowsBehind(document, new Map())).flatMap((row) => row.plain ?? [])
    },
    onReceived(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  }
}

/** A state is bound to its note and to what it says that it holds. */
function placeOf(document: string, covers: ReadonlyMap<string, number>) {
  const text = JSON.stringify([...covers].sort(([a], [b]) => (a < b ? -1 : 1)))
  return { origin: 'snapshot', document, entryId: createHash('sha256').update(text).digest('base64url') }
}

function coversOf(
  rows: readonly FlushedRow[],
  snapshot: Snapshot | undefined,
): Map<string, number> | undefined {
  const covers = new Map(snapshot?.covers)
  for (const { row, plain } of rows) {
    if (!plain || row.clock !== (covers.get(row.origin) ?? 0)) return undefined
    covers.set(row.origin, row.clock + 1)
  }
  return covers
}

function noteUpdate({ row, plain }: FlushedRow): (NoteUpdate & NotePlace) | undefined {
  if (row.kind !== 'update' || !plain) return undefined
  return { document: row.document, update: plain, author: row.author, origin: row.origin, clock: row.clock }
}
