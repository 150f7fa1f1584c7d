/**
 * One direction of the network between two regions, as it is set now. All connections between the two share it, and
 * feel a change at once.
 */

export type LinkSettings = {
  /** `cut` refuses and resets at once; `blackhole` swallows silently. */
  state: 'open' | 'cut' | 'blackhole'
  latencyMs: number
  /** Uniform, ±, around the latency; order is kept. */
  jitterMs: number
  /** Thousand bytes in a second, for all connections together; 0 is unlimited. */
  bandwidthKBps: number
}

export const openLink: LinkSettings = { state: 'open', latencyMs: 0, jitterMs: 0, bandwidthKBps: 0 }

export type Link = {
  settings(): LinkSettings
  set(next: LinkSettings): void
  onChange(listener: () => void): () => void
  /** Milliseconds from `now` until the link has sent what was put on it before; 0 when it is free. */
  busyFor(now: number): number
  /** Puts bytes on it: it is busy for as long as its bandwidth needs for them. */
  occupy(bytes: number, now: number): void
}

export function createLink(): Link {
  let settings = openLink
  let freeAt = 0
  const listeners = new Set<() => void>()
  return {
    settings: () => settings,
    set(next) {
      settings = next
      freeAt = 0
      for (const listener of [...listeners]) listener()
    },
    onChange(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    busyFor: (now) => Math.max(0, freeAt - now),
    occupy(bytes, now) {
      // A thousand bytes a second are one byte a millisecond.
      if (settings.bandwidthKBps > 0) freeAt = Math.max(now, freeAt) + bytes / settings.bandwidthKBps
    },
  }
}
