/** One piece of work at a time for each key, in the order in which they came. Keys that nobody waits for are forgotten. */
export type Turns = { take<T>(key: string, work: () => Promise<T>): Promise<T> }

export function createTurns(): Turns {
  const last = new Map<string, Promise<unknown>>()
  return {
    take(key, work) {
      const before = last.get(key) ?? Promise.resolve()
      const result = before.then(work)
      const done = result.then(
        () => undefined,
        () => undefined,
      )
      last.set(key, done)
      void done.then(() => {
        if (last.get(key) === done) last.delete(key)
      })
      return result
    },
  }
}
