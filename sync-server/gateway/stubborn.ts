import { LRUCache } from 'lru-cache'

/**
 * Remembers who was closed with "never retry" (44xx) and retries all the same: y-websocket before 3.1 does, for ever,
 * every few seconds, with what it was closed for. After too many such closes within a minute its upgrades are refused
 * for a while. A single mistake has no consequence beyond its close.
 */
export type Stubborn = {
  strike(key: string): void
  refused(key: string): boolean
}

export type StubbornLimits = {
  /** Closes within `windowMs` after which upgrades are refused. */
  strikes: number
  windowMs: number
  refuseMs: number
}

/** A provider that retries at y-websocket's slowest pace, every 2.5 s, has 24 in a minute. */
const stubbornLimits: StubbornLimits = { strikes: 20, windowMs: 60_000, refuseMs: 300_000 }

export function createStubborn(monotonic: () => number, limits: StubbornLimits = stubbornLimits): Stubborn {
  const records = new LRUCache<string, { strikes: number[]; refusedUntil: number }>({ max: 10_000 })
  return {
    strike(key) {
      const now = monotonic()
      const record = records.get(key) ?? { strikes: [], refusedUntil: 0 }
      const strikes = [...record.strikes.filter((at) => now - at < limits.windowMs), now]
      const enough = strikes.length >= limits.strikes
      records.set(key, { strikes, refusedUntil: enough ? now + limits.refuseMs : record.refusedUntil })
    },
    refused: (key) => monotonic() < (records.get(key)?.refusedUntil ?? Number.NEGATIVE_INFINITY),
  }
}
