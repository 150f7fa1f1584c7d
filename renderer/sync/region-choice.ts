import type { Reach } from './round-trip.ts'

/**
 * Which region this window works with: the nearest that answers and takes writes. A region that falls silent is left at
 * once. For anything less a window moves only after another region was better for a while, so that it does not go to and
 * fro: the longer, the more often it has had to leave that region.
 */
export type Choice = {
  region: string
  /** The region that is better, and since when, in ms of the clock that `now` is read from. */
  better: { region: string; since: number } | undefined
  /** Region → how often it was left because it did not answer. */
  left: { readonly [region: string]: number }
}

/** @param preferred the region that the person chose when they signed in */
export function firstChoice(preferred: string): Choice {
  return { region: preferred, better: undefined, left: {} }
}

/** The choice after something was found out. `now`: ms of a clock that does not jump. */
export function chooseRegion(
  choice: Choice,
  reaches: ReadonlyMap<string, Reach>,
  preferred: string,
  now: number,
): Choice {
  const { region, left } = choice
  const current = reaches.get(region) ?? { state: 'asking' }
  const best = bestOther(choice, reaches, preferred)
  if (!best || best.cost + marginOf(current) >= costOf(region, current, preferred))
    return choice.better ? { ...choice, better: undefined } : choice
  if (current.state === 'silent')
    return { region: best.region, better: undefined, left: { ...left, [region]: (left[region] ?? 0) + 1 } }
  const since = choice.better?.region === best.region ? choice.better.since : now
  const patience = takesNoWrites(current) ? withoutWritesMs : patienceFor(left[best.region] ?? 0)
  if (now - since >= patience) return { region: best.region, better: undefined, left }
  return choice.better?.since === since ? choice : { ...choice, better: { region: best.region, since } }
}

/** How much nearer the region that the person chose counts, in ms of round trip: as far as another part of the world. */
const preferenceMs = 100
/** How much nearer another one has to be: this, or a fifth of the round trip. */
const leastMarginMs = 15
const patienceMs = 30_000
const longestPatienceMs = 600_000
/** A region without writes is left sooner, in ms. */
const withoutWritesMs = 10_000

function patienceFor(timesLeft: number): number {
  return Math.min(patienceMs * 2 ** Math.min(timesLeft, 10), longestPatienceMs)
}

function marginOf(current: Reach): number {
  return current.state === 'answers' ? Math.max(leastMarginMs, current.roundTripMs / 5) : leastMarginMs
}

function bestOther(
  { region }: Choice,
  reaches: ReadonlyMap<string, Reach>,
  preferred: string,
): { region: string; cost: number } | undefined {
  const others = [...reaches]
    .filter(([other, reach]) => other !== region && reach.state === 'answers')
    .map(([other, reach]) => ({ region: other, cost: costOf(other, reach, preferred) }))
  return others.sort((a, b) => a.cost - b.cost || (a.region < b.region ? -1 : 1))[0]
}

/** Of a region of which nothing is known yet, or that is in doubt, it is not said that another one is nearer. */
function costOf(region: string, reach: Reach, preferred: string): number {
  if (reach.state === 'silent') return Number.POSITIVE_INFINITY
  if (reach.state !== 'answers') return Number.NEGATIVE_INFINITY
  const distance = reach.roundTripMs - (region === preferred ? preferenceMs : 0)
  return takesNoWrites(reach) ? distance + 1_000_000 : distance
}

function takesNoWrites(reach: Reach): boolean {
  return reach.state === 'answers' && !reach.takesWrites
}
