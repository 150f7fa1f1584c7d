import { hash } from 'node:crypto'
import type { Commit, CommittedEntry, Entry } from '../../domain/entries/entry.ts'
import { clientIdOf } from '../../domain/entries/origin.ts'
import { patientScope, scopeOf } from '../keys/keyring.ts'
import { inTime, type Sql } from './database.ts'
import type { LineLog } from './line-log.ts'
import { logRow, type StoredRow } from './log-row-sql.ts'
import { openRows } from './open-row.ts'
import type { AppendOutcome, PlainRow } from './plain-row.ts'
import type { CommitOutcome, Draft, EntryLog, FlushedEntry, Vector } from './ports.ts'
import type { QuarantineRegister } from './quarantine.ts'
import type { FlushedRow } from './writer.ts'

export type EntryLogDeps = {
  log: LineLog
  sql: Sql
  quarantine: QuarantineRegister
  warn(message: string, detail: object): void
}

/** What the store itself asks beside the port. */
export type StoredEntries = EntryLog & {
  /** Every statement about a Patient that can be read here. */
  patientStatements(): Promise<FlushedEntry[]>
}

/**
 * The entries of a region: drafts into rows, rows into items and entries.
 *
 * 1. Of what was erased nothing is told, whoever wrote it and whenever it comes.
 * 2. Items of an origin are told up to the first that cannot be read here, because clocks have no gaps: whoever reads along
 *    gets the rest when that one can be read. Entries are told whatever stands before them.
 * 3. What a row holds is the entry that the row is named after, or it is damaged.
 * 4. A listener that fails is in nobody's way.
 */
export function createEntryLog({ log, sql, quarantine, warn }: EntryLogDeps): StoredEntries {
  const listeners = new Set<(entries: readonly FlushedEntry[]) => void>()
  const isErased = (document: string) => log.keyring.erased(scopeOf(document))

  log.onFlushed((rows) => {
    tell(checked(rows))
    for (const { row } of rows)
      if (row.kind === 'grant')
        for (const document of quarantine.documentsUnder(row.keyId)) lookAgain(document)
      else if (row.kind === 'tombstone') quarantine.forget((document) => scopeOf(document) === row.document)
  })
  log.ends.onSetAside((origin, after) => quarantine.cut('entries', origin, after))
  for (const { document } of quarantine.documents()) if (!document.startsWith('note/')) lookAgain(document)

  function tell(rows: readonly FlushedRow[]): void {
    const entries = rows.flatMap((row) => (isErased(row.row.document) ? [] : (flushedEntry(row) ?? [])))
    if (entries.length === 0) return
    for (const listener of [...listeners])
      try {
        listener(entries)
      } catch {
        warn('entries that were flushed could not be passed on', { rows: entries.length })
      }
  }

  /** Reads a document so that what can be read again leaves quarantine. */
  function lookAgain(document: string): void {
    itemsOf(document).catch(() => undefined)
  }

  function checked(rows: readonly FlushedRow[]): FlushedRow[] {
    const sound = rows.map((flushed): FlushedRow => {
      const { row, plain, entry } = flushed
      if (!plain || entry || hash('sha256', plain, 'base64url') === row.entryId) return flushed
      quarantine.report('entries', row, 'other-content')
      return { row, plain: undefined, why: 'damaged' }
    })
    const back = quarantine.read('entries', sound)
    if (back.length > 0) tell(back)
    return sound
  }

  async function open(stored: readonly StoredRow[]): Promise<FlushedRow[]> {
    return checked(await openRows(log.keyring, 'entries', stored.map(logRow)))
  }

  async function rowsOf(document: string): Promise<FlushedRow[]> {
    if (isErased(document)) return []
    return open(
      await inTime(sql<StoredRow[]>`
        select * from log where kind = 'entry' and document = ${document} order by origin, clock`),
    )
  }

  async function clocksOf(document: string): Promise<Map<string, number>> {
    if (isErased(document)) return new Map()
    const servable = log.servable()
    const rows = await inTime(sql<{ origin: string; items: number }[]>`
      select log.origin, max(clock) + 1 as items
      from log join unnest(${[...servable.keys()]}::text[], ${[...servable.values()]}::bigint[])
        as servable (origin, seq) on log.origin = servable.origin and log.seq <= servable.seq
      where kind = 'entry' and document = ${document} group by log.origin`)
    return new Map(rows.map((row) => [row.origin, row.items]))
  }

  async function itemsOf(
    document: string,
    since: ReadonlyMap<number, number> = new Map(),
  ): Promise<FlushedEntry[]> {
    if (isErased(document)) return []
    const wanted =
      since.size === 0
        ? []
        : [...(await clocksOf(document))].map(
            ([origin]) => [origin, since.get(clientIdOf(origin)) ?? 0] as const,
          )
    const rows =
      wanted.length === 0
        ? await rowsOf(document)
        : await open(
            await inTime(sql<StoredRow[]>`
          select log.* from log join unnest(${wanted.map(([origin]) => origin)}::text[], ${wanted.map(([, clock]) => clock)}::integer[])
            as wanted (origin, clock) on log.origin = wanted.origin and log.clock >= wanted.clock
          where kind = 'entry' and document = ${document} order by log.origin, log.clock`),
          )
    return openablePrefixes(rows)
  }

  /** A table of origins with the sequences between which rows are asked for. */
  const wanted = (after: Vector, upTo: Vector) => {
    const origins = Object.keys(upTo)
    return sql`unnest(${origins}::text[], ${origins.map((o) => after[o] ?? 0)}::bigint[], ${Object.values(upTo)}::bigint[])
      as wanted (origin, after, up_to)`
  }

  return {
    origin: () => log.writer.origin(),
    async commit(drafts) {
      const outcomes = await log.writer.append(drafts.map(plainRow))
      return drafts.map((draft, i) => commitOutcome(draft.id, outcomes[i]!))
    },
    itemsOf,
    clocksOf,
    async changesIn(documents, after, upTo) {
      const rows = await inTime(sql<{ document: string; changes: number }[]>`
        select document, count(*)::integer as changes from log join ${wanted(after, upTo)} on
          log.origin = wanted.origin and log.seq > wanted.after and log.seq <= wanted.up_to
        where kind = 'entry' and document = any(${documents as string[]}::text[]) group by document`)
      return new Map(rows.map((row) => [row.document, row.changes]))
    },
    async itemsBetween(documents, after, upTo) {
      const rows = await inTime(sql<StoredRow[]>`
        select log.* from log join ${wanted(after, upTo)} on
          log.origin = wanted.origin and log.seq > wanted.after and log.seq <= wanted.up_to
        where kind = 'entry' and document = any(${documents as string[]}::text[])
        order by document, log.origin, clock`)
      return openablePrefixes(await open(rows))
    },
    async entriesOf(document) {
      return joinCommits((await rowsOf(document)).flatMap((row) => flushedEntry(row) ?? []))
    },
    async highestLamports(documents) {
      const rows = await inTime(sql<{ document: string; highest: number }[]>`
        select document, max(lamport) as highest from log
        where kind = 'entry' and document = any(${documents as string[]}::text[]) group by document`)
      return new Map(rows.map((row) => [row.document, row.highest]))
    },
    async placesOf(subjects) {
      const rows = await inTime(sql<{ subject: string; document: string }[]>`
        select subject, document from log where kind = 'entry' and subject = any(${subjects as string[]}::text[])
        order by lamport, entry_id`)
      const places = new Map<string, string>()
      for (const { subject, document } of rows)
        if (!places.has(subject) && !isErased(document)) places.set(subject, document)
      return places
    },
    async subjectsOf(entryIds) {
      const rows = await inTime(sql<{ entry_id: string; subject: string }[]>`
        select entry_id, subject from log where kind = 'entry' and entry_id = any(${entryIds as string[]}::text[])`)
      return new Map(rows.map((row) => [row.entry_id, row.subject]))
    },
    async highestLamport(document) {
      const [row] = await inTime(sql<{ highest: number | null }[]>`
        select max(lamport) as highest from log where kind = 'entry' and document = ${document}`)
      return row?.highest ?? 0
    },
    async find(entryId) {
      const rows = await inTime(sql<(Commit & { document: string; subject: string })[]>`
        select document, subject, origin, seq, epoch from log where kind = 'entry' and entry_id = ${entryId}
        order by origin, seq`)
      const first = rows[0]
      if (!first) return undefined
      const commits = rows.map(({ origin, seq, epoch }) => ({ origin, seq, epoch }))
      return { document: first.document, subject: first.subject, commits }
    },
    async documentsOf(patientId) {
      if (log.keyring.erased(patientScope(patientId))) return []
      const rows = await inTime(sql<{ document: string }[]>`
        select distinct document from log where kind = 'entry' and
          (document in (${`chart/${patientId}`}, ${`notices/${patientId}`}) or document like ${`journal/${patientId}/%`})
        order by document`)
      return rows.map((row) => row.document)
    },
    async documentOf(subject) {
      const [first] = await inTime(sql<{ document: string }[]>`
        select document from log where kind = 'entry' and subject = ${subject}
        order by lamport, entry_id limit 1`)
      if (!first || !isErased(first.document)) return first?.document
      const all = await inTime(sql<{ document: string }[]>`
        select document from log where kind = 'entry' and subject = ${subject} order by lamport, entry_id`)
      return all.find((row) => !isErased(row.document))?.document
    },
    async documentsAbout(subject) {
      const rows = await inTime(sql<{ document: string }[]>`
        select distinct document from log where kind = 'entry' and subject = ${subject} order by document`)
      return rows.map((row) => row.document).filter((document) => !isErased(document))
    },
    async patientStatements() {
      const rows = await inTime(sql<StoredRow[]>`
        select * from log where kind = 'entry' and subject like 'Patient/%'`)
      return (await open(rows)).flatMap((row) => flushedEntry(row) ?? [])
    },
    onFlushed(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  }
}

function plainRow({ id, entry, canonical, homeGroup }: Draft): PlainRow {
  const { document, subject, lamport } = entry
  return {
    document,
    subject,
    entryId: id,
    homeGroup,
    author: entry.author.user,
    lamport,
    plain: Buffer.from(canonical),
    entry,
  }
}

function commitOutcome(id: string, outcome: AppendOutcome): CommitOutcome {
  if (outcome.outcome !== 'committed') return { id, ...outcome }
  const { origin, seq, epoch } = outcome.commit
  return { id, outcome: 'committed', commit: { origin, seq, epoch } }
}

/** Of each origin, the items up to the first that cannot be opened: what lies behind it would hang in the air. */
function openablePrefixes(rows: readonly FlushedRow[]): FlushedEntry[] {
  const stopped = new Set<string>()
  return rows.flatMap((row) => {
    const { origin, document } = row.row
    const entry = stopped.has(`${origin} ${document}`) ? undefined : flushedEntry(row)
    if (!entry) stopped.add(`${origin} ${document}`)
    return entry ?? []
  })
}

function flushedEntry({ row, plain, entry }: FlushedRow): FlushedEntry | undefined {
  if (row.kind !== 'entry' || !plain) return undefined
  const { origin, seq, epoch, clock, entryId, document, subject, lamport, homeGroup } = row
  const read = entry ? () => entry : readOnce(plain)
  return {
    origin,
    clock,
    id: entryId,
    commit: { origin, seq, epoch },
    document,
    subject,
    lamport,
    homeGroup,
    get entry() {
      return read()
    },
  }
}

function readOnce(plain: Uint8Array): () => Entry {
  let bytes: Uint8Array | undefined = plain
  let entry: Entry | undefined
  return () => {
    entry ??= JSON.parse(Buffer.from(bytes!).toString('utf8')) as Entry
    bytes = undefined
    return entry
  }
}

/** Entries of items; an entry that was committed in several regions is one entry with several commits. */
export function joinCommits(items: Iterable<{ id: string; entry: Entry; commit: Commit }>): CommittedEntry[] {
  const entries = new Map<string, CommittedEntry>()
  for (const { id, entry, commit } of items) {
    const known = entries.get(id)
    if (known) known.commits.push(commit)
    else entries.set(id, { id, entry, commits: [commit] })
  }
  return [...entries.values()]
}
