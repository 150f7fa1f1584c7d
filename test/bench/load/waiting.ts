import { setTimeout as sleep } from 'node:timers/promises'

/** Rejects unless the promise is settled in time. */
export async function within<T>(ms: number, what: string, promise: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what}: not within ${ms / 1000} s`)), ms)
  })
  try {
    return await Promise.race([promise, late])
  } finally {
    clearTimeout(timer)
  }
}

/**
 * Waits until something holds. Rejects if it takes longer than `mostMs`.
 * @param everyMs how often it is looked at; 0 means in every turn of the event loop
 */
export async function until(
  what: string,
  holds: () => boolean | Promise<boolean>,
  { mostMs = 60_000, everyMs = 0 } = {},
): Promise<void> {
  const giveUpAt = performance.now() + mostMs
  while (!(await holds())) {
    if (performance.now() > giveUpAt) throw new Error(`${what}: not within ${mostMs / 1000} s`)
    if (everyMs === 0) await new Promise(setImmediate)
    else await sleep(everyMs)
  }
}
