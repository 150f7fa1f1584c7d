import type { Commit, CommittedEntry, Entry } from '../../domain/entries/entry.ts'
import type { AuthoredItem } from '../../domain/entries/items.ts'

/**
 * What the gateway, the HTTP interface and the importer need of a region's store. The implementation is
 * `createRegionStore`; the contract suite in `contract.ts` must hold for any other.
 */

/** Origin → highest sequence of a contiguous prefix of its rows. */
export type Vector = { [origin: string]: number }

/** An entry that has passed admission and is ready for the log. */
export type Draft = {
  id: string
  /** Its keys in canonical order, as `parseEntry` gives it: what is told of it has the same bytes everywhere. */
  entry: Entry
  /** Canonical JSON of the entry: what is sealed. */
  canonical: string
  homeGroup: string
}

export type CommitOutcome =
  | { id: string; outcome: 'committed'; commit: Commit }
  /** The region cannot write now; nothing was stored. Worth another try. */
  | { id: string; outcome: 'unavailable'; detail: string }
  /** Nobody knows whether the row was stored; ask by id. */
  | { id: string; outcome: 'indeterminate'; detail: string }
  /** The patient was erased: nothing was stored, and never will be. */
  | { id: string; outcome: 'erased'; detail: string }

/** An item with what can be told without its entry, which is read only when somebody asks for it. */
export type FlushedEntry = Omit<AuthoredItem, 'entry'> & {
  readonly entry: Entry
  document: string
  subject: string
  lamport: number
  homeGroup: string
}

export type EntryLog = {
  /** The origin under which this region writes now. */
  origin(): string
  /**
   * Commits drafts in one group, in their order, and resolves when the database has flushed them. A draft whose
   * entry this region's current origin has committed before is answered with that commit; nothing is stored twice.
   */
  commit(drafts: readonly Draft[]): Promise<CommitOutcome[]>
  /** Items of a document that a holder of this state vector (Yjs client id → clock) lacks, each origin in clock order. */
  itemsOf(document: string, since?: ReadonlyMap<number, number>): Promise<FlushedEntry[]>
  /** Origin → number of its items in this document. */
  clocksOf(document: string): Promise<Map<string, number>>
  /** Of these documents, those with rows above one vector and not above another, and how many. */
  changesIn(documents: readonly string[], after: Vector, upTo: Vector): Promise<Map<string, number>>
  /** Items of these documents above one vector and not above another, sorted by document, origin and clock. */
  itemsBetween(documents: readonly string[], after: Vector, upTo: Vector): Promise<FlushedEntry[]>
  /** Every entry of a document that can be read here, commits of the same entry joined. */
  entriesOf(document: string): Promise<CommittedEntry[]>
  /** Document → highest Lamport number in it. Those without entries are absent. */
  highestLamports(documents: readonly string[]): Promise<Map<string, number>>
  /** Subject → the document of its first statement here. Those about which nothing was stated are absent. */
  placesOf(subjects: readonly string[]): Promise<Map<string, string>>
  /** Every statement about these subjects that can be read here, in any document, commits of the same entry joined. */
  statementsAbout(subjects: readonly string[]): Promise<CommittedEntry[]>
  /** Entry → its subject. Those that are not here are absent. */
  subjectsOf(entryIds: readonly string[]): Promise<Map<string, string>>
  /** Highest Lamport number in a document, 0 if it is empty. */
  highestLamport(document: string): Promise<number>
  /** Where an entry was committed and what it is about, or undefined if it is not here. */
  find(entryId: string): Promise<{ document: string; subject: string; commits: Commit[] } | undefined>
  /** Documents of a patient that hold at least one entry, sorted by name. */
  documentsOf(patientId: string): Promise<string[]>
  /** The document that holds the first statement about a subject here, or undefined. */
  documentOf(subject: string): Promise<string | undefined>
  /** Every document in which something was stated about a subject: more than one if regions did not know of each other. */
  documentsAbout(subject: string): Promise<string[]>
  /** Called in commit order, after the flush, for rows of this region and of others alike. */
  onFlushed(listener: (entries: readonly FlushedEntry[]) => void): () => void
}

export type NoteUpdate = { document: string; update: Uint8Array; author: string }

/** Where an update stands: its origin, and how many updates of that origin come before it in its note. */
export type NotePlace = { origin: string; clock: number }

/** A note as the log has it: a state that may be a snapshot's, and what that does not hold. */
export type StoredNote = {
  state: Uint8Array | undefined
  /** In an order in which they can be applied behind the state; with the row of each. */
  updates: { update: Uint8Array; origin: string; seq: number }[]
  /**
   * Origin → how many of its updates are in here, from the first on without a gap. Undefined while one of them cannot be
   * opened: what comes behind it must not hide it.
   */
  covers: Map<string, number> | undefined
}

export type NoteLog = {
  /** Appends one emitted Yjs update; resolves when it is flushed, rejects if it was not stored. */
  append(note: NoteUpdate): Promise<NotePlace>
  load(document: string): Promise<StoredNote>
  /** Keeps a state, as a cache, that holds at least so many updates of each origin. */
  keepSnapshot(document: string, covers: ReadonlyMap<string, number>, state: Uint8Array): Promise<void>
  /** Every update of a note, in an order in which they can be applied. */
  updatesOf(document: string): Promise<Uint8Array[]>
  /**
   * Updates of notes that other regions sent, after the flush, and any that could not be read before and can be now. Own
   * appends do not come here.
   */
  onReceived(listener: (notes: readonly (NoteUpdate & NotePlace)[]) => void): () => void
}

/** Patients whose keys were destroyed. Nothing about them is told, or taken, any more. */
export type ErasedPatients = {
  has(patientId: string): boolean
  /**
   * Has a patient erased, in every region and for good. `erased` once the tombstone is durable here, and carried out; also
   * if there was one before.
   */
  erase(order: { patientId: string; reason: string; author: string }): Promise<EraseOutcome>
  /** What is known of an erasure; undefined if this region has heard of none. */
  find(patientId: string): Promise<ErasureState | undefined>
  /** Called once for a patient, when {@link has} says so. */
  onErased(listener: (patientId: string) => void): () => void
}

export type EraseOutcome =
  | { outcome: 'erased' }
  /** Nobody has heard of this patient here. */
  | { outcome: 'unknown' }
  | { outcome: 'unavailable' | 'indeterminate'; detail: string }

export type ErasureState = {
  /** The first time that it was asked for, RFC 3339; undefined where this region may not read it. */
  requestedAt: string | undefined
  /** Rows that say so. A region that has flushed one of them has carried it out. */
  tombstones: { origin: string; seq: number }[]
}

/**
 * Why a row cannot be read, though its key is here: its bytes do not open, they are not the entry that they are said to
 * be, or Yjs cannot put them into their note.
 */
export type QuarantineReason = 'unreadable' | 'other-content' | 'breaks-note'

export type QuarantinedRow = {
  origin: string
  seq: number
  reason: QuarantineReason
  /** RFC 3339. */
  since: string
}

/** Documents of which this region cannot read everything that it holds. They go on, and come back by themselves. */
export type Quarantine = {
  documents(): { document: string; rows: QuarantinedRow[] }[]
  size(): number
  /** True for a document that is here, or was once: who followed it may lack something that was not readable then. */
  hadGap(document: string): boolean
  /** A note was put together. These of its rows did not fit in; others that did not before do now. */
  noteLoaded(document: string, misfits: readonly { origin: string; seq: number }[]): void
}

export type PatientSummary = {
  id: string
  homeGroup: string
  /** The Patient resource as the chart shows it now. */
  resource: { [element: string]: unknown }
  /** True if something was stated about the Patient that only a newer version understands: `resource` lacks it. */
  incomplete?: true
}

/** All patients of this region, in memory, kept current as rows are flushed. */
export type PatientDirectory = {
  get(patientId: string): PatientSummary | undefined
  all(): Iterable<PatientSummary>
}

export type RegionVectors = { flushed: Vector; servable: Vector }

export type PeerState = {
  region: string
  reachable: boolean
  ageSeconds: number | null
  lagRows: number | null
}

/** Items of a document as one Yjs update, in an order in which they can be applied behind the parts before. */
export type SnapshotPart = {
  update: Uint8Array
  /** Origin → how many of its items there are when this part is applied. */
  ends: ReadonlyMap<string, number>
}

/** The beginning of a document: what a reader who has nothing is told before what comes after it. */
export type DocumentSnapshot = { parts: readonly SnapshotPart[] }

/** A cache of {@link DocumentSnapshot}s. What is not in one is in the log. */
export type DocumentSnapshots = {
  load(document: string): Promise<DocumentSnapshot | undefined>
  keep(document: string, snapshot: DocumentSnapshot): Promise<void>
  drop(documents: readonly string[]): Promise<void>
}

/** A vector, and the hash of the row at each of its sequences (base64url) as far as it is known. */
export type CursorProof = { vector: Vector; hashes: { [origin: string]: string } }

/** What a device shows with its cursor, signed by the region that told it. */
export type ProvenCursor = {
  /** The last target: what the device holds. */
  held: CursorProof
  /** The furthest that it was ever told of each origin, perhaps in a history that is gone. */
  furthest: CursorProof
}

export type RegionStore = {
  entries: EntryLog
  snapshots: DocumentSnapshots
  notes: NoteLog
  patients: PatientDirectory
  erased: ErasedPatients
  quarantine: Quarantine
  /** Read from the database after the call. */
  vectors(): Promise<RegionVectors>
  /**
   * Called when rows of these documents have left the log, because their origin had two histories: who read them holds
   * items that are void.
   */
  onReplaced(listener: (documents: readonly string[]) => void): () => void
  /** The proof of a vector that is told to a device: it shows it with its cursor. */
  proofOf(vector: Vector): Promise<CursorProof>
  /**
   * To be told of every cursor that is proven. If it is ahead of this region's own origin, or names another row of it,
   * rows were lost here: the region goes on as the next incarnation, and has done so when this resolves. Returns the
   * origins of which the cursor knows another row than stands here: who showed it holds something else.
   */
  proven(proof: CursorProof): Promise<string[]>
  /** Does the store take writes? If not, why, in words for an operator without patient data. */
  health(): { writes: true } | { writes: false; detail: string }
  close(): Promise<void>
}
