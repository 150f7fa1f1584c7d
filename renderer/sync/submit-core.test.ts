import fc from 'fast-check'
import { expect, test } from 'vitest'
import { decodeFrame, encodeFrame, type Frame } from '../../domain/wire/wire.ts'
import { createSubmitCore, type SubmitAction, type SubmitEvent } from './submit-core.ts'

const proposal = (id: string) => ({ id, text: `{"n":"${id}"}` })
const ack = (id: string): SubmitEvent => ({
  type: 'received',
  bytes: encodeFrame({ channel: 0, type: 'ack', acks: [{ id, origin: 'frankfurt.1', seq: 1, epoch: 1 }] }),
})
const replicated = (regions: { [region: string]: { [origin: string]: number } }): SubmitEvent => ({
  type: 'received',
  bytes: encodeFrame({ channel: 0, type: 'replicated', regions }),
})
const refuse = (id: string, retry: boolean): SubmitEvent => ({
  type: 'received',
  bytes: encodeFrame({ channel: 0, type: 'refuse', refusals: [{ id, code: 'busy', detail: '', retry }] }),
})

function sentIn(actions: readonly SubmitAction[]): string[] {
  return actions.flatMap((action) => {
    const frame: Frame | undefined = action.do === 'send' ? decodeFrame(action.bytes) : undefined
    return frame?.type === 'submit' ? frame.proposals.map(({ id }) => id) : []
  })
}

function started() {
  const core = createSubmitCore({ random: () => 0.5 })
  core.on({ type: 'start' })
  return core
}

test('RE10 a proposal waits for the socket, is sent once, and needs no more answer when it is acknowledged', () => {
  const core = started()
  expect(sentIn(core.on({ type: 'propose', proposal: proposal('a') }))).toEqual([])
  expect(sentIn(core.on({ type: 'opened' }))).toEqual(['a'])
  expect(sentIn(core.on({ type: 'propose', proposal: proposal('b') }))).toEqual(['b'])
  expect(core.on(ack('a'))).toContainEqual(expect.objectContaining({ do: 'acked' }))
  expect(core.unanswered()).toBe(1)
})

test('RE17 a change is elsewhere once another region has flushed what this connection acknowledged, and each region is told once', () => {
  const core = started()
  core.on({ type: 'opened' })
  core.on(replicated({ london: { 'frankfurt.1': 0 } }))
  core.on({ type: 'propose', proposal: proposal('a') })
  expect(core.on(replicated({ london: { 'frankfurt.1': 5 } }))).toEqual([])
  expect(core.on(ack('a')).slice(1)).toEqual([{ do: 'elsewhere', ids: ['a'], regions: ['london'] }])
  expect(core.on(replicated({ london: { 'frankfurt.1': 6 } }))).toEqual([])
  expect(core.on(replicated({ nairobi: { 'frankfurt.1': 1 }, london: { 'frankfurt.1': 6 } }))).toEqual([
    { do: 'elsewhere', ids: ['a'], regions: ['london', 'nairobi'] },
  ])
  core.on({ type: 'closed', code: 1006 })
  core.on({ type: 'timer' })
  expect(sentIn(core.on({ type: 'opened' }))).toEqual([])
})

test('RE18 what only one region is known to have is proposed again on the next connection, and its old acknowledgement counts no more', () => {
  const core = started()
  core.on({ type: 'opened' })
  core.on({ type: 'propose', proposal: proposal('a') })
  core.on(ack('a'))
  core.on({ type: 'closed', code: 1006 })
  core.on({ type: 'timer' })
  expect(sentIn(core.on({ type: 'opened' }))).toEqual(['a'])
  expect(core.on(replicated({ london: { 'frankfurt.1': 9 } }))).toEqual([])
  expect(core.on(ack('a')).map((action) => action.do)).toEqual(['acked', 'elsewhere'])
})

test('RE19 a region that leaves is called again when it said, once, and never as late as it might say by mistake', () => {
  const core = started()
  const leaving = (retryAfterMs: number): SubmitEvent => ({
    type: 'received',
    bytes: encodeFrame({ channel: 0, type: 'leaving', retryAfterMs }),
  })
  core.on({ type: 'opened' })
  expect(core.on(leaving(3700))).toEqual([])
  expect(core.on({ type: 'closed', code: 1001 })).toEqual([{ do: 'wake', afterMs: 3700 }])
  core.on({ type: 'timer' })
  expect(core.on({ type: 'closed', code: 1006 })).toEqual([{ do: 'wake', afterMs: 1000 }])
  core.on({ type: 'timer' })
  core.on({ type: 'opened' })
  core.on(leaving(10 ** 9))
  expect(core.on({ type: 'closed', code: 1001 })).toEqual([{ do: 'wake', afterMs: 60_000 }])
})

test('RE11 what a broken connection left unanswered is sent again under the same id', () => {
  const core = started()
  core.on({ type: 'opened' })
  core.on({ type: 'propose', proposal: proposal('a') })
  core.on({ type: 'propose', proposal: proposal('b') })
  core.on(ack('a'))
  core.on(replicated({ london: { 'frankfurt.1': 1 } }))
  expect(core.on({ type: 'closed', code: 1006 })).toEqual([{ do: 'wake', afterMs: 500 }])
  expect(core.on({ type: 'timer' })).toEqual([{ do: 'connect' }])
  expect(sentIn(core.on({ type: 'opened' }))).toEqual(['b'])
})

test('RE12 reconnects wait with full jitter, longer each time in vain', () => {
  const core = started()
  const waits: number[] = []
  for (let n = 0; n < 7; n++) {
    for (const action of core.on({ type: 'closed', code: 1006 }))
      if (action.do === 'wake') waits.push(action.afterMs)
    core.on({ type: 'timer' })
  }
  expect(waits).toEqual([500, 1000, 2000, 4000, 7500, 7500, 7500])
})

test('RE13 a refusal worth another try is tried again by itself; in the end, and otherwise at once, it is told', () => {
  const core = started()
  core.on({ type: 'opened' })
  core.on({ type: 'propose', proposal: proposal('a') })
  for (let n = 0; n < 5; n++) {
    expect(core.on(refuse('a', true)).map((action) => action.do)).toEqual(['wake'])
    expect(sentIn(core.on({ type: 'timer' }))).toEqual(['a'])
  }
  expect(core.on(refuse('a', true)).map((action) => action.do)).toEqual(['refused'])
  core.on({ type: 'propose', proposal: proposal('b') })
  expect(core.on(refuse('b', false)).map((action) => action.do)).toEqual(['refused'])
  expect(core.unanswered()).toBe(0)
})

test('RE14 a close code that forbids another try refuses what waits; an expired token does not', () => {
  const core = started()
  core.on({ type: 'opened' })
  core.on({ type: 'propose', proposal: proposal('a') })
  expect(core.on({ type: 'closed', code: 4401 }).map((action) => action.do)).toEqual(['wake'])
  core.on({ type: 'timer' })
  core.on({ type: 'opened' })
  expect(core.on({ type: 'closed', code: 4403 }).map((action) => action.do)).toEqual(['refused'])
  expect(core.on({ type: 'timer' })).toEqual([])
  expect(core.on({ type: 'propose', proposal: proposal('b') })).toEqual([{ do: 'connect' }])
})

test('RE15 frames keep within what a region takes from a client', () => {
  const core = started()
  const text = 'x'.repeat(60_000)
  for (let n = 0; n < 40; n++) core.on({ type: 'propose', proposal: { id: `p${n}`, text } })
  const frames = core.on({ type: 'opened' }).flatMap((action) => (action.do === 'send' ? action.bytes : []))
  expect(Math.max(...frames.map((bytes) => bytes.length))).toBeLessThanOrEqual(1024 * 1024)
  expect(frames.flatMap((bytes) => sentIn([{ do: 'send', bytes }])).length).toBe(40)
})

test('RE16 through any losses, no proposal is forgotten, and none is refused that was acknowledged', () => {
  const event = fc.constantFrom('propose', 'ack', 'refuse', 'close', 'timer', 'open')
  fc.assert(
    fc.property(fc.array(event, { maxLength: 80 }), (events) => {
      const core = createSubmitCore({ random: () => 0.5 })
      let socket: 'none' | 'connecting' | 'open' = 'none'
      let wake = false
      let made = 0
      const answered = new Map<string, number>()
      const atRegion = new Set<string>()
      const acked = new Set<string>()
      const refused = new Set<string>()
      const run = (e: SubmitEvent) => {
        for (const action of core.on(e)) {
          if (action.do === 'connect') {
            expect(socket).toBe('none')
            socket = 'connecting'
          }
          if (action.do === 'send') {
            expect(socket).toBe('open')
            for (const id of sentIn([action])) atRegion.add(id)
          }
          if (action.do === 'wake') wake = true
          if (action.do === 'acked')
            for (const { id } of action.acks) {
              answered.set(id, (answered.get(id) ?? 0) + 1)
              acked.add(id)
            }
          if (action.do === 'refused')
            for (const { id } of action.refusals) {
              answered.set(id, (answered.get(id) ?? 0) + 1)
              refused.add(id)
            }
        }
      }
      const step = (name: string) => {
        const id = [...atRegion].find((one) => !answered.has(one)) ?? [...acked].at(0)
        if (name === 'propose') run({ type: 'propose', proposal: proposal(`p${made++}`) })
        else if (name === 'open' && socket === 'connecting') {
          socket = 'open'
          run({ type: 'opened' })
        } else if (name === 'close' && socket !== 'none') {
          socket = 'none'
          run({ type: 'closed', code: 1006 })
        } else if (name === 'timer' && wake) {
          wake = false
          run({ type: 'timer' })
        } else if (socket === 'open' && id !== undefined && name === 'ack') run(ack(id))
        else if (socket === 'open' && id !== undefined && !acked.has(id) && name === 'refuse')
          run(refuse(id, false))
      }
      run({ type: 'start' })
      for (const name of events) step(name)
      // The links heal.
      for (let n = 0; n < 3; n++) {
        step('timer')
        step('open')
      }
      for (let n = 0; n < made; n++) step('ack')
      expect(answered.size).toBe(made)
      expect([...refused].filter((id) => acked.has(id))).toEqual([])
      // What only this region has was proposed again on the last connection.
      for (const id of acked) run(ack(id))
      expect(core.unanswered()).toBe(0)
    }),
  )
})
