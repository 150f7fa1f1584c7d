import type { Ack, Frame, FrameVector, Proposal, Refusal, RefusalCode } from '../../domain/wire/wire.ts'
import { encodeFrame, frameLimits } from '../../domain/wire/wire.ts'
import { fullJitter } from './backoff.ts'
import { neverAgain } from './connection-core.ts'

/**
 * Sends proposals to the region and hears what became of each. Sans I/O: events come in, actions go out. Events only
 * change the state; `evaluate` alone decides what to do.
 *
 * Invariants
 * 1. A proposal is kept until a second region has flushed it, it is refused for good, or it is taken back. That another
 *    region has it counts only for what this connection acknowledged (`domain/wire/wire.ts`).
 * 2. What a broken connection left unanswered is sent again on the next one: an id names the same statement, so the
 *    region stores it once.
 * 3. No more than `mostInFlight` proposals are sent and not answered.
 * 4. A refusal that is worth another try is tried again by itself, `retries` times, before anybody is told; after that
 *    every minute or so and on every new connection, since the same region later, or another one, may take it.
 * 5. There is at most one timer of each kind.
 */
export type SubmitEvent =
  | { type: 'propose'; proposal: Proposal }
  /** Nobody wants it any more. */
  | { type: 'take-back'; id: string }
  | { type: 'opened' }
  | { type: 'heard'; frame: Frame }
  | { type: 'closed'; code: number }
  | { type: 'timer' }
  | { type: 'rested' }

export type SubmitAction =
  | { do: 'send'; bytes: Uint8Array }
  /** Takes the place of an earlier timer. */
  | { do: 'wake'; afterMs: number }
  /** Call `rested` after so long. Takes the place of an earlier one. */
  | { do: 'rest'; afterMs: number }
  | { do: 'acked'; acks: Ack[] }
  /** Another region has flushed these too. */
  | { do: 'elsewhere'; ids: string[]; regions: string[] }
  | { do: 'refused'; refusals: Refusal[] }
  /** These, which were told as refused, are on their way again. */
  | { do: 'retried'; ids: string[] }

export type SubmitCore = {
  on(event: SubmitEvent): SubmitAction[]
  /** Proposals that no region has acknowledged on this connection. */
  unanswered(): number
}

type Waiting = {
  proposal: Proposal
  /** `later`: refused for now, to be sent with the next timer. `parked`: told as refused, to be sent after a rest. */
  is: 'due' | 'sent' | 'later' | 'parked'
  attempts: number
  /** Where this connection has saved it. */
  commit: Pick<Ack, 'origin' | 'seq'> | undefined
  /** Other regions that have it. */
  also: readonly string[]
}

const retries = 5
const mostInFlight = 200
/** So long, half or half as long again, rests what a region could not take, in ms. */
const restMs = 60_000

/** The region that was asked may not have heard of the patient yet; so it is with what it could not do just now. */
export const worthAnotherTry: ReadonlySet<RefusalCode> = new Set([
  'busy',
  'unavailable',
  'indeterminate',
  'unknown-document',
])

export function createSubmitCore(deps: { random: () => number }): SubmitCore {
  const waiting = new Map<string, Waiting>()
  let isOpen = false
  let wakeSet = false
  let restSet = false
  /** What other regions have flushed, as this connection said last. */
  let replicated: { [region: string]: FrameVector } = {}

  const change = (event: SubmitEvent): SubmitAction[] => {
    switch (event.type) {
      case 'propose': {
        const known = waiting.get(event.proposal.id)
        if (!known) waiting.set(event.proposal.id, fresh(event.proposal))
        else if (known.is === 'parked') Object.assign(known, { is: 'due', attempts: 0 })
        return []
      }
      case 'take-back':
        waiting.delete(event.id)
        return []
      case 'opened':
        isOpen = true
        return unpark()
      case 'heard':
        return hear(event.frame)
      case 'closed':
        isOpen = false
        replicated = {}
        for (const [id, one] of waiting)
          if (one.also.length > 0) waiting.delete(id)
          else if (one.is !== 'parked') Object.assign(one, { is: 'due', attempts: 0, commit: undefined })
        return neverAgain(event.code) ? park(event.code) : []
      case 'timer':
        wakeSet = false
        for (const one of waiting.values()) if (one.is === 'later') one.is = 'due'
        return []
      case 'rested':
        restSet = false
        return isOpen ? unpark() : []
    }
  }

  const hear = (frame: Frame): SubmitAction[] => {
    switch (frame.type) {
      case 'ack':
        for (const { id, origin, seq } of frame.acks) {
          const one = waiting.get(id)
          if (one) Object.assign(one, { is: 'sent', commit: { origin, seq } })
        }
        return [{ do: 'acked', acks: frame.acks }, ...elsewhere()]
      case 'replicated':
        replicated = frame.regions
        return elsewhere()
      case 'refuse': {
        const told = frame.refusals.filter((refusal) => refused(refusal))
        return told.length > 0 ? [{ do: 'refused', refusals: told }] : []
      }
      default:
        return []
    }
  }

  /** Is anybody to be told? */
  const refused = ({ id, code, retry }: Refusal): boolean => {
    const one = waiting.get(id)
    // What this connection has saved is not refused by what it says of an earlier copy of the same proposal.
    if (!one || one.commit) return false
    if (!retry && !worthAnotherTry.has(code)) {
      waiting.delete(id)
      return true
    }
    // Said twice.
    if (one.is !== 'sent') return false
    one.attempts += 1
    one.is = one.attempts > retries ? 'parked' : 'later'
    return one.is === 'parked'
  }

  /** What is known of other regions since the last word, those with the same answer together. */
  const elsewhere = (): SubmitAction[] => {
    const told = new Map<string, string[]>()
    for (const [id, one] of waiting) {
      const { commit } = one
      if (!commit) continue
      const has = (region: string) => (replicated[region]?.[commit.origin] ?? 0) >= commit.seq
      const also = Object.keys(replicated).filter((region) => one.also.includes(region) || has(region))
      if (also.length === one.also.length) continue
      one.also = also
      const key = also.sort().join(' ')
      told.set(key, [...(told.get(key) ?? []), id])
    }
    return [...told].map(([key, ids]) => ({ do: 'elsewhere', ids, regions: key.split(' ') }))
  }

  /** The region has said "never again". */
  const park = (code: number): SubmitAction[] => {
    const refusals = [...waiting.keys()].map(
      (id): Refusal => ({ id, code: 'unavailable', detail: `${code}`, retry: false }),
    )
    for (const one of waiting.values()) Object.assign(one, { is: 'parked', commit: undefined })
    return refusals.length > 0 ? [{ do: 'refused', refusals }] : []
  }

  const evaluate = (): SubmitAction[] => {
    if (!isOpen) return []
    const all = [...waiting.values()]
    const inFlight = all.filter((one) => one.is === 'sent' && !one.commit).length
    const due = all.filter((one) => one.is === 'due').slice(0, Math.max(0, mostInFlight - inFlight))
    for (const one of due) one.is = 'sent'
    return [
      ...framesOf(due.map((one) => one.proposal)),
      ...wake(all.filter((one) => one.is === 'later')),
      ...rest(all.some((one) => one.is === 'parked')),
    ]
  }

  const rest = (isNeeded: boolean): SubmitAction[] => {
    if (restSet || !isNeeded) return []
    restSet = true
    return [{ do: 'rest', afterMs: Math.round(restMs * (0.5 + deps.random())) }]
  }

  const wake = (later: readonly Waiting[]): SubmitAction[] => {
    if (wakeSet || later.length === 0) return []
    wakeSet = true
    const attempts = Math.max(...later.map((one) => one.attempts))
    return [{ do: 'wake', afterMs: fullJitter(attempts, deps.random()) }]
  }

  /** Another chance for what was parked. */
  const unpark = (): SubmitAction[] => {
    const parked = [...waiting].filter(([, one]) => one.is === 'parked')
    for (const [, one] of parked) Object.assign(one, { is: 'due', attempts: 0 })
    return parked.length > 0 ? [{ do: 'retried', ids: parked.map(([id]) => id) }] : []
  }

  return {
    on: (event) => [...change(event), ...evaluate()],
    unanswered: () => [...waiting.values()].filter((one) => !one.commit).length,
  }
}

function fresh(proposal: Proposal): Waiting {
  return { proposal, is: 'due', attempts: 0, commit: undefined, also: [] }
}

/** Submit frames that keep within the region's limits for one frame. */
function framesOf(proposals: readonly Proposal[]): SubmitAction[] {
  const batches: Proposal[][] = []
  let bytes = 0
  for (const proposal of proposals) {
    // Three bytes of UTF-8 at most for a UTF-16 unit: an upper bound that costs no encoding.
    const size = proposal.text.length * 3 + 128
    const last = batches.at(-1)
    if (
      last &&
      bytes + size <= frameLimits.clientFrameBytes &&
      last.length < frameLimits.proposalsPerSubmit
    ) {
      last.push(proposal)
      bytes += size
    } else {
      batches.push([proposal])
      bytes = size
    }
  }
  return batches.map((batch) => ({
    do: 'send',
    bytes: encodeFrame({ channel: 0, type: 'submit', proposals: batch }),
  }))
}
