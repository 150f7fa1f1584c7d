import { expect, test } from 'vitest'
import { type Choice, chooseRegion, firstChoice } from './region-choice.ts'
import type { Reach } from './round-trip.ts'

const answers = (roundTripMs: number, takesWrites = true): Reach => ({
  state: 'answers',
  roundTripMs,
  at: 0,
  takesWrites,
})
const silent: Reach = { state: 'silent', since: 0, lastAnswer: undefined }
const doubtful: Reach = { state: 'doubtful', since: 0, lastAnswer: undefined }

/** Chooses every second, and says where that led and when it changed. */
function follow(reachesAt: (second: number) => { [region: string]: Reach }, seconds: number, start?: Choice) {
  let choice = start ?? firstChoice('frankfurt')
  const moves: string[] = []
  for (let second = 0; second <= seconds; second++) {
    const next = chooseRegion(choice, new Map(Object.entries(reachesAt(second))), 'frankfurt', second * 1000)
    if (next.region !== choice.region) moves.push(`${second} s ${next.region}`)
    choice = next
  }
  return { choice, moves }
}

test('SY40 a region that falls silent is left at once for the nearest that answers; in doubt a window stays', () => {
  const others = { london: answers(20), nairobi: answers(90) }
  expect(follow((s) => ({ frankfurt: s < 3 ? doubtful : silent, ...others }), 10).moves).toEqual([
    '3 s london',
  ])
  expect(follow(() => ({ frankfurt: doubtful, ...others }), 600).moves).toEqual([])
  expect(follow(() => ({ frankfurt: silent, london: silent, nairobi: doubtful }), 600).moves).toEqual([])
})

test('SY41 a nearer region is taken only when it was nearer for 30 s without a break, by more than a little', () => {
  const near = (s: number) => ({ frankfurt: answers(220), london: answers(s === 20 ? 200 : 40) })
  expect(follow(near, 100).moves).toEqual(['51 s london'])
  expect(follow(() => ({ frankfurt: answers(50), london: answers(12) }), 600).moves).toEqual([])
})

test('SY42 the region of the sign-in is taken back when it answers again for 30 s, later each time it had been left', () => {
  // Gone for 10 s of every 100.
  const flapping = (s: number) => ({ frankfurt: s % 100 < 10 ? silent : answers(5), london: answers(5) })
  const { moves } = follow(flapping, 300)
  expect(moves).toEqual(['0 s london', '70 s frankfurt', '100 s london'])
  const steady = (s: number) => ({ frankfurt: s < 10 ? silent : answers(5), london: answers(5) })
  expect(follow(steady, 100).moves).toEqual(['0 s london', '70 s frankfurt'])
})

test('SY43 a region whose store takes no writes is left for one that takes them, after 10 s', () => {
  const regions = { frankfurt: answers(5, false), london: answers(200), nairobi: answers(1, false) }
  expect(follow(() => regions, 60).moves).toEqual(['10 s london'])
  expect(follow(() => ({ frankfurt: silent, london: answers(5, false) }), 60).moves).toEqual(['0 s london'])
})
