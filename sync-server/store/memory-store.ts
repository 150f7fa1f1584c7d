import { parseDocumentName, patientOf } from '../../domain/documents/document-name.ts'
import type { Commit, CommittedEntry } from '../../domain/entries/entry.ts'
import { subjectsOf } from '../../domain/entries/heads.ts'
import { clientIdOf } from '../../domain/entries/origin.ts'
import { resourceOf } from '../../domain/fhir/present.ts'
import type {
  CommitOutcome,
  Draft,
  EntryLog,
  FlushedEntry,
  NoteLog,
  NoteUpdate,
  PatientSummary,
  RegionStore,
} from './ports.ts'

/**
 * A region's store in memory, for tests: the same contract as the real one, nothing durable. A test plays the
 * other regions by `receive` and `receiveNotes`, and a broken database by `fail`.
 */

export type MemoryStore = RegionStore & {
  /** Takes rows as another region's origin would send them; each origin continues its own sequence. */
  receive(origin: string, drafts: readonly Draft[]): void
  receiveNotes(notes: readonly NoteUpdate[]): void
  /** From now on writes are answered with this outcome; undefined heals. Notes reject. */
  fail(outcome: 'unavailable' | 'indeterminate' | undefined): void
  /** Every commit and every note takes this many milliseconds. */
  delay(milliseconds: number): void
}

export function createMemoryStore({ origin = 'frankfurt.1', epoch = 1 } = {}): MemoryStore {
  const rows: FlushedEntry[] = []
  const byDocument = new Map<string, FlushedEntry[]>()
  const byId = new Map<string, FlushedEntry[]>()
  const firstDocument = new Map<string, string>()
  const sequences = new Map<string, number>()
  const notes: NoteUpdate[] = []
  const patients = new Map<string, PatientSummary>()
  const flushed = listeners<readonly FlushedEntry[]>()
  const received = listeners<readonly NoteUpdate[]>()
  let failure: 'unavailable' | 'indeterminate' | undefined
  let delay = 0
  let tail: Promise<unknown> = Promise.resolve()

  /** Commits and notes reach the log one after the other, as through one writing connection. */
  function serially<T>(work: () => T): Promise<T> {
    const result = tail.then(async () => {
      if (delay > 0) await new Promise((resolve) => setTimeout(resolve, delay))
      return work()
    })
    tail = result.catch(() => undefined)
    return result
  }

  function store(from: string, draft: Draft): FlushedEntry {
    const inDocument = byDocument.get(draft.entry.document) ?? []
    const seq = (sequences.get(from) ?? 0) + 1
    const row: FlushedEntry = {
      origin: from,
      clock: inDocument.filter((r) => r.origin === from).length,
      id: draft.id,
      entry: draft.entry,
      commit: { origin: from, seq, epoch },
      document: draft.entry.document,
      homeGroup: draft.homeGroup,
    }
    sequences.set(from, seq)
    rows.push(row)
    byDocument.set(row.document, [...inDocument, row])
    byId.set(row.id, [...(byId.get(row.id) ?? []), row])
    if (!firstDocument.has(row.entry.subject)) firstDocument.set(row.entry.subject, row.document)
    return row
  }

  function publish(stored: readonly FlushedEntry[]): void {
    for (const row of stored) showPatient(row)
    if (stored.length > 0) flushed.tell(stored)
  }

  function showPatient(row: FlushedEntry): void {
    const [type, id] = row.entry.subject.split('/')
    if (type !== 'Patient' || id === undefined || row.document !== `chart/${id}`) return
    const state = subjectsOf(joined(byDocument.get(row.document) ?? [])).get(row.entry.subject)
    const resource = state && resourceOf(state)
    if (resource) patients.set(id, { id, homeGroup: row.homeGroup, resource })
  }

  function commit(drafts: readonly Draft[]): CommitOutcome[] {
    const stored: FlushedEntry[] = []
    const outcomes = drafts.map((draft): CommitOutcome => {
      if (failure) return { id: draft.id, outcome: failure, detail: 'the store was told to fail' }
      const known = byId.get(draft.id)?.find((r) => r.origin === origin)
      if (known) return { id: draft.id, outcome: 'committed', commit: known.commit }
      const row = store(origin, draft)
      stored.push(row)
      return { id: draft.id, outcome: 'committed', commit: row.commit }
    })
    publish(stored)
    return outcomes
  }

  const entries: EntryLog = {
    origin: () => origin,
    commit: (drafts) => serially(() => commit(drafts)),
    itemsOf: async (document, since) =>
      (byDocument.get(document) ?? [])
        .filter((row) => row.clock >= (since?.get(clientIdOf(row.origin)) ?? 0))
        .sort((a, b) => (a.origin < b.origin ? -1 : a.origin > b.origin ? 1 : a.clock - b.clock)),
    clocksOf: async (document) => {
      const clocks = new Map<string, number>()
      for (const row of byDocument.get(document) ?? []) clocks.set(row.origin, row.clock + 1)
      return clocks
    },
    entriesOf: async (document) => joined(byDocument.get(document) ?? []),
    highestLamport: async (document) =>
      Math.max(0, ...(byDocument.get(document) ?? []).map((row) => row.entry.lamport)),
    find: async (entryId) => {
      const found = byId.get(entryId)
      const first = found?.[0]
      return first && { document: first.document, subject: first.entry.subject, commits: commitsOf(found) }
    },
    documentsOf: async (patientId) =>
      [...byDocument.keys()].filter((name) => isAbout(name, patientId)).sort(),
    documentOf: async (subject) => firstDocument.get(subject),
    documentsAbout: async (subject) =>
      [...new Set(rows.filter((row) => row.entry.subject === subject).map((row) => row.document))].sort(),
    onFlushed: flushed.add,
  }

  const noteLog: NoteLog = {
    append: (note) =>
      serially(() => {
        if (failure) throw new Error('the store was told to fail')
        notes.push(note)
      }),
    updatesOf: async (document) => notes.filter((n) => n.document === document).map((n) => n.update),
    onReceived: received.add,
  }

  return {
    entries,
    notes: noteLog,
    patients: { get: (id) => patients.get(id), all: () => patients.values() },
    vectors: async () => ({
      flushed: Object.fromEntries(sequences),
      servable: Object.fromEntries(sequences),
    }),
    health: () => (failure ? { writes: false, detail: 'the store was told to fail' } : { writes: true }),
    close: async () => {
      await tail
    },
    receive: (from, drafts) => publish(drafts.map((draft) => store(from, draft))),
    receiveNotes: (updates) => {
      notes.push(...updates)
      received.tell(updates)
    },
    fail: (outcome) => {
      failure = outcome
    },
    delay: (milliseconds) => {
      delay = milliseconds
    },
  }
}

function isAbout(name: string, patientId: string): boolean {
  const parsed = parseDocumentName(name)
  return 'kind' in parsed && patientOf(parsed) === patientId
}

function commitsOf(rows: readonly FlushedEntry[]): Commit[] {
  return rows.map((row) => row.commit)
}

function joined(rows: readonly FlushedEntry[]): CommittedEntry[] {
  const byId = new Map<string, CommittedEntry>()
  for (const row of rows) {
    const known = byId.get(row.id)
    byId.set(row.id, { id: row.id, entry: row.entry, commits: [...(known?.commits ?? []), row.commit] })
  }
  return [...byId.values()]
}

function listeners<T>() {
  const set = new Set<(value: T) => void>()
  return {
    add: (listener: (value: T) => void) => {
      set.add(listener)
      return () => void set.delete(listener)
    },
    tell: (value: T) => {
      for (const listener of [...set]) listener(value)
    },
  }
}
