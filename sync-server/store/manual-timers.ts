import type { Timers } from './timers.ts'

/** For tests: time that passes only when it is told to. */
export type ManualTimers = Timers & {
  /** Lets time pass; what is due happens in its order, and what follows from it at once follows. */
  pass(ms: number): Promise<void>
}

export function manualTimers(): ManualTimers {
  let now = 0
  const due = new Set<{ at: number; act(): void }>()

  function after(ms: number, act: () => void): () => void {
    const entry = { at: now + ms, act }
    due.add(entry)
    return () => due.delete(entry)
  }

  return {
    now: () => now,
    wait: (ms) => new Promise((resolve) => after(ms, resolve)),
    soon: turn,
    after,
    every(ms, act) {
      let stop = () => {}
      const again = () => {
        stop = after(ms, again)
        act()
      }
      stop = after(ms, again)
      return () => stop()
    },
    async pass(ms) {
      const until = now + ms
      await turns()
      for (;;) {
        const next = [...due].sort((a, b) => a.at - b.at)[0]
        if (!next || next.at > until) break
        due.delete(next)
        now = next.at
        next.act()
        await turns()
      }
      now = until
    },
  }
}

const turn = () => new Promise<void>((resolve) => setImmediate(resolve))

async function turns(): Promise<void> {
  for (let i = 0; i < 10; i++) await turn()
}
