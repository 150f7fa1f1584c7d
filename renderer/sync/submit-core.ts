import type { Ack, Frame, FrameVector, Proposal, Refusal } from '../../domain/wire/wire.ts'
import { closeCodes, decodeFrame, encodeFrame, frameLimits } from '../../domain/wire/wire.ts'
import { fullJitter } from './backoff.ts'

/**
 * Sends proposals to the region over one socket and hears what became of each. Sans I/O: events come in, actions go
 * out. Events only change the state; `evaluate` alone decides what to do.
 *
 * Invariants
 * 1. A proposal is kept until a second region has flushed it, it is refused for good, or the session ends. That another
 *    region has it counts only for what this connection acknowledged (`domain/wire/wire.ts`).
 * 2. What a broken connection left unanswered is sent again on the next one: an id names the same statement, so the
 *    region stores it once.
 * 3. There is at most one socket, and no timer while there is one that works or nothing to wait for.
 * 4. A refusal that is worth another try is tried again by itself, `retries` times, before anybody is told.
 * 5. A close code that forbids another try (44xx, except an expired token) refuses what waits and ends the attempts
 *    until somebody proposes again.
 * 6. A region that says that it is leaving says when to come back; that is obeyed once, so that not all come at once.
 */
export type SubmitEvent =
  | { type: 'start' }
  | { type: 'propose'; proposal: Proposal }
  | { type: 'opened' }
  | { type: 'received'; bytes: Uint8Array }
  | { type: 'closed'; code: number }
  | { type: 'timer' }
  | { type: 'stop' }

export type SubmitAction =
  | { do: 'connect' }
  | { do: 'send'; bytes: Uint8Array }
  | { do: 'wake'; afterMs: number }
  | { do: 'acked'; acks: Ack[] }
  /** Another region has flushed these too. */
  | { do: 'elsewhere'; ids: string[]; regions: string[] }
  | { do: 'refused'; refusals: Refusal[] }
  | { do: 'close' }

export type SubmitCore = {
  on(event: SubmitEvent): SubmitAction[]
  /** Proposals that no region has acknowledged on this connection. */
  unanswered(): number
}

type Waiting = {
  proposal: Proposal
  sent: boolean
  attempts: number
  notBeforeWake: boolean
  /** Where this connection has saved it. */
  commit: Pick<Ack, 'origin' | 'seq'> | undefined
  /** Other regions that have it. */
  also: readonly string[]
}

const retries = 5
/** A region does not send a device away for longer, whatever it says. */
const longestReturnMs = 60_000

export function createSubmitCore(deps: { random: () => number }): SubmitCore {
  const waiting = new Map<string, Waiting>()
  let socket: 'none' | 'connecting' | 'open' = 'none'
  let started = false
  let attempt = 0
  let wakeSet = false
  let barred = false
  /** When a region that has said goodbye wants to be called again. */
  let returnAfterMs: number | undefined
  /** What other regions have flushed, as this connection said last. */
  let replicated: { [region: string]: FrameVector } = {}

  const change = (event: SubmitEvent): SubmitAction[] => {
    switch (event.type) {
      case 'start':
        started = true
        return []
      case 'propose':
        if (barred) {
          barred = false
          attempt = 0
        }
        if (!waiting.has(event.proposal.id))
          waiting.set(event.proposal.id, {
            proposal: event.proposal,
            sent: false,
            attempts: 0,
            notBeforeWake: false,
            commit: undefined,
            also: [],
          })
        return []
      case 'opened':
        socket = 'open'
        return []
      case 'received': {
        const frame = decodeFrame(event.bytes)
        if (!frame) return []
        attempt = 0
        return hear(frame)
      }
      case 'closed':
        socket = 'none'
        attempt++
        replicated = {}
        for (const [id, one] of waiting)
          if (one.also.length > 0) waiting.delete(id)
          else Object.assign(one, { sent: false, commit: undefined })
        return neverAgain(event.code) ? bar(event.code) : []
      case 'timer':
        wakeSet = false
        for (const one of waiting.values()) one.notBeforeWake = false
        return []
      case 'stop': {
        started = false
        waiting.clear()
        const open = socket !== 'none'
        socket = 'none'
        return open ? [{ do: 'close' }] : []
      }
    }
  }

  const hear = (frame: Frame): SubmitAction[] => {
    if (frame.type === 'ack') {
      for (const { id, origin, seq } of frame.acks) {
        const one = waiting.get(id)
        if (one) one.commit = { origin, seq }
      }
      return [{ do: 'acked', acks: frame.acks }, ...elsewhere()]
    }
    if (frame.type === 'leaving') {
      returnAfterMs = frame.retryAfterMs
      return []
    }
    if (frame.type === 'replicated') {
      replicated = frame.regions
      return elsewhere()
    }
    if (frame.type !== 'refuse') return []
    const final = frame.refusals.filter((refusal) => {
      const one = waiting.get(refusal.id)
      if (one && refusal.retry && one.attempts < retries) {
        waiting.set(refusal.id, { ...one, sent: false, attempts: one.attempts + 1, notBeforeWake: true })
        return false
      }
      waiting.delete(refusal.id)
      return true
    })
    return final.length > 0 ? [{ do: 'refused', refusals: final }] : []
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

  const bar = (code: number): SubmitAction[] => {
    barred = true
    const open = [...waiting].filter(([, one]) => !one.commit).map(([id]) => id)
    const refusals = open.map((id): Refusal => ({ id, code: 'unavailable', detail: `${code}`, retry: false }))
    waiting.clear()
    return refusals.length > 0 ? [{ do: 'refused', refusals }] : []
  }

  const evaluate = (): SubmitAction[] => {
    if (!started || barred) return []
    if (socket === 'none') {
      if (attempt > 0) return wake(attempt)
      socket = 'connecting'
      return [{ do: 'connect' }]
    }
    if (socket === 'connecting') return []
    const due = [...waiting.values()].filter((one) => !one.sent && !one.notBeforeWake)
    for (const one of due) one.sent = true
    const held = [...waiting.values()].filter((one) => one.notBeforeWake)
    return [
      ...framesOf(due.map((one) => one.proposal)),
      ...(held.length > 0 ? wake(Math.max(...held.map((one) => one.attempts))) : []),
    ]
  }

  const wake = (attempts: number): SubmitAction[] => {
    if (wakeSet) return []
    wakeSet = true
    const afterMs = Math.min(returnAfterMs ?? fullJitter(attempts, deps.random()), longestReturnMs)
    returnAfterMs = undefined
    return [{ do: 'wake', afterMs }]
  }

  return {
    on(event) {
      const told = change(event)
      // A timer that fires while there is no socket is the moment to connect, whatever the count of attempts.
      if (event.type === 'timer' && started && !barred && socket === 'none') {
        socket = 'connecting'
        return [...told, { do: 'connect' }]
      }
      return [...told, ...evaluate()]
    },
    unanswered: () => [...waiting.values()].filter((one) => !one.commit).length,
  }
}

function neverAgain(code: number): boolean {
  return code >= 4400 && code < 4500 && code !== closeCodes.unauthorized
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
