import { expect, test } from 'vitest'
import { watchRegions } from './region-watch.ts'
import type { ProbeResult } from './round-trip.ts'

/** Regions that answer or not, and a clock that is a hand. */
function scene() {
  let now = 0
  let timers: { at: number; then: () => void }[] = []
  const down = new Set<string>()
  const asked: string[] = []
  const regions = ['frankfurt', 'london', 'nairobi']
  const watch = watchRegions({
    regions,
    region: 'frankfurt',
    probe: async (region): Promise<ProbeResult> => {
      asked.push(region)
      return down.has(region)
        ? { found: 'nothing', sentAt: now }
        : { found: 'answer', sentAt: now, roundTripMs: 1 + regions.indexOf(region), takesWrites: true }
    },
    monotonic: () => now,
    after(ms, then) {
      const timer = { at: now + ms, then }
      timers.push(timer)
      return () => {
        timers = timers.filter((one) => one !== timer)
      }
    },
  })
  const settle = () => new Promise((resolve) => setTimeout(resolve))
  return {
    watch,
    down,
    asked,
    async pass(seconds: number) {
      for (let step = 0; step < seconds * 2; step++) {
        await settle()
        now += 500
        for (const due of timers.filter(({ at }) => at <= now)) {
          timers = timers.filter((one) => one !== due)
          due.then()
        }
      }
      await settle()
    },
  }
}

test('SY44 the window moves when its region falls silent, and back when that one is steady again', async () => {
  const { watch, down, pass } = scene()
  await pass(2)
  expect(watch.reach()).toMatchObject({ state: 'answers', roundTripMs: 1 })
  down.add('frankfurt')
  await pass(7)
  expect(watch.region()).toBe('london')
  expect(watch.reaches().get('frankfurt')?.state).toBe('silent')
  down.clear()
  await pass(30)
  expect(watch.region()).toBe('london')
  await pass(60)
  expect(watch.region()).toBe('frankfurt')
  watch.stop()
})

test('SY45 the region in use is asked every few seconds, the others seldom, and all at once in doubt', async () => {
  const { watch, down, asked, pass } = scene()
  await pass(31)
  const count = (region: string) => asked.filter((one) => one === region).length
  expect([count('frankfurt'), count('london')]).toEqual([7, 3])
  asked.length = 0
  down.add('frankfurt')
  await pass(5)
  expect(count('london')).toBe(1)
  watch.stop()
})

test('SY46 a person can prefer another region: it is taken at once if it answers', async () => {
  const { watch, down, pass } = scene()
  await pass(1)
  watch.prefer('nairobi')
  expect(watch.region()).toBe('nairobi')
  await pass(120)
  expect(watch.region()).toBe('nairobi')
  down.add('london')
  await pass(40)
  watch.prefer('london')
  expect(watch.region()).toBe('nairobi')
  watch.stop()
})

test('SY47 nothing is asked any more once it was stopped', async () => {
  const { watch, asked, pass } = scene()
  await pass(1)
  watch.stop()
  asked.length = 0
  await pass(60)
  expect(asked).toEqual([])
})
