import { expect, test } from 'vitest'
import { type ConnectionAction, type ConnectionEvent, createConnectionCore } from './connection-core.ts'

/** A connection whose clock is a hand. */
function started() {
  const core = createConnectionCore({ random: () => 0.5 })
  let now = 0
  const on = (event: ConnectionEvent) => core.on(event, now)
  on({ type: 'start' })
  return {
    on,
    pass(ms: number) {
      now += ms
      return on({ type: 'timer' })
    },
  }
}

const does = (actions: readonly ConnectionAction[]) => actions.map((action) => action.do)
const waitIn = (actions: readonly ConnectionAction[]) =>
  actions.flatMap((action) => (action.do === 'wake' ? action.afterMs : []))

test('RE12 reconnects wait with full jitter, longer each time in vain', () => {
  const { on, pass } = started()
  const waits: number[] = []
  for (let n = 0; n < 7; n++) {
    const [wait = 0] = waitIn(on({ type: 'closed', code: 1006 }))
    waits.push(wait)
    expect(does(pass(wait))).toEqual(['connect', 'wake'])
  }
  expect(waits).toEqual([500, 1000, 2000, 4000, 7500, 7500, 7500])
})

test('RE19 a region that leaves is called again when it said, once, and never as late as it might say by mistake', () => {
  const { on, pass } = started()
  const closed = () => waitIn(on({ type: 'closed', code: 1001 }))
  on({ type: 'opened' })
  on({ type: 'heard' })
  on({ type: 'leaving', retryAfterMs: 3700 })
  expect(closed()).toEqual([3700])
  pass(3700)
  expect(closed()).toEqual([1000])
  pass(1000)
  on({ type: 'opened' })
  on({ type: 'leaving', retryAfterMs: 3_600_000 })
  expect(closed()).toEqual([60_000])
})

test('SY70 a region that says at every greeting that it leaves, and to come back at once, is called in no haste', () => {
  const { on, pass } = started()
  const waits: number[] = []
  for (let n = 0; n < 5; n++) {
    on({ type: 'opened' })
    on({ type: 'heard' })
    on({ type: 'leaving', retryAfterMs: 0 })
    const [wait = 0] = waitIn(on({ type: 'closed', code: 4512 }))
    waits.push(wait)
    if (wait > 0) pass(wait)
  }
  expect(waits.slice(1).every((wait) => wait > 0)).toBe(true)
  expect(waits[4]).toBe(7500)
})

test('SY4 a close code that forbids another try ends the attempts until there is something new to say, or another region to call', () => {
  const { on, pass } = started()
  on({ type: 'opened' })
  expect(waitIn(on({ type: 'closed', code: 4401 }))).toEqual([500])
  pass(500)
  expect(on({ type: 'closed', code: 4403 })).toEqual([])
  expect(pass(600_000)).toEqual([])
  expect(does(on({ type: 'want' }))).toEqual(['connect', 'wake'])
  expect(on({ type: 'closed', code: 4403 })).toEqual([])
  expect(does(on({ type: 'move' }))).toEqual(['connect', 'wake'])
})

test('SY5 a socket that says nothing for 15 s, or does not open within 10 s, is given up and opened anew', () => {
  const { on, pass } = started()
  expect(pass(9_999)).toEqual([{ do: 'wake', afterMs: 1 }])
  const gaveUp = pass(1)
  expect(does(gaveUp)).toEqual(['abandon', 'wake'])
  expect(does(pass(500))).toEqual(['connect', 'wake'])
  on({ type: 'opened' })
  pass(14_000)
  on({ type: 'heard' })
  expect(pass(14_999)).toEqual([{ do: 'wake', afterMs: 1 }])
  expect(does(pass(1))).toEqual(['abandon', 'wake'])
})

test('SY6 another region is called at once, and what the one before still says is not waited for', () => {
  const { on, pass } = started()
  on({ type: 'opened' })
  expect(does(on({ type: 'move' }))).toEqual(['abandon', 'connect', 'wake'])
  on({ type: 'closed', code: 1006 })
  expect(does(on({ type: 'move' }))).toEqual(['connect', 'wake'])
  expect(does(on({ type: 'stop' }))).toEqual(['abandon'])
  expect(pass(100_000)).toEqual([])
})
