import { betweenRegions } from './between-regions.ts'
import { catchUp } from './catch-up.ts'
import { closedLoopEdits } from './closed-loop-edits.ts'
import { editLatency } from './edit-latency.ts'
import { journal } from './journal.ts'
import { longNote } from './long-note.ts'
import { lost } from './lost.ts'
import type { Measure } from './measure.ts'
import { memory } from './memory.ts'
import { reconnects } from './reconnects.ts'
import { returnOfARegion } from './return-of-a-region.ts'
import { submitRate } from './submit-rate.ts'

/** In the order in which they are taken: what leaves much behind comes late. */
export const measures: readonly Measure[] = [
  closedLoopEdits,
  editLatency,
  memory,
  longNote,
  reconnects,
  submitRate,
  betweenRegions,
  journal,
  catchUp,
  returnOfARegion,
  lost,
]
