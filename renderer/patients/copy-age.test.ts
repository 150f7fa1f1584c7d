import { expect, test } from 'vitest'
import type { Reach } from '../sync/round-trip.ts'
import { copyAge, createCopyAges } from './copy-age.ts'

const at = Date.UTC(2026, 10, 24, 3, 12)
const second = 1000
const minute = 60 * second

test('PT1 a copy is live while a region answers and confirmed it within a minute, and only then', () => {
  expect(copyAge(at, true, at)).toEqual({ state: 'live' })
  expect(copyAge(at, true, at + minute - 1)).toEqual({ state: 'live' })
  expect(copyAge(at, true, at + minute).state).toBe('confirmed')
  expect(copyAge(at, false, at)).toEqual({ state: 'confirmed', at, tone: 'quiet' })
})

test('PT2 an older copy says when it was confirmed: amber from one minute, red from fifteen', () => {
  const toneAfter = (ms: number) => copyAge(at, false, at + ms)
  expect(toneAfter(minute - 1)).toMatchObject({ tone: 'quiet' })
  expect(toneAfter(minute)).toMatchObject({ tone: 'aging' })
  expect(toneAfter(15 * minute - 1)).toMatchObject({ tone: 'aging' })
  expect(toneAfter(15 * minute)).toEqual({ state: 'confirmed', at, tone: 'old' })
})

test('PT3 no copy is a state of its own, and one from the future has no known age', () => {
  expect(copyAge(undefined, true, at)).toEqual({ state: 'absent' })
  expect(copyAge(undefined, false, at)).toEqual({ state: 'absent' })
  expect(copyAge(at, true, at - minute)).toEqual({ state: 'live' })
  expect(copyAge(at, true, at - minute - 1)).toEqual({ state: 'unknown' })
})

test('PT4 one clock serves all rows, runs while one is shown, and a row that looks the same is the same', () => {
  let now = at
  let clocks = 0
  let tick = () => {}
  const reach: Reach = { state: 'answers', roundTripMs: 1, at, takesWrites: true }
  const confirmed = new Map([['chart/a', at]])
  const ages = createCopyAges({
    catchUp: { confirmedAt: (document) => confirmed.get(document) },
    reach: () => reach,
    now: () => now,
    every: (_ms, act) => {
      clocks += 1
      tick = act
      return () => {
        clocks -= 1
      }
    },
  })
  let heard = 0
  const stops = [ages.onChange(() => heard++), ages.onChange(() => heard++)]
  expect(clocks).toBe(1)
  const live = ages.of('a')
  now += second
  confirmed.set('chart/a', now)
  tick()
  expect(heard).toBe(2)
  expect(ages.of('a')).toBe(live)
  expect(ages.of('b')).toBe(ages.of('b'))
  now += minute
  const confirmedOnce = ages.of('a')
  expect(confirmedOnce).toEqual({ state: 'confirmed', at: at + second, tone: 'aging' })
  expect(ages.of('a')).toBe(confirmedOnce)
  for (const stop of stops) stop()
  expect(clocks).toBe(0)
})
