import type { Entry } from '../../domain/entries/entry.ts'

/** What a caller wants stored, before it has a place. */
export type PlainRow = {
  /** Left out for an entry or an update. The document of a tombstone is the scope of the keys that it destroys. */
  kind?: 'tombstone'
  document: string
  subject: string
  entryId: string
  homeGroup: string
  author: string
  lamport: number
  plain: Uint8Array
  /** What `plain` says, for listeners, so that nobody has to read it again. */
  entry?: Entry | undefined
}
export type RowCommit = { origin: string; seq: number; epoch: number; clock: number }
export type AppendOutcome =
  | { outcome: 'committed'; commit: RowCommit }
  | { outcome: 'unavailable'; detail: string }
  | { outcome: 'indeterminate'; detail: string }
  /** What the row is about was erased; nothing was stored, and never will be. */
  | { outcome: 'erased'; detail: string }
