/** What became of a write. `full`: the device has no room; what was stored before is still there. */
export type Written = { outcome: 'written' } | { outcome: 'full' } | { outcome: 'failed'; detail: string }

/** Runs a write, and makes a value of whatever it throws. */
export async function written(write: () => PromiseLike<unknown>): Promise<Written> {
  try {
    await write()
    return { outcome: 'written' }
  } catch (error) {
    return isQuota(error) ? { outcome: 'full' } : { outcome: 'failed', detail: wordsOf(error) }
  }
}

/** Dexie wraps errors in each other (`inner`), and those of many rows in one (`failures`); not deeper than this. */
const mostWraps = 8

function isQuota(error: unknown, wraps = mostWraps): boolean {
  if (typeof error !== 'object' || error === null || wraps === 0) return false
  if ('name' in error && error.name === 'QuotaExceededError') return true
  if ('inner' in error && isQuota(error.inner, wraps - 1)) return true
  return (
    'failures' in error && Array.isArray(error.failures) && error.failures.some((e) => isQuota(e, wraps - 1))
  )
}

export function wordsOf(error: unknown): string {
  return error instanceof Error ? `${error.name}: ${error.message}` : 'an error without words'
}
