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

export type FlushedEntry = AuthoredItem & { document: string; homeGroup: string }

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
  /** Every entry of a document, commits of the same entry joined. */
  entriesOf(document: string): Promise<CommittedEntry[]>
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

export type NoteLog = {
  /** Appends one emitted Yjs update; resolves when it is flushed, rejects if it was not stored. */
  append(note: NoteUpdate): Promise<void>
  /** Every update of a note, in an order in which they can be applied. */
  updatesOf(document: string): Promise<Uint8Array[]>
  /** Updates of notes that other regions sent, after the flush. Own appends do not come here. */
  onReceived(listener: (notes: readonly NoteUpdate[]) => void): () => void
}

export type PatientSummary = {
  id: string
  homeGroup: string
  /** The Patient resource as the chart shows it now. */
  resource: { [element: string]: unknown }
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

export type RegionStore = {
  entries: EntryLog
  notes: NoteLog
  patients: PatientDirectory
  /** Read from the database after the call. */
  vectors(): Promise<RegionVectors>
  /** Does the store take writes? If not, why, in words for an operator without patient data. */
  health(): { writes: true } | { writes: false; detail: string }
  close(): Promise<void>
}
