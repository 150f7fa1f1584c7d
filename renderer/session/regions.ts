import { z } from 'zod'
import { regionPattern } from '../../domain/entries/origin.ts'

/** Where a device reaches a region. */
export type RegionAddress = { http: string; sync: string }
/** The regions there are, and the one that this window asks first. */
export type Regions = { region: string; regions: { [region: string]: RegionAddress } }
export type RegionsProblem = { problem: 'unreachable' | 'unreadable' }

const name = z.string().regex(regionPattern)
const address = z.object({ http: z.url(), sync: z.url() })
const shape = z
  .object({ region: name, regions: z.record(name, address) })
  .refine((given) => given.region in given.regions, 'the first region is none of them')

/**
 * Finds the regions: the desktop shell hands them over as `window.meridian.config`; a page that a region served
 * asks that region. A problem is a value, because the sign-in page has to say what to do.
 */
export async function findRegions(
  deps: { handedOver: unknown; fetch: typeof fetch },
  signal?: AbortSignal,
): Promise<Regions | RegionsProblem> {
  if (deps.handedOver !== null && deps.handedOver !== undefined) return readRegions(deps.handedOver)
  let answer: Response
  try {
    answer = await deps.fetch('/v1/session/regions', signal ? { signal } : {})
  } catch {
    return { problem: 'unreachable' }
  }
  if (!answer.ok) return { problem: 'unreachable' }
  return readRegions(await answer.json().catch(() => undefined))
}

/** Reads what the shell or a region said. */
export function readRegions(value: unknown): Regions | RegionsProblem {
  const parsed = shape.safeParse(value)
  return parsed.success ? parsed.data : { problem: 'unreadable' }
}

/** Names of the regions, the own one first, the others by the alphabet. */
export function regionNames({ region, regions }: Regions): string[] {
  return Object.keys(regions).sort(
    (a, b) => Number(b === region) - Number(a === region) || a.localeCompare(b),
  )
}

/** `frankfurt` → `Frankfurt`, `new-york` → `New York`: as people read it. */
export function regionTitle(region: string): string {
  return region
    .split('-')
    .map((part) => part.charAt(0).toUpperCase() + part.slice(1))
    .join(' ')
}
