import { expect, test } from 'vitest'
import { simulate } from './simulation.ts'

const seeds = 200

test('SI1 whatever is killed, cut, lost or put back, in the end every region has what was acknowledged, once, and nothing that was refused; nothing was shown or vouched for before it was flushed', async () => {
  let acknowledged = 0
  for (let seed = 1; seed <= seeds; seed++) {
    const outcome = await simulate(seed, { isBrief: true })
    const replay = `npm run simulate -- --seed ${seed} --brief --trace`
    expect(outcome.violations, replay).toEqual([])
    acknowledged += outcome.acknowledged
  }
  expect(acknowledged).toBeGreaterThan(seeds)
}, 300_000)

test('SI2 the same seed gives the same history, and another one another', async () => {
  const [first, again, other] = [await simulate(3), await simulate(3), await simulate(4)]
  expect(again).toEqual(first)
  expect(other.hash).not.toBe(first.hash)
}, 60_000)
