import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'

const healthShape = z.looseObject({
  vectors: z.looseObject({ flushed: z.record(z.string(), z.int()) }),
})

/** Does this region's server say that its store takes writes? Never throws. */
export async function isHealthy(http: string): Promise<boolean> {
  try {
    const response = await fetch(`${http}/health`, { signal: AbortSignal.timeout(2000) })
    await response.arrayBuffer()
    return response.status === 200
  } catch {
    return false
  }
}

/**
 * Waits until all regions have flushed the same rows.
 * @returns whether they have, within `mostMs`
 */
export async function untilEqual(
  https: readonly string[],
  mostMs: number,
  signal: AbortSignal,
): Promise<boolean> {
  const giveUpAt = Date.now() + mostMs
  for (;;) {
    const vectors = await Promise.all(https.map(flushedOf))
    if (vectors.every((vector) => vector !== undefined && vector === vectors[0])) return true
    if (Date.now() > giveUpAt) return false
    await sleep(200, undefined, { signal })
  }
}

/** A text that is equal for equal vectors; an origin without rows is the same as one that is not named. */
async function flushedOf(http: string): Promise<string | undefined> {
  try {
    const response = await fetch(`${http}/health`, { signal: AbortSignal.timeout(2000) })
    const { vectors } = healthShape.parse(await response.json())
    return JSON.stringify(
      Object.entries(vectors.flushed)
        .filter(([, seq]) => seq > 0)
        .sort(([a], [b]) => (a < b ? -1 : 1)),
    )
  } catch {
    return undefined
  }
}
