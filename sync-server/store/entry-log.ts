import type { Commit, CommittedEntry, Entry } from '../../domain/entries/entry.ts'
import { clientIdOf } from '../../domain/entries/origin.ts'
import { inTime, type Sql } from './database.ts'
import { openRow } from './intake.ts'
import type { LineLog } from './line-log.ts'
import { logRow, type StoredRow } from './log-row-sql.ts'
import type { AppendOutcome, PlainRow } from './plain-row.ts'
import type { CommitOutcome, Draft, EntryLog, FlushedEntry } from './ports.ts'
import type { FlushedRow } from './writer.ts'

/** The entries of a region: drafts into rows, rows into items and entries. */
export function createEntryLog(log: LineLog, sql: Sql): EntryLog {
  async function clocksOf(document: string): Promise<Map<string, number>> {
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
    const wanted =
      since.size === 0
        ? []
        : [...(await clocksOf(document))].map(
            ([origin]) => [origin, since.get(clientIdOf(origin)) ?? 0] as const,
          )
    const rows =
      wanted.length === 0
        ? await inTime(sql<StoredRow[]>`
          select * from log where kind = 'entry' and document = ${document} order by origin, clock`)
        : await inTime(sql<StoredRow[]>`
          select log.* from log join unnest(${wanted.map(([origin]) => origin)}::text[], ${wanted.map(([, clock]) => clock)}::integer[])
            as wanted (origin, clock) on log.origin = wanted.origin and log.clock >= wanted.clock
          where kind = 'entry' and document = ${document} order by log.origin, log.clock`)
    const opened = await Promise.all(rows.map((row) => openRow(log.keyring, 'entries', logRow(row))))
    return openablePrefixes(opened)
  }

  return {
    origin: () => log.writer.origin(),
    async commit(drafts) {
      const outcomes = await log.writer.append(drafts.map(plainRow))
      return drafts.map((draft, i) => commitOutcome(draft.id, outcomes[i]!))
    },
    itemsOf,
    clocksOf,
    async entriesOf(document) {
      return joinCommits(await itemsOf(document))
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
      const rows = await inTime(sql<{ document: string }[]>`
        select distinct document from log where kind = 'entry' and
          (document in (${`chart/${patientId}`}, ${`notices/${patientId}`}) or document like ${`journal/${patientId}/%`})
        order by document`)
      return rows.map((row) => row.document)
    },
    async documentOf(subject) {
      const [row] = await inTime(sql<{ document: string }[]>`
        select document from log where kind = 'entry' and subject = ${subject}
        order by lamport, entry_id limit 1`)
      return row?.document
    },
    async documentsAbout(subject) {
      const rows = await inTime(sql<{ document: string }[]>`
        select distinct document from log where kind = 'entry' and subject = ${subject} order by document`)
      return rows.map((row) => row.document)
    },
    onFlushed: (listener) =>
      log.onFlushed((rows) => {
        const entries = rows.flatMap((row) => flushedEntry(row) ?? [])
        if (entries.length > 0) listener(entries)
      }),
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
    const entry = stopped.has(row.row.origin) ? undefined : flushedEntry(row)
    if (!entry) stopped.add(row.row.origin)
    return entry ?? []
  })
}

function flushedEntry({ row, plain }: FlushedRow): FlushedEntry | undefined {
  if (row.kind !== 'entry' || !plain) return undefined
  const { origin, seq, epoch, clock, document, homeGroup } = row
  const entry = JSON.parse(Buffer.from(plain).toString('utf8')) as Entry
  return { origin, clock, id: row.entryId, entry, commit: { origin, seq, epoch }, document, homeGroup }
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
