import { hash } from 'node:crypto'
import type { Commit, CommittedEntry, Entry } from '../../domain/entries/entry.ts'
import { clientIdOf } from '../../domain/entries/origin.ts'
import { patientScope, scopeOf } from '../keys/keyring.ts'
import type { EntryTable } from './entry-table.ts'
import type { FlushedRow } from './flushed-row.ts'
import type { LineLog } from './line-log.ts'
import type { LogRow } from './log-row.ts'
import { openRows } from './open-row.ts'
import type { AppendOutcome, PlainRow } from './plain-row.ts'
import type { CommitOutcome, Draft, EntryLog, FlushedEntry } from './ports.ts'
import type { QuarantineRegister } from './quarantine.ts'

export type EntryLogDeps = {
  log: LineLog
  table: EntryTable
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
 * 5. A row that is in the table, but of which this region does not say yet that it has flushed it, is not told: nobody is
 *    to see what the witness does not name.
 */
export function createEntryLog({ log, table, quarantine, warn }: EntryLogDeps): StoredEntries {
  const listeners = new Set<(entries: readonly FlushedEntry[]) => void>()
  const isErased = (document: string) => log.keyring.erased(scopeOf(document))
  const isFlushed = ({ origin, seq }: { origin: string; seq: number }) => seq <= log.head(origin).seq

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

  async function open(rows: readonly LogRow[]): Promise<FlushedRow[]> {
    return checked(await openRows(log.keyring, 'entries', rows.filter(isFlushed)))
  }

  async function rowsOf(document: string): Promise<FlushedRow[]> {
    if (isErased(document)) return []
    return open(await table.rowsOf(document))
  }

  async function clocksOf(document: string): Promise<Map<string, number>> {
    if (isErased(document)) return new Map()
    return table.clocksOf(document, log.servable())
  }

  async function itemsOf(
    document: string,
    since: ReadonlyMap<number, number> = new Map(),
  ): Promise<FlushedEntry[]> {
    if (isErased(document)) return []
    const origins = since.size === 0 ? [] : [...(await clocksOf(document)).keys()]
    if (origins.length === 0) return openablePrefixes(await rowsOf(document))
    const clocks = new Map(origins.map((origin) => [origin, since.get(clientIdOf(origin)) ?? 0]))
    return openablePrefixes(await open(await table.rowsFrom(document, clocks)))
  }

  return {
    origin: () => log.writer.origin(),
    async commit(drafts) {
      const outcomes = await log.writer.append(drafts.map(plainRow))
      return drafts.map((draft, i) => commitOutcome(draft.id, outcomes[i]!))
    },
    itemsOf,
    clocksOf,
    changesIn: async (documents, after, upTo) =>
      table.changesIn(
        documents.filter((document) => !isErased(document)),
        after,
        upTo,
      ),
    itemsBetween: async (documents, after, upTo) =>
      openablePrefixes(await open(await table.rowsBetween(documents, after, upTo))),
    async entriesOf(document) {
      return joinCommits((await rowsOf(document)).flatMap((row) => flushedEntry(row) ?? []))
    },
    highestLamports: table.highestLamports,
    async placesOf(subjects) {
      const places = new Map<string, string>()
      for (const { subject, document } of await table.placesOf(subjects))
        if (!places.has(subject) && !isErased(document)) places.set(subject, document)
      return places
    },
    async statementsAbout(subjects) {
      const readable = (await table.rowsAbout(subjects)).filter(({ document }) => !isErased(document))
      return joinCommits((await open(readable)).flatMap((row) => flushedEntry(row) ?? []))
    },
    subjectsOf: table.subjectsOf,
    highestLamport: async (document) => (await table.highestLamports([document])).get(document) ?? 0,
    async find(entryId) {
      const rows = (await table.commitsOf(entryId)).filter(isFlushed)
      const first = rows[0]
      if (!first) return undefined
      const commits = rows.map(({ origin, seq, epoch }) => ({ origin, seq, epoch }))
      return { document: first.document, subject: first.subject, commits }
    },
    async documentsOf(patientId) {
      return log.keyring.erased(patientScope(patientId)) ? [] : table.documentsOf(patientId)
    },
    async documentOf(subject) {
      return (await table.placesOf([subject])).find(({ document }) => !isErased(document))?.document
    },
    async documentsAbout(subject) {
      return (await table.documentsAbout(subject)).filter((document) => !isErased(document))
    },
    async patientStatements() {
      return (await open(await table.patientRows())).flatMap((row) => flushedEntry(row) ?? [])
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
