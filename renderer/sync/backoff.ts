/**
 * Full jitter: a random wait between 0 and a bound that doubles with every attempt in vain, so that the devices of a
 * region that comes back do not all knock at once.
 *
 * @param attempt attempts in vain so far, from 0
 * @param random a number in [0, 1)
 * @returns ms to wait, at most 15 s
 */
export function fullJitter(attempt: number, random: number): number {
  return Math.floor(random * Math.min(firstBoundMs * 2 ** Math.min(attempt, 10), longestMs))
}

const firstBoundMs = 500
const longestMs = 15_000
