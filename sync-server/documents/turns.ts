/**
 * One piece of work at a time for each key, in the order in which they came; work with several keys has its turn when it
 * is the first for each of them. Keys that nobody waits for are forgotten.
 */
export type Turns = { take<T>(keys: readonly string[], work: () => Promise<T>): Promise<T> }

export function createTurns(): Turns {
  const last = new Map<string, Promise<unknown>>()
  return {
    take(keys, work) {
      const result = Promise.all(keys.map((key) => last.get(key))).then(work)
      const done = result.then(
        () => undefined,
        () => undefined,
      )
      for (const key of keys) last.set(key, done)
      void done.then(() => {
        for (const key of keys) if (last.get(key) === done) last.delete(key)
      })
      return result
    },
  }
}
