/**
 * How the connections of a region that closes are let go: a few at a time, over at most two seconds, and told to come
 * back at different moments, so that the next region is not run over.
 */
export type DrainPlan = {
  /** Apps are told to reconnect at a moment within so many ms. */
  returnWithinMs: number
  /** Pause between two batches, in ms; 0 where there is one batch only. */
  pauseMs: number
  batches<T>(connections: readonly T[]): T[][]
}

const mostBatches = 40
const fewConnections = 25
const wholeMs = 2000
/** Each connection gives the next region so many ms for it. */
const msForEach = 5

export function drainPlan(connections: number): DrainPlan {
  const size = Math.max(fewConnections, Math.ceil(connections / mostBatches))
  const count = Math.ceil(connections / size)
  return {
    returnWithinMs: Math.min(30_000, Math.max(500, connections * msForEach)),
    pauseMs: count > 1 ? Math.floor(wholeMs / mostBatches) : 0,
    batches: (list) => {
      const batches = []
      for (let at = 0; at < list.length; at += size) batches.push(list.slice(at, at + size))
      return batches
    },
  }
}
