import { expect, test } from 'vitest'
import { simulateDevice } from './history.ts'

test('SY50 through kills, cuts, full disks, restores and moves, every change that was kept is committed or parked, and the ladder says no more than is true', async () => {
  let kept = 0
  for (let seed = 1; seed <= 40; seed++) {
    const outcome = await simulateDevice(seed)
    expect(outcome.violations, `npm run simulate:device -- --seed ${seed} --trace`).toEqual([])
    kept += outcome.kept
  }
  expect(kept).toBeGreaterThan(200)
}, 120_000)

test('SY51 a seed gives the same history every time', async () => {
  const [one, again, other] = [await simulateDevice(7), await simulateDevice(7), await simulateDevice(8)]
  expect(again.hash).toBe(one.hash)
  expect(other.hash).not.toBe(one.hash)
})

test.each([
  [133, 'a copy that is given up while the disk is full is not held any more'],
  [424, 'what could not be written is asked for again when there is room'],
])('SY52 a history that once went wrong goes well: seed %i, %s', async (seed) => {
  expect((await simulateDevice(seed)).violations).toEqual([])
})
