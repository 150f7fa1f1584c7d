/** What a caller wants stored, before it has a place. */
export type PlainRow = {
  document: string
  subject: string
  entryId: string
  homeGroup: string
  author: string
  lamport: number
  plain: Uint8Array
}
export type RowCommit = { origin: string; seq: number; epoch: number; clock: number }
export type AppendOutcome =
  | { outcome: 'committed'; commit: RowCommit }
  | { outcome: 'unavailable'; detail: string }
  | { outcome: 'indeterminate'; detail: string }
