/** Time as the store sees it, passed in so that a simulation can have its own. */
export type Timers = {
  /** Milliseconds of a clock that never jumps. */
  now(): number
  wait(ms: number): Promise<void>
  /** Resolves after everything that arrives in this turn of the event loop has arrived. */
  soon(): Promise<void>
  /** Calls once after so many ms, unless the returned function is called before. */
  after(ms: number, act: () => void): () => void
  /** Calls again and again, every so many ms, until the returned function is called. Keeps no process alive. */
  every(ms: number, act: () => void): () => void
}

export const realTimers: Timers = {
  now: () => performance.now(),
  wait: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
  soon: () => new Promise((resolve) => setImmediate(resolve)),
  after(ms, act) {
    const timer = setTimeout(act, ms)
    return () => clearTimeout(timer)
  },
  every(ms, act) {
    const timer = setInterval(act, ms)
    timer.unref()
    return () => clearInterval(timer)
  },
}
