/** Lets so many in at a time and so many wait; who comes then is turned away. */
export type Gate = {
  /** What the work gives, or `full`. */
  pass<T>(work: () => Promise<T>): Promise<T | 'full'>
}

export function createGate(inside: number, waiting: number): Gate {
  const queue: (() => void)[] = []
  let busy = 0
  return {
    async pass(work) {
      if (busy < inside) busy += 1
      else if (queue.length >= waiting) return 'full'
      // The place goes to who has waited longest, without anybody coming in between.
      else await new Promise<void>((resolve) => queue.push(resolve))
      try {
        return await work()
      } finally {
        const next = queue.shift()
        if (next) next()
        else busy -= 1
      }
    },
  }
}
