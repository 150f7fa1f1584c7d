import type { PenHolder } from './pen.ts'

/**
 * Which sessions that hold pens belong to a process that has stopped. A writer's sessions begin a statement every second,
 * whatever else it does. One in which nothing begins or ends for `patienceMs`, while the database waits for its client, has a
 * process that was stopped, hangs, or is cut off from its database.
 *
 * 1. A process that moves in one of its sessions lives.
 * 2. A session that works for its client is left alone, however long: the database ends its statement in time.
 * 3. Time counts on the watcher's own clock and only as far as it really looked: if the watcher or the database stood still
 *    meanwhile, this says nothing about the writer.
 */
export type PenWatch = {
  /** To be called again and again with the sessions that hold pens now. Returns those that are to be ended. */
  look(holders: readonly PenHolder[]): PenHolder[]
}

/** @param longestLookMs how much time between two looks counts at most */
export function createPenWatch(
  now: () => number,
  { patienceMs = 5_000, longestLookMs = 1_000 } = {},
): PenWatch {
  let lookedAt = now()
  let stillFor = new Map<string, number>()

  return {
    look(holders) {
      const passed = Math.min(now() - lookedAt, longestLookMs)
      lookedAt = now()
      const before = stillFor
      stillFor = new Map(
        holders
          .filter((holder) => holder.waitsForClient)
          .map((holder) => [
            keyOf(holder),
            before.has(keyOf(holder)) ? before.get(keyOf(holder))! + passed : 0,
          ]),
      )
      const lives = (holder: PenHolder) => (stillFor.get(keyOf(holder)) ?? 0) < patienceMs
      const living = new Set(holders.filter(lives).map((holder) => holder.process))
      return holders.filter((holder) => holder.process !== undefined && !living.has(holder.process))
    },
  }
}

const keyOf = ({ pid, movedAt }: PenHolder) => `${pid} ${movedAt}`
