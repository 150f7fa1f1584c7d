import { chartOf } from '../../domain/documents/document-name.ts'
import type { CatchUp } from '../sync/catch-up.ts'
import type { Reach } from '../sync/round-trip.ts'

/** How old this device's copy of a chart can be. */
export type CopyAge =
  /** A region answers, and has confirmed the copy within {@link liveMs}. */
  | { state: 'live' }
  /** `at`: when a region confirmed it last, ms since 1970. `tone` by display.md: amber from 1 min, red from 15 min. */
  | { state: 'confirmed'; at: number; tone: 'quiet' | 'aging' | 'old' }
  /** It was confirmed after the present time of this device, whose clock was therefore changed. */
  | { state: 'unknown' }
  /** There is no copy, or not the whole of one: without a region the chart cannot be read. */
  | { state: 'absent' }

/** The device asks every 30 s what is new: a copy is live until two answers are missing, in ms. */
const liveMs = 60_000
const agingMs = 60_000
const oldMs = 15 * 60_000
/** A clock may be set right by so much, in ms. */
const clockToleranceMs = 60_000

/** @param confirmedAt and `now` in ms since 1970, by this device's clock */
export function copyAge(confirmedAt: number | undefined, answers: boolean, now: number): CopyAge {
  if (confirmedAt === undefined) return { state: 'absent' }
  const age = now - confirmedAt
  if (age < -clockToleranceMs) return { state: 'unknown' }
  if (answers && age < liveMs) return { state: 'live' }
  const tone = age >= oldMs ? 'old' : age >= agingMs ? 'aging' : 'quiet'
  return { state: 'confirmed', at: confirmedAt, tone }
}

/** The ages of all copies: whoever shows one listens, and hears of changes of any. */
export type CopyAges = {
  /** The same reference until it changes. */
  of(patientId: string): CopyAge
  onChange(listener: () => void): () => void
}

export type CopyAgesDeps = {
  catchUp: Pick<CatchUp, 'confirmedAt'>
  reach: () => Reach
  /** Milliseconds since 1970. */
  now: () => number
  /** Calls again and again, every so many ms, until the answer is called. */
  every: (ms: number, act: () => void) => () => void
}

const lookEveryMs = 1000

/** One clock for all rows, which runs while somebody listens. Who listens and sees no change has nothing to draw. */
export function createCopyAges({ catchUp, reach, now, every }: CopyAgesDeps): CopyAges {
  const last = new Map<string, CopyAge>()
  const listeners = new Set<() => void>()
  let stop: (() => void) | undefined
  return {
    of(patientId) {
      const age = copyAge(catchUp.confirmedAt(chartOf(patientId)), reach().state === 'answers', now())
      const before = last.get(patientId)
      if (before && sameAge(before, age)) return before
      last.set(patientId, age)
      return age
    },
    onChange(listener) {
      listeners.add(listener)
      stop ??= every(lookEveryMs, () => {
        for (const one of [...listeners]) one()
      })
      return () => {
        listeners.delete(listener)
        if (listeners.size > 0) return
        stop?.()
        stop = undefined
      }
    },
  }
}

function sameAge(a: CopyAge, b: CopyAge): boolean {
  if (a.state !== 'confirmed' || b.state !== 'confirmed') return a.state === b.state
  return a.at === b.at && a.tone === b.tone
}
