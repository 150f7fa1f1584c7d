/**
 * Does something at a steady rate, whether or not what came before is through. Resolves when the last has been done.
 * It watches the clock all the time, so that its own timing adds nothing: it is alone on its core.
 * @param due called with the number of the event and the time at which it is due, by `performance.now()`; `stop` ends it
 */
export function openLoop(
  perSecond: number,
  seconds: number,
  due: (index: number, at: number) => 'stop' | undefined,
): Promise<void> {
  const gap = 1000 / perSecond
  const all = Math.round(perSecond * seconds)
  const began = performance.now()
  let next = 0
  return new Promise((resolve) => {
    const look = () => {
      const now = performance.now()
      for (; next < all && began + next * gap <= now; next++)
        if (due(next, began + next * gap) === 'stop') next = all
      if (next < all) setImmediate(look)
      else resolve()
    }
    look()
  })
}
