import fc from 'fast-check'
import { expect, test } from 'vitest'
import { decodeFrame, type Frame, type RefusalCode } from '../../domain/wire/wire.ts'
import { createSubmitCore, type SubmitAction, type SubmitEvent } from './submit-core.ts'

const proposal = (id: string) => ({ id, text: `{"n":"${id}"}` })
const ack = (id: string): SubmitEvent => ({
  type: 'heard',
  frame: { channel: 0, type: 'ack', acks: [{ id, origin: 'frankfurt.1', seq: 1, epoch: 1 }] },
})
const replicated = (regions: { [region: string]: { [origin: string]: number } }): SubmitEvent => ({
  type: 'heard',
  frame: { channel: 0, type: 'replicated', regions },
})
const refuse = (id: string, code: RefusalCode): SubmitEvent => ({
  type: 'heard',
  frame: { channel: 0, type: 'refuse', refusals: [{ id, code, detail: '', retry: code === 'busy' }] },
})

function sentIn(actions: readonly SubmitAction[]): string[] {
  return actions.flatMap((action) => {
    const frame: Frame | undefined = action.do === 'send' ? decodeFrame(action.bytes) : undefined
    return frame?.type === 'submit' ? frame.proposals.map(({ id }) => id) : []
  })
}

const started = () => createSubmitCore({ random: () => 0.5 })

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
  expect(sentIn(core.on({ type: 'opened' }))).toEqual([])
})

test('RE18 what only one region is known to have is proposed again on the next connection, and its old acknowledgement counts no more', () => {
  const core = started()
  core.on({ type: 'opened' })
  core.on({ type: 'propose', proposal: proposal('a') })
  core.on(ack('a'))
  core.on({ type: 'closed', code: 1006 })
  expect(sentIn(core.on({ type: 'opened' }))).toEqual(['a'])
  expect(core.on(replicated({ london: { 'frankfurt.1': 9 } }))).toEqual([])
  expect(core.on(ack('a')).map((action) => action.do)).toEqual(['acked', 'elsewhere'])
})

test('RE11 what a broken connection left unanswered is sent again under the same id', () => {
  const core = started()
  core.on({ type: 'opened' })
  core.on({ type: 'propose', proposal: proposal('a') })
  core.on({ type: 'propose', proposal: proposal('b') })
  core.on(ack('a'))
  core.on(replicated({ london: { 'frankfurt.1': 1 } }))
  expect(core.on({ type: 'closed', code: 1006 })).toEqual([])
  expect(sentIn(core.on({ type: 'opened' }))).toEqual(['b'])
})

test('RE13 a refusal worth another try is tried again by itself; in the end, and otherwise at once, it is told', () => {
  const core = started()
  core.on({ type: 'opened' })
  core.on({ type: 'propose', proposal: proposal('a') })
  for (let n = 0; n < 5; n++) {
    expect(core.on(refuse('a', 'busy')).map((action) => action.do)).toEqual(['wake'])
    expect(sentIn(core.on({ type: 'timer' }))).toEqual(['a'])
  }
  expect(core.on(refuse('a', 'busy')).map((action) => action.do)).toEqual(['refused', 'rest'])
  core.on({ type: 'propose', proposal: proposal('b') })
  expect(core.on(refuse('b', 'schema')).map((action) => action.do)).toEqual(['refused'])
  // What was refused for good is forgotten here.
  expect(core.unanswered()).toBe(1)
})

test('SY1 what a region could not take for now is tried again after a minute and on every new connection, and told as on its way', () => {
  const core = started()
  core.on({ type: 'opened' })
  core.on({ type: 'propose', proposal: proposal('a') })
  // Another region may not have heard of the patient yet.
  for (let n = 0; n < 6; n++) {
    core.on(refuse('a', 'unknown-document'))
    core.on({ type: 'timer' })
  }
  const retried = (again: SubmitAction[]) => {
    expect(again[0]).toEqual({ do: 'retried', ids: ['a'] })
    expect(sentIn(again)).toEqual(['a'])
  }
  core.on({ type: 'closed', code: 1006 })
  retried(core.on({ type: 'opened' }))
  for (let n = 0; n < 6; n++) {
    core.on(refuse('a', 'busy'))
    core.on({ type: 'timer' })
  }
  retried(core.on({ type: 'rested' }))
  expect(core.on(ack('a'))).toContainEqual(expect.objectContaining({ do: 'acked' }))
})

test('SY2 what nobody wants any more is not proposed again', () => {
  const core = started()
  core.on({ type: 'propose', proposal: proposal('a') })
  core.on({ type: 'take-back', id: 'a' })
  expect(core.on({ type: 'opened' })).toEqual([])
})

test('SY3 no more than 200 proposals are unanswered at once, and those that wait go when others are answered', () => {
  const core = started()
  for (let n = 0; n < 450; n++) core.on({ type: 'propose', proposal: proposal(`p${n}`) })
  expect(sentIn(core.on({ type: 'opened' })).length).toBe(200)
  expect(sentIn(core.on(ack('p0')))).toEqual(['p200'])
  expect(sentIn(core.on(refuse('p1', 'schema')))).toEqual(['p201'])
})

test('RE14 a close code that forbids another try refuses what waits; an expired token does not', () => {
  const core = started()
  core.on({ type: 'opened' })
  core.on({ type: 'propose', proposal: proposal('a') })
  expect(core.on({ type: 'closed', code: 4401 })).toEqual([])
  core.on({ type: 'opened' })
  expect(core.on({ type: 'closed', code: 4403 }).map((action) => action.do)).toEqual(['refused'])
  expect(core.on({ type: 'timer' })).toEqual([])
  expect(sentIn(core.on({ type: 'opened' }))).toEqual(['a'])
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
  const event = fc.constantFrom('propose', 'ack', 'refuse', 'busy', 'close', 'timer', 'open')
  fc.assert(
    fc.property(fc.array(event, { maxLength: 80 }), (events) => {
      const core = started()
      let isOpen = false
      let wake = false
      let made = 0
      const atRegion = new Set<string>()
      const acked = new Set<string>()
      const refused = new Set<string>()
      const run = (e: SubmitEvent) => {
        for (const action of core.on(e)) {
          if (action.do === 'send') expect(isOpen).toBe(true)
          for (const id of sentIn([action])) atRegion.add(id)
          if (action.do === 'wake') wake = true
          if (action.do === 'acked') for (const { id } of action.acks) acked.add(id)
          if (action.do === 'refused') for (const { id } of action.refusals) refused.add(id)
          if (action.do === 'retried') for (const id of action.ids) refused.delete(id)
        }
      }
      const step = (name: string) => {
        const answered = (id: string) => acked.has(id) || refused.has(id)
        const id = [...atRegion].find((one) => !answered(one)) ?? [...acked].at(0)
        if (name === 'propose') run({ type: 'propose', proposal: proposal(`p${made++}`) })
        else if (name === 'open' && !isOpen) {
          isOpen = true
          run({ type: 'opened' })
        } else if (name === 'close' && isOpen) {
          isOpen = false
          run({ type: 'closed', code: 1006 })
        } else if (name === 'timer' && wake) {
          wake = false
          run({ type: 'timer' })
        } else if (isOpen && id !== undefined && name === 'ack') run(ack(id))
        else if (isOpen && id !== undefined && !acked.has(id) && name === 'refuse') run(refuse(id, 'schema'))
        else if (isOpen && id !== undefined && !acked.has(id) && name === 'busy') run(refuse(id, 'busy'))
      }
      for (const name of events) step(name)
      // The links heal.
      step('timer')
      step('open')
      for (let n = 0; n < made; n++) step('ack')
      expect(acked.size + refused.size).toBe(made)
      expect([...refused].filter((id) => acked.has(id))).toEqual([])
      // What only this region has was proposed again on the last connection.
      for (const id of acked) run(ack(id))
      expect(core.unanswered()).toBe(0)
    }),
  )
})
