import { expect, test } from 'vitest'
import { afterProbe, probeAfterMs, type Reach, wrongClock } from './round-trip.ts'

const answer = (sentAt: number, roundTripMs = 10) =>
  ({ found: 'answer', sentAt, roundTripMs, takesWrites: true }) as const
const nothing = (sentAt: number) => ({ found: 'nothing', sentAt }) as const

test('RE30 one missed probe raises doubt, two in a row say silence since the first, with the last answer', () => {
  const heard = afterProbe({ state: 'asking' }, answer(1000))
  const doubtful = afterProbe(heard, nothing(6000))
  expect(doubtful).toEqual({ state: 'doubtful', since: 6000, lastAnswer: 1000 })
  const silent = afterProbe(doubtful, nothing(7000))
  expect(silent).toEqual({ state: 'silent', since: 6000, lastAnswer: 1000 })
  expect(afterProbe(silent, nothing(9000))).toEqual(silent)
  expect(afterProbe(silent, answer(11_000, 30))).toEqual({
    state: 'answers',
    roundTripMs: 30,
    at: 11_000,
    takesWrites: true,
  })
})

test('RE31 a region that never answered has no last answer, and doubt is looked into quickly', () => {
  const silent = afterProbe(afterProbe({ state: 'asking' }, nothing(1)), nothing(2))
  expect(silent).toEqual({ state: 'silent', since: 1, lastAnswer: undefined })
  const waits = (['answers', 'silent', 'doubtful'] as const).map((state) => probeAfterMs({ state } as Reach))
  expect(waits).toEqual([...waits].sort((a, b) => b - a))
})

test('RE32 a device whose clock is more than a minute off its region’s is known, whatever the round trip', () => {
  const off = (sentAt: number, regionTime: number, roundTripMs = 0) =>
    wrongClock(
      afterProbe(
        { state: 'asking' },
        { found: 'answer', sentAt, roundTripMs, takesWrites: true, regionTime },
      ),
    )
  const hour = 3_600_000
  expect(off(hour, hour)).toBeUndefined()
  expect(off(hour + 59_000, hour)).toBeUndefined()
  expect(off(hour + 61_000, hour)).toBe(60_500)
  expect(off(hour - 90_000, hour)).toBe(-90_500)
  expect(off(hour - 4000, hour, 8000)).toBeUndefined()
  expect(wrongClock({ state: 'asking' })).toBeUndefined()
})
