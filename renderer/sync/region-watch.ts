import { chooseRegion, firstChoice } from './region-choice.ts'
import { afterProbe, type ProbeResult, probeAfterMs, type Reach } from './round-trip.ts'

/** Asks every region again and again whether it answers, and chooses the one that this window works with. */
export type RegionWatch = {
  /** The one that was chosen. */
  region(): string
  /** The one that the person chose. */
  preferred(): string
  reach(): Reach
  reaches(): ReadonlyMap<string, Reach>
  /** Calls when any of them has changed. */
  onChange(listener: () => void): () => void
  /** Asks all of them at once, for somebody who wants to know. */
  askNow(): void
  /** From now on this one is preferred to others that are as near, and taken if it answers. */
  prefer(region: string): void
  stop(): void
}

export type RegionWatchDeps = {
  regions: readonly string[]
  /** Where to begin. */
  region: string
  probe: (region: string) => Promise<ProbeResult>
  /** Milliseconds of a clock that does not jump. */
  monotonic: () => number
  /** Calls back once after so many ms; the answer takes it back. */
  after: (ms: number, then: () => void) => () => void
}

/** How often a region is asked with which this window does not work, in ms. */
const calmMs = 15_000

export function watchRegions(deps: RegionWatchDeps): RegionWatch {
  let reaches: ReadonlyMap<string, Reach> = new Map(
    deps.regions.map((region) => [region, { state: 'asking' }]),
  )
  let preferred = deps.region
  let choice = firstChoice(preferred)
  const cancels = new Map<string, () => void>()
  const asking = new Set<string>()
  const listeners = new Set<() => void>()
  let stopped = false

  const reachOf = (region: string): Reach => reaches.get(region) ?? { state: 'asking' }

  const ask = async (region: string) => {
    if (asking.has(region) || stopped) return
    asking.add(region)
    cancels.get(region)?.()
    const found = await deps.probe(region)
    asking.delete(region)
    if (stopped) return
    const before = reachOf(choice.region)
    reaches = new Map([...reaches, [region, afterProbe(reachOf(region), found)]])
    choose()
    if (stopped) return
    cancels.set(
      region,
      deps.after(pace(region), () => void ask(region)),
    )
    // Whoever is in doubt about the own region wants to know where else to go.
    if (region === choice.region && before.state === 'answers' && reachOf(region).state === 'doubtful')
      askAll()
  }

  const pace = (region: string) => {
    const reach = reachOf(region)
    return region === choice.region || reach.state === 'doubtful' ? probeAfterMs(reach) : calmMs
  }

  const choose = () => {
    const before = choice.region
    choice = chooseRegion(choice, reaches, preferred, deps.monotonic())
    for (const listener of [...listeners]) listener()
    // Its next question may be far away.
    if (choice.region !== before) void ask(choice.region)
  }

  const askAll = () => {
    for (const region of deps.regions) void ask(region)
  }

  askAll()
  return {
    region: () => choice.region,
    preferred: () => preferred,
    reach: () => reachOf(choice.region),
    reaches: () => reaches,
    onChange(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    askNow: askAll,
    prefer(region) {
      preferred = region
      if (reachOf(region).state === 'answers' && choice.region !== region)
        choice = { ...firstChoice(region), left: choice.left }
      choose()
    },
    stop() {
      stopped = true
      for (const cancel of cancels.values()) cancel()
      listeners.clear()
    },
  }
}
