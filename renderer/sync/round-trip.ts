/**
 * Whether the region answers, and how fast: measured by asking it, never believed from `navigator.onLine`.
 * The state is a function of what probes found.
 */
export type Reach =
  /** Nothing is known yet. */
  | { state: 'asking' }
  /** It answered the last probe. `at`: when, ms since 1970. `clockOffMs`: how far the device's clock is ahead of the region's. */
  | { state: 'answers'; roundTripMs: number; at: number; takesWrites: boolean; clockOffMs?: number }
  /** One probe was missed; the next decides. */
  | { state: 'doubtful'; since: number; lastAnswer: number | undefined }
  /** It does not answer. `since`: when the first missed probe was sent. */
  | { state: 'silent'; since: number; lastAnswer: number | undefined }

export type ProbeResult =
  | { found: 'answer'; sentAt: number; roundTripMs: number; takesWrites: boolean; regionTime?: number }
  | { found: 'nothing'; sentAt: number }

/** The state after a probe. Two missed in a row make it silent. */
export function afterProbe(reach: Reach, probe: ProbeResult): Reach {
  if (probe.found === 'answer')
    return {
      state: 'answers',
      roundTripMs: smooth(reach, probe.roundTripMs),
      at: probe.sentAt,
      takesWrites: probe.takesWrites,
      ...clockOff(probe),
    }
  if (reach.state === 'doubtful' || reach.state === 'silent') return { ...reach, state: 'silent' }
  return {
    state: 'doubtful',
    since: probe.sentAt,
    lastAnswer: reach.state === 'answers' ? reach.at : undefined,
  }
}

/** The region's answer was written half a round trip after the question left; its time counts whole seconds. */
function clockOff(probe: { sentAt: number; roundTripMs: number; regionTime?: number }): {
  clockOffMs?: number
} {
  if (probe.regionTime === undefined) return {}
  return { clockOffMs: Math.round(probe.sentAt + probe.roundTripMs / 2 - (probe.regionTime + 500)) }
}

/** A device whose clock is further off than this is told so, in ms. */
const clockToleranceMs = 60_000

/** How far the device's clock is ahead of its region's (negative: behind), if that is more than a minute. In ms. */
export function wrongClock(reach: Reach): number | undefined {
  if (reach.state !== 'answers' || reach.clockOffMs === undefined) return undefined
  return Math.abs(reach.clockOffMs) > clockToleranceMs ? reach.clockOffMs : undefined
}

/** A moving average, so that the number in the strip does not flicker. */
function smooth(reach: Reach, roundTripMs: number): number {
  return reach.state === 'answers' ? reach.roundTripMs * 0.6 + roundTripMs * 0.4 : roundTripMs
}

/** Time until the next probe of the region that this window works with, in ms: calm while all is well, quick in doubt. */
export function probeAfterMs(reach: Reach): number {
  return reach.state === 'answers' ? 5000 : reach.state === 'doubtful' ? 500 : 2000
}

/** A probe without an answer after so many ms was missed. */
export const probeTimeoutMs = 4000

/** Asks `GET <http>/health` once. A region that does not answer is a result, not an exception. */
export async function askHealth(deps: {
  http: string
  fetch: typeof fetch
  now: () => number
}): Promise<ProbeResult> {
  const sentAt = deps.now()
  const started = performance.now()
  try {
    const answer = await deps.fetch(`${deps.http}/health`, {
      cache: 'no-store',
      signal: AbortSignal.timeout(probeTimeoutMs),
    })
    const roundTripMs = performance.now() - started
    if (!answer.ok && answer.status !== 503) return { found: 'nothing', sentAt }
    const regionTime = Date.parse(answer.headers.get('date') ?? '')
    const found = { found: 'answer' as const, sentAt, roundTripMs, takesWrites: answer.ok }
    return Number.isNaN(regionTime) ? found : { ...found, regionTime }
  } catch {
    return { found: 'nothing', sentAt }
  }
}
