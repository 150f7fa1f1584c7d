import { performance } from 'node:perf_hooks'
import { setTimeout as sleep } from 'node:timers/promises'

/**
 * Lets work that has time go on without delaying what has none.
 *
 * 1. Of every turn of the event loop all such work together gets one slice; then sockets, timers and other people's work
 *    have theirs.
 * 2. It rests until the loop has been idle for as long as it was busy, whoever kept it busy, so that what comes meanwhile
 *    mostly finds nobody before it.
 */
export type Pace = {
  /** To be awaited before each small piece of work. */
  piece(): Promise<void>
  /** To be awaited behind each larger part of it. Those that rest at the same time do so one after the other. */
  rest(): Promise<void>
}

/** In milliseconds. An answer to a clinician takes some ten turns of the loop, and waits for a slice in each. */
const sliceMs = 1
/** Longest rest in milliseconds: the busiest region gets on with its imports. */
const longestRestMs = 100

export type PaceDeps = {
  /** Milliseconds of a clock that never jumps. */
  monotonic(): number
  /** Calls back in the next turn of the event loop. */
  soon?(act: () => void): void
  wait?(milliseconds: number): Promise<unknown>
  /** For how long the loop has been busy and idle until now, in milliseconds. */
  loop?(): { active: number; idle: number }
}

export function createPace({
  monotonic,
  soon = setImmediate,
  wait = sleep,
  loop = () => performance.eventLoopUtilization(),
}: PaceDeps): Pace {
  const waiting: (() => void)[] = []
  let sliceEnds = Number.NEGATIVE_INFINITY
  let rested: Promise<void> = Promise.resolve()
  let before = loop()

  function nextSlice(): void {
    sliceEnds = monotonic() + sliceMs
    waiting.shift()?.()
    if (waiting.length > 0) soon(nextSlice)
  }

  async function rest(): Promise<void> {
    const { active, idle } = loop()
    const owed = active - before.active - (idle - before.idle)
    if (owed >= 1) await wait(Math.min(owed, longestRestMs))
    before = loop()
  }

  return {
    async piece() {
      if (monotonic() < sliceEnds) return
      await new Promise<void>((resolve) => {
        if (waiting.push(resolve) === 1) soon(nextSlice)
      })
    },
    rest() {
      rested = rested.then(rest)
      return rested
    },
  }
}
