/** Random choices from a seed: mulberry32. What the operating system does in between is not repeatable. */
export type Random = {
  /** An integer from 0 up to, not including, `end`. */
  below(end: number): number
  oneIn(count: number): boolean
  pick<T>(list: readonly T[]): T
}

export function createRandom(seed: number): Random {
  let state = seed >>> 0
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
  return {
    below: (end) => Math.floor(next() * end),
    oneIn: (count) => next() * count < 1,
    pick: (list) => list[Math.floor(next() * list.length)]!,
  }
}
