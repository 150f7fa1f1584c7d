import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'

/** What `npm start` does and the bare cluster does not: a region that died is started again, and it is said. */

const stateShape = z.looseObject({
  regions: z.record(z.string(), z.record(z.string(), z.looseObject({ state: z.string() }))),
})

/** After a restart that failed, the next one of this region waits longer, up to half a minute. */
const longestPauseMs = 30_000

export async function keepAlive(
  control: (path: string, body?: unknown) => Promise<unknown>,
  say: (text: string) => void,
  signal: AbortSignal,
  everyMs = 1000,
): Promise<void> {
  const pauses = new Map<string, { until: number; ms: number }>()
  while (!signal.aborted) {
    await sleep(everyMs, undefined, { signal }).catch(() => undefined)
    const state = await control('/state').catch(() => undefined)
    if (state === undefined || signal.aborted) continue
    for (const [region, parts] of Object.entries(stateShape.parse(state).regions)) {
      const dead = Object.entries(parts).filter(([, part]) => part.state === 'dead')
      if (dead.length === 0 || Date.now() < (pauses.get(region)?.until ?? 0)) continue
      say(`${region}: the ${dead.map(([part]) => part).join(' and the ')} died; starting it again.`)
      try {
        await control(`/regions/${region}/start`)
        pauses.delete(region)
        say(`${region}: works again.`)
      } catch (error) {
        if (signal.aborted) return
        const ms = Math.min(longestPauseMs, 2 * (pauses.get(region)?.ms ?? 1000))
        pauses.set(region, { until: Date.now() + ms, ms })
        say(`${region}: did not come back; trying again in ${ms / 1000} s. ${(error as Error).message}`)
      }
    }
  }
}
