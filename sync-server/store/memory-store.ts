import { isDocumentName, parseDocumentName, patientOf } from '../../domain/documents/document-name.ts'
import { type Commit, type CommittedEntry, isReadable } from '../../domain/entries/entry.ts'
import { subjectsOf } from '../../domain/entries/heads.ts'
import { clientIdOf } from '../../domain/entries/origin.ts'
import { resourceOf } from '../../domain/fhir/present.ts'
import type {
  CommitOutcome,
  DocumentSnapshot,
  DocumentSnapshots,
  Draft,
  EntryLog,
  ErasureState,
  FlushedEntry,
  NoteLog,
  NotePlace,
  NoteUpdate,
  PatientSummary,
  RegionStore,
  Vector,
} from './ports.ts'
import { createQuarantine } from './quarantine.ts'

/**
 * A region's store in memory, for tests: the same contract as the real one, nothing durable. A test plays the
 * other regions by `receive` and `receiveNotes`, and a broken database by `fail`.
 */

export type MemoryStore = RegionStore & {
  /** Takes rows as another region's origin would send them; each origin continues its own sequence. */
  receive(origin: string, drafts: readonly Draft[]): void
  /** Takes the tombstone of a patient as another region's origin would send it. */
  receiveTombstone(patientId: string, from: string): void
  receiveNotes(notes: readonly NoteUpdate[], from?: string): void
  /** Says that rows of these documents have left the log. */
  replace(documents: readonly string[]): void
  /** Snapshots of notes that are kept. */
  noteSnapshots: Map<string, { covers: Map<string, number>; state: Uint8Array }>
  /** From now on writes are answered with this outcome; undefined heals. Notes reject. */
  fail(outcome: 'unavailable' | 'indeterminate' | undefined): void
  /** Every commit and every note takes this many milliseconds. */
  delay(milliseconds: number): void
}

export function createMemoryStore({ origin = 'frankfurt.1', epoch = 1 } = {}): MemoryStore {
  const rows: FlushedEntry[] = []
  const bySubject = new Map<string, FlushedEntry[]>()
  const byDocument = new Map<string, FlushedEntry[]>()
  const byId = new Map<string, FlushedEntry[]>()
  const sequences = new Map<string, number>()
  const notes: (NoteUpdate & NotePlace)[] = []
  const noteSnapshots: MemoryStore['noteSnapshots'] = new Map()
  const patients = new Map<string, PatientSummary>()
  const flushed = listeners<readonly FlushedEntry[]>()
  const tombstones = new Map<string, ErasureState>()
  const erasures = listeners<string>()
  const quarantine = createQuarantine({
    known: [],
    memory: { put: async () => undefined, forget: async () => undefined },
    now: () => new Date(),
    info: () => undefined,
    warn: () => undefined,
  })
  const received = listeners<readonly (NoteUpdate & NotePlace)[]>()
  const replaced = listeners<readonly string[]>()
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
      subject: draft.entry.subject,
      lamport: draft.entry.lamport,
      homeGroup: draft.homeGroup,
    }
    sequences.set(from, seq)
    rows.push(row)
    bySubject.set(row.subject, [...(bySubject.get(row.subject) ?? []), row])
    byDocument.set(row.document, [...inDocument, row])
    byId.set(row.id, [...(byId.get(row.id) ?? []), row])
    return row
  }

  function publish(stored: readonly FlushedEntry[]): void {
    const told = stored.filter(({ document }) => !isErased(document))
    for (const row of told) showPatient(row)
    if (told.length > 0) flushed.tell(told)
  }

  const rowsOf = (document: string) => (isErased(document) ? [] : (byDocument.get(document) ?? []))

  function isErased(document: string): boolean {
    const name = parseDocumentName(document)
    const patient = isDocumentName(name) ? patientOf(name) : undefined
    return patient !== undefined && tombstones.has(patient)
  }

  function bury(patientId: string, from: string): void {
    const seq = (sequences.get(from) ?? 0) + 1
    sequences.set(from, seq)
    const known = tombstones.get(patientId) ?? { requestedAt: new Date().toISOString(), tombstones: [] }
    known.tombstones.push({ origin: from, seq })
    if (known.tombstones.length > 1) return
    tombstones.set(patientId, known)
    patients.delete(patientId)
    quarantine.forget(isErased)
    erasures.tell(patientId)
  }

  function showPatient(row: FlushedEntry): void {
    const [type, id] = row.entry.subject.split('/')
    if (type !== 'Patient' || id === undefined || row.document !== `chart/${id}`) return
    const about = joined(byDocument.get(row.document) ?? []).filter(
      ({ entry }) => entry.subject === row.entry.subject,
    )
    const read = about.filter(({ entry }) => isReadable(entry))
    const state = subjectsOf(read).get(row.entry.subject)
    const resource = state ? resourceOf(state) : { resourceType: 'Patient', id }
    const incomplete = read.length < about.length ? ({ incomplete: true } as const) : {}
    patients.set(id, { id, homeGroup: row.homeGroup, resource, ...incomplete })
  }

  function commit(drafts: readonly Draft[]): CommitOutcome[] {
    const stored: FlushedEntry[] = []
    const outcomes = drafts.map((draft): CommitOutcome => {
      if (failure) return { id: draft.id, outcome: failure, detail: 'the store was told to fail' }
      if (isErased(draft.entry.document))
        return { id: draft.id, outcome: 'erased', detail: 'this patient was erased' }
      const known = byId.get(draft.id)?.find((r) => r.origin === origin)
      if (known) return { id: draft.id, outcome: 'committed', commit: known.commit }
      const row = store(origin, draft)
      stored.push(row)
      return { id: draft.id, outcome: 'committed', commit: row.commit }
    })
    publish(stored)
    return outcomes
  }

  function between(documents: readonly string[], after: Vector, upTo: Vector): FlushedEntry[] {
    return rows.filter(
      ({ document, commit: { origin: from, seq } }) =>
        documents.includes(document) &&
        !isErased(document) &&
        seq > (after[from] ?? 0) &&
        seq <= (upTo[from] ?? 0),
    )
  }

  function keepNote(note: NoteUpdate, from: string): NoteUpdate & NotePlace {
    const clock = notes.filter((n) => n.document === note.document && n.origin === from).length
    const kept = { ...note, origin: from, clock }
    notes.push(kept)
    return kept
  }

  const beginnings = new Map<string, DocumentSnapshot>()
  const documentSnapshots: DocumentSnapshots = {
    load: async (document) => beginnings.get(document),
    keep: async (document, snapshot) => void beginnings.set(document, snapshot),
    drop: async (documents) => {
      for (const document of documents) beginnings.delete(document)
    },
  }

  const entries: EntryLog = {
    origin: () => origin,
    commit: (drafts) => serially(() => commit(drafts)),
    itemsOf: async (document, since) =>
      rowsOf(document)
        .filter((row) => row.clock >= (since?.get(clientIdOf(row.origin)) ?? 0))
        .sort((a, b) => (a.origin < b.origin ? -1 : a.origin > b.origin ? 1 : a.clock - b.clock)),
    clocksOf: async (document) => {
      const clocks = new Map<string, number>()
      for (const row of rowsOf(document)) clocks.set(row.origin, row.clock + 1)
      return clocks
    },
    changesIn: async (documents, after, upTo) => {
      const counts = new Map<string, number>()
      for (const { document } of between(documents, after, upTo))
        counts.set(document, (counts.get(document) ?? 0) + 1)
      return counts
    },
    itemsBetween: async (documents, after, upTo) =>
      between(documents, after, upTo).sort((a, b) =>
        a.document !== b.document
          ? a.document < b.document
            ? -1
            : 1
          : a.origin < b.origin
            ? -1
            : a.origin > b.origin
              ? 1
              : a.clock - b.clock,
      ),
    entriesOf: async (document) => joined(rowsOf(document)),
    highestLamports: async (documents) =>
      new Map(
        await Promise.all(
          documents.map(async (document) => [document, await entries.highestLamport(document)] as const),
        ),
      ),
    placesOf: async (subjects) => {
      const places = new Map<string, string>()
      for (const subject of subjects) {
        const document = await entries.documentOf(subject)
        if (document !== undefined) places.set(subject, document)
      }
      return places
    },
    statementsAbout: async (subjects) => {
      const about = [...new Set(subjects)].flatMap((subject) => bySubject.get(subject) ?? [])
      return joined(about.filter((row) => !isErased(row.document)))
    },
    subjectsOf: async (ids) =>
      new Map(ids.flatMap((id) => (byId.get(id) ?? []).map((row) => [id, row.entry.subject] as const))),
    highestLamport: async (document) =>
      Math.max(0, ...(byDocument.get(document) ?? []).map((row) => row.entry.lamport)),
    find: async (entryId) => {
      const found = byId.get(entryId)
      const first = found?.[0]
      return first && { document: first.document, subject: first.entry.subject, commits: commitsOf(found) }
    },
    documentsOf: async (patientId) =>
      [...byDocument.keys()].filter((name) => isAbout(name, patientId) && !isErased(name)).sort(),
    documentOf: async (subject) => bySubject.get(subject)?.find((row) => !isErased(row.document))?.document,
    documentsAbout: async (subject) =>
      [...new Set((bySubject.get(subject) ?? []).map((row) => row.document))]
        .filter((document) => !isErased(document))
        .sort(),
    onFlushed: flushed.add,
  }

  const noteLog: NoteLog = {
    append: (note) =>
      serially(() => {
        if (failure) throw new Error('the store was told to fail')
        return keepNote(note, origin)
      }),
    load: async (document) => {
      const snapshot = noteSnapshots.get(document)
      const covers = new Map(snapshot?.covers)
      const behind = notes.filter((n) => n.document === document && n.clock >= (covers.get(n.origin) ?? 0))
      for (const { origin: from, clock } of behind) covers.set(from, clock + 1)
      const updates = behind.map((n) => ({ update: n.update, origin: n.origin, seq: n.clock + 1 }))
      return { state: snapshot?.state, updates, covers }
    },
    keepSnapshot: async (document, covers, state) => {
      noteSnapshots.set(document, { covers: new Map(covers), state })
    },
    updatesOf: async (document) => notes.filter((n) => n.document === document).map((n) => n.update),
    onReceived: received.add,
  }

  return {
    entries,
    snapshots: documentSnapshots,
    notes: noteLog,
    patients: { get: (id) => patients.get(id), all: () => patients.values() },
    erased: {
      has: (id) => tombstones.has(id),
      find: async (id) => tombstones.get(id),
      onErased: erasures.add,
      erase: ({ patientId }) =>
        serially(() => {
          if (failure) return { outcome: failure, detail: 'the store was told to fail' }
          if (tombstones.has(patientId)) return { outcome: 'erased' }
          if (!patients.has(patientId)) return { outcome: 'unknown' }
          bury(patientId, origin)
          return { outcome: 'erased' }
        }),
    },
    quarantine,
    vectors: async () => ({
      flushed: Object.fromEntries(sequences),
      servable: Object.fromEntries(sequences),
    }),
    onReplaced: replaced.add,
    replace: replaced.tell,
    proofOf: async (vector) => ({ vector, hashes: {} }),
    proven: async () => [],
    health: () => (failure ? { writes: false, detail: 'the store was told to fail' } : { writes: true }),
    close: async () => {
      await tail
    },
    receiveTombstone: bury,
    receive: (from, drafts) => publish(drafts.map((draft) => store(from, draft))),
    receiveNotes: (updates, from = 'london.1') => {
      received.tell(updates.map((update) => keepNote(update, from)))
    },
    noteSnapshots,
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
