import { LRUCache } from 'lru-cache'
import { isLaterIncarnation, parseOrigin } from '../../domain/entries/origin.ts'
import type { Vector } from '../store/ports.ts'
import type { Replicated } from './region-board.ts'

/**
 * Whether a device was told more of an origin than anybody has any more. With the rows that are gone went the hashes
 * by which its history could be compared with the one that is here, so what it holds of that origin counts as void: it may
 * have read other rows under the numbers that are in use again.
 *
 * 1. Of its own origins a region knows what there is.
 * 2. Of an origin that its region has left, nothing more can come but what others still have: whoever waits for
 *    that meanwhile reads too much, and nothing wrong.
 * 3. Else the origin's own region says it: if it can be reached, and has named less for longer than its word takes.
 */
export type LostRows = {
  /** Origins of which this vector, which a region has signed, names rows that are lost. */
  among(vector: Vector, flushed: Vector): string[]
}

export type LostRowsDeps = {
  region: string
  replicated: Pick<Replicated, 'said'>
  /** Milliseconds of a clock that never jumps. */
  monotonic(): number
}

/** Regions say every second what they have flushed. In ms. */
const wordMs = 3000
const remembered = 10_000

export function createLostRows({ region, replicated, monotonic }: LostRowsDeps): LostRows {
  /** Origin and sequence that somebody was told, and that are not here → since when. */
  const named = new LRUCache<string, number>({ max: remembered })

  function isLost(origin: string, seq: number, flushed: Vector): boolean {
    const maker = parseOrigin(origin)?.region
    if (maker === undefined || seq <= (flushed[origin] ?? 0)) return false
    if (maker === region || Object.keys(flushed).some((other) => isLaterIncarnation(other, origin)))
      return true
    const place = `${origin} ${seq}`
    const since = named.get(place) ?? monotonic()
    named.set(place, since)
    const there = replicated.said(maker)
    return there !== undefined && (there[origin] ?? 0) < seq && monotonic() - since > wordMs
  }

  return {
    among: (vector, flushed) =>
      Object.keys(vector).filter((origin) => isLost(origin, vector[origin] ?? 0, flushed)),
  }
}
