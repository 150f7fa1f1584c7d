import { type Change, type Ladder, onTheWay } from '../sync/ladder.ts'

/**
 * Changes that no region had acknowledged when a session ended by itself, overnight for example. They wait in this
 * window and are sent when the same person signs in again; nobody else can send them, for they bear that name.
 */
export type Carried = {
  keep(user: string, ladder: Ladder): void
  /** Hands them over, once. */
  take(user: string): readonly Change[]
  /** Whose changes wait, and how many; the last to have left first. */
  waiting(): readonly { user: string; count: number }[]
}

export function createCarried(): Carried {
  const kept = new Map<string, readonly Change[]>()
  return {
    keep(user, ladder) {
      const left = [...(kept.get(user) ?? []), ...onTheWay(ladder)]
      if (left.length > 0) kept.set(user, left)
    },
    take(user) {
      const mine = kept.get(user) ?? []
      kept.delete(user)
      return mine
    },
    waiting: () => [...kept].map(([user, { length }]) => ({ user, count: length })).reverse(),
  }
}
