import type { CpuUse } from '../load/cpu-use.ts'
import type { Meridian } from '../servers/meridian.ts'
import type { BenchServer } from '../servers/server.ts'

/** What one run of a measure found. */
export type Found = {
  /** Metric → value, in the unit that `metrics.ts` gives it. */
  values: { [metric: string]: number }
  /** Who used the core meanwhile, where that was watched. */
  cpu?: { [phase: string]: CpuUse }
}

export type MeasureContext = {
  /** Much smaller and shorter, to see whether it works; the numbers are worth nothing. */
  quick: boolean
  /** Different in every run, fit for a document's name. */
  run: string
  log(text: string): void
}

export type Measure = {
  /** The letter that the issue gives it. */
  letter: string
  title: string
} & (
  | { of: 'all'; run(server: BenchServer, context: MeasureContext): Promise<Found> }
  | { of: 'meridian'; run(server: Meridian, context: MeasureContext): Promise<Found> }
)
