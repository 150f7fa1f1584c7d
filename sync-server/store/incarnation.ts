import { isLaterIncarnation, originOf, parseOrigin } from '../../domain/entries/origin.ts'
import { sameBytes } from './log-row.ts'
import type { Witnessed } from './witness.ts'

/**
 * Under which origin a region may go on writing. It continues its origin only if every line of the log holds the row
 * that the line's witness names, has none of a later incarnation, and does not say that the origin has ended; in doubt
 * it begins the next incarnation, without waiting for anybody. What the old origin acknowledged and this disk has lost
 * comes back from the peers as rows of another origin.
 */

export type LineEvidence = {
  witnessed: Witnessed | undefined
  /** Hash in the log at the witnessed origin and sequence; the empty chain's at sequence 0. */
  hashInLog: Uint8Array | undefined
  /** Does the log say that the witnessed origin has ended? */
  ended: boolean
}

export type StartDecision =
  | { outcome: 'continue'; origin: string }
  | { outcome: 'begin'; origin: string; because: string }

/**
 * @param knownOrigins every origin of any region that the log or a peer has named
 * @param lastResort incarnation number to use if nothing at all is known of this region: random, because a disk that
 *   lost everything must not meet its own old rows
 */
export function decideOrigin(
  region: string,
  evidence: readonly LineEvidence[],
  knownOrigins: Iterable<string>,
  lastResort: number,
): StartDecision {
  const witnessed = evidence.map((line) => line.witnessed)
  const known = [...knownOrigins]
  const doubt = doubtIn(region, evidence, known)
  const first = witnessed[0]
  if (!doubt && first) return { outcome: 'continue', origin: first.origin }
  const used = [...known, ...witnessed.flatMap((w) => (w ? [w.origin] : []))]
  return {
    outcome: 'begin',
    origin: nextOrigin(region, used) ?? originOf(region, lastResort),
    because: doubt ?? '',
  }
}

function doubtIn(
  region: string,
  evidence: readonly LineEvidence[],
  known: readonly string[],
): string | undefined {
  const origins = new Set(evidence.map((line) => line.witnessed?.origin))
  if (origins.has(undefined)) return 'there is no witness of what this region acknowledged last'
  if (origins.size > 1) return 'the witnesses name different incarnations'
  for (const { witnessed, hashInLog, ended } of evidence) {
    if (parseOrigin(witnessed!.origin)?.region !== region) return 'the witness is of another region'
    if (!hashInLog)
      return `the database lacks row ${witnessed!.head.seq} of ${witnessed!.origin}, which was acknowledged`
    if (!sameBytes(hashInLog, witnessed!.head.hash))
      return `row ${witnessed!.head.seq} of ${witnessed!.origin} is not the one that was acknowledged`
    const later = known.find((origin) => isLaterIncarnation(origin, witnessed!.origin))
    if (later) return `there are rows of ${later}, and the witness names ${witnessed!.origin}`
    if (ended) return `${witnessed!.origin} has ended: another history of it is about`
  }
  return undefined
}

/** The incarnation after the highest that is known of this region, or undefined if none is. */
export function nextOrigin(region: string, known: Iterable<string>): string | undefined {
  let highest = 0
  for (const text of known) {
    const origin = parseOrigin(text)
    if (origin?.region === region) highest = Math.max(highest, origin.incarnation)
  }
  return highest > 0 ? originOf(region, highest + 1) : undefined
}
