import { sha256 } from '@noble/hashes/sha2.js'
import { utf8ToBytes } from '@noble/hashes/utils.js'

/**
 * An origin is a region and its incarnation: `frankfurt.1`. A region whose disk was restored, or might have been,
 * goes on under the next incarnation, so that no (origin, sequence) ever names two rows.
 */
export type Origin = `${string}.${number}`

export const regionPattern = /^[a-z][a-z0-9-]{0,31}$/
const originPattern = /^([a-z][a-z0-9-]{0,31})\.([1-9][0-9]{0,8})$/

export function originOf(region: string, incarnation: number): Origin {
  return `${region}.${incarnation}`
}

/** Region and incarnation of an origin, or undefined if the text is none. */
export function parseOrigin(text: string): { region: string; incarnation: number } | undefined {
  const match = originPattern.exec(text)
  return match?.[1] && match[2] ? { region: match[1], incarnation: Number(match[2]) } : undefined
}

/** Are both origins of one region, the first begun after the second? */
export function isLaterIncarnation(later: string, earlier: string): boolean {
  const [a, b] = [parseOrigin(later), parseOrigin(earlier)]
  return a !== undefined && a.region === b?.region && a.incarnation > b.incarnation
}

/**
 * The Yjs client id under which an origin authors items: 2^32 + the first 48 bits of SHA-256(origin).
 * Yjs clients pick 32-bit ids, so the two ranges never meet; the sum stays below 2^53.
 */
export function clientIdOf(origin: string): number {
  const digest = sha256(utf8ToBytes(origin))
  let high = 0
  for (let i = 0; i < 6; i++) high = high * 256 + digest[i]!
  return 2 ** 32 + high
}

/** Lowest client id that belongs to an origin. */
export const firstOriginClientId = 2 ** 32
