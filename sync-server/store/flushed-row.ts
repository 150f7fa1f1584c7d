import type { Entry } from '../../domain/entries/entry.ts'
import type { LogRow } from './log-row.ts'

/**
 * Why the content of a row cannot be had here.
 *
 * - `no-key`: its key was not granted to this region, or has not come yet. What can be served ends before it.
 * - `erased`: its key was destroyed, for good. The row is kept, because others stand on it in the chain.
 * - `damaged`: the key is here, and what it opens is not what was sealed. The row is passed over; an operator is told.
 */
export type Unopened = 'no-key' | 'erased' | 'damaged'

/** A row that is flushed, with its content if this region can open it. */
export type FlushedRow = {
  row: LogRow
  plain: Uint8Array | undefined
  /** The entry that the content is, where it was at hand. */
  entry?: Entry | undefined
  /** Why there is no content, though this kind of row has one. */
  why?: Unopened
}
