import type { Link } from './link.ts'

/**
 * What one side of a connection has sent and the other has not got yet: bytes and the events of the connection itself,
 * in their order. Decides when the next may arrive; owns no socket and no clock.
 *
 * A blackholed line holds what is on it: nothing arrives, no error and no end either. When the link opens again it
 * arrives late, as TCP's retransmission would bring it. Bytes that went missing from a stream would be corruption,
 * which no network does.
 */

export type Cargo =
  /** The sender opens the connection. */
  | { kind: 'open' }
  | { kind: 'bytes'; bytes: Buffer }
  /** The sender has sent all. */
  | { kind: 'end' }
  /** The sender is gone. */
  | { kind: 'reset' }

export type Next =
  | { arrives: Cargo }
  /** Nothing before this many milliseconds have passed, unless the link changes. */
  | { waitMs: number }
  /** Nothing unless the link changes or more is put on the line. */
  | 'nothing'

export type DelayLine = {
  put(cargo: Cargo, now: number): void
  /** Takes what arrives now, or says how long to wait. `now` in milliseconds, of any clock that only goes forward. */
  take(now: number): Next
  /** Bytes on the line. */
  queuedBytes(): number
}

/** A slow link hands over what it carries in this time as one piece, and at least so many bytes. */
const sliceMs = 20
const leastSlice = 256

/** @param luck a number from -1 to 1 for each cargo, which the jitter is multiplied with */
export function createDelayLine(link: Link, luck: () => number): DelayLine {
  let queue: { cargo: Cargo; sentAt: number; luck: number }[] = []
  let first = 0
  let bytes = 0

  function take(now: number): Next {
    const head = queue[first]
    const { state, latencyMs, jitterMs } = link.settings()
    if (!head || state !== 'open') return 'nothing'
    const due = head.sentAt + Math.max(0, latencyMs + head.luck * jitterMs)
    const waitMs = Math.max(due - now, head.cargo.kind === 'bytes' ? link.busyFor(now) : 0)
    if (waitMs > 0) return { waitMs }
    if (head.cargo.kind !== 'bytes') {
      drop()
      return { arrives: head.cargo }
    }
    const slice = head.cargo.bytes.subarray(0, sliceSize(link))
    const rest = head.cargo.bytes.subarray(slice.length)
    if (rest.length > 0) head.cargo = { kind: 'bytes', bytes: rest }
    else drop()
    bytes -= slice.length
    link.occupy(slice.length, now)
    return { arrives: { kind: 'bytes', bytes: slice } }
  }

  function drop(): void {
    first += 1
    if (first < 1024 && first < queue.length) return
    queue = queue.slice(first)
    first = 0
  }

  return {
    put(cargo, now) {
      queue.push({ cargo, sentAt: now, luck: luck() })
      if (cargo.kind === 'bytes') bytes += cargo.bytes.length
    },
    take,
    queuedBytes: () => bytes,
  }
}

function sliceSize(link: Link): number {
  const { bandwidthKBps } = link.settings()
  return bandwidthKBps > 0
    ? Math.max(leastSlice, Math.floor(bandwidthKBps * sliceMs))
    : Number.POSITIVE_INFINITY
}
