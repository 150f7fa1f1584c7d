import type { Ack, Frame, Proposal, Refusal } from '../../domain/wire/wire.ts'
import { closeCodes, decodeFrame, encodeFrame, frameLimits } from '../../domain/wire/wire.ts'
import { fullJitter } from './backoff.ts'

/**
 * Sends proposals to the region over one socket and hears what became of each. Sans I/O: events come in, actions go
 * out. Events only change the state; `evaluate` alone decides what to do.
 *
 * Invariants
 * 1. A proposal is kept until it is acknowledged, refused for good, or the session ends.
 * 2. What a broken connection left unanswered is sent again on the next one: an id names the same statement, so the
 *    region stores it once.
 * 3. There is at most one socket, and no timer while there is one that works or nothing to wait for.
 * 4. A refusal that is worth another try is tried again by itself, `retries` times, before anybody is told.
 * 5. A close code that forbids another try (44xx, except an expired token) refuses what waits and ends the attempts
 *    until somebody proposes again.
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
  | { do: 'refused'; refusals: Refusal[] }
  | { do: 'close' }

export type SubmitCore = {
  on(event: SubmitEvent): SubmitAction[]
  /** Proposals without an answer. */
  unanswered(): number
}

type Waiting = { proposal: Proposal; sent: boolean; attempts: number; notBeforeWake: boolean }

const retries = 5

export function createSubmitCore(deps: { random: () => number }): SubmitCore {
  const waiting = new Map<string, Waiting>()
  let socket: 'none' | 'connecting' | 'open' = 'none'
  let started = false
  let attempt = 0
  let wakeSet = false
  let barred = false

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
        for (const one of waiting.values()) one.sent = false
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
      for (const { id } of frame.acks) waiting.delete(id)
      return [{ do: 'acked', acks: frame.acks }]
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

  const bar = (code: number): SubmitAction[] => {
    barred = true
    const refusals = [...waiting.keys()].map(
      (id): Refusal => ({ id, code: 'unavailable', detail: `${code}`, retry: false }),
    )
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
    return [{ do: 'wake', afterMs: fullJitter(attempts, deps.random()) }]
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
    unanswered: () => waiting.size,
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
