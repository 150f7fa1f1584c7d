import { expect, test } from 'vitest'
import { createPace } from './pace.ts'

test('IM16 of each turn of the event loop, all work that has time gets one slice together', async () => {
  let now = 0
  const due: (() => void)[] = []
  const pace = createPace({ monotonic: () => now, soon: (act) => void due.push(act) })
  const done: string[] = []
  /** Pieces of work of 0.3 ms each. */
  const work = async (name: string) => {
    for (let piece = 0; piece < 8; piece++) {
      await pace.piece()
      done.push(name)
      now += 0.3
    }
  }
  const all = Promise.all(['a', 'b', 'c'].map(work))
  const turns: number[] = []
  while (done.length < 24) {
    const before = done.length
    const acts = due.splice(0)
    expect(acts).toHaveLength(1)
    for (const act of acts) act()
    for (let microtask = 0; microtask < 100; microtask++) await Promise.resolve()
    turns.push(done.length - before)
  }
  await all
  expect(Math.max(...turns)).toBe(4)
  expect(new Set(done.slice(0, 12))).toEqual(new Set(['a', 'b', 'c']))
})

test('IM16 between its parts it rests until the loop was idle for as long as it was busy, and never for long', async () => {
  const now = { active: 500, idle: 0 }
  const waits: number[] = []
  const pace = createPace({
    monotonic: () => now.active + now.idle,
    loop: () => ({ ...now }),
    wait: async (milliseconds) => {
      waits.push(milliseconds)
      now.idle += milliseconds
    },
  })
  const after = async (active: number, idle: number) => {
    now.active += active
    now.idle += idle
    await pace.rest()
  }
  await after(10, 4)
  await after(3, 3)
  await after(3, 50)
  await after(7, 0)
  expect(waits).toEqual([6, 7])
  await after(1000, 0)
  expect(waits.at(-1)).toBe(100)
  now.active += 20
  await Promise.all([pace.rest(), pace.rest(), pace.rest()])
  expect(waits.slice(3)).toEqual([20])
})
