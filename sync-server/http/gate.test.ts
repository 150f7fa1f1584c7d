import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { createGate } from './gate.ts'

test('HO11 so many sign-ins are checked at a time, so many wait, and more are turned away; a failure frees its place', async () => {
  const gate = createGate(2, 3)
  let inside = 0
  let most = 0
  const order: number[] = []
  const work = (number: number) => async () => {
    inside += 1
    most = Math.max(most, inside)
    order.push(number)
    await sleep(5)
    inside -= 1
    if (number === 1) throw new Error('failed')
    return number
  }
  const passed = await Promise.allSettled([0, 1, 2, 3, 4, 5, 6].map((number) => gate.pass(work(number))))
  const told = passed.map((one) => (one.status === 'fulfilled' ? one.value : 'failed'))
  expect(told).toEqual([0, 'failed', 2, 3, 4, 'full', 'full'])
  expect(most).toBe(2)
  expect(order).toEqual([0, 1, 2, 3, 4])
  expect(await gate.pass(work(7))).toBe(7)
})
