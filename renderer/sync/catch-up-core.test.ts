import { expect, test } from 'vitest'
import { decodeFrame, type Frame } from '../../domain/wire/wire.ts'
import { type CatchUpAction, createCatchUpCore, noCursor } from './catch-up-core.ts'

type Asked = Extract<Frame, { type: 'catch-up' }>

function askedIn(actions: readonly CatchUpAction[]): Asked | undefined {
  const frames = actions.flatMap((action) => (action.do === 'send' ? (decodeFrame(action.bytes) ?? []) : []))
  return frames.find((frame): frame is Asked => frame.type === 'catch-up')
}
const scopeOf = (asked: Asked | undefined) =>
  Object.fromEntries(asked?.scope.map(({ document, state }) => [document, state]) ?? [])
const target = (request: number, seq: number): Frame => ({
  channel: 0,
  type: 'target',
  request,
  proof: `proof of ${seq}`,
  target: { 'nairobi.1': seq },
})
const part = (request: number, document: string, last = true): Frame => ({
  channel: 0,
  type: 'part',
  request,
  document,
  last,
  update: Uint8Array.of(1),
})
const caughtUp = (request: number): Frame => ({ channel: 0, type: 'caught-up', request })
const gone = (document: string, code: number): Frame => ({
  channel: 0,
  type: 'gone',
  document,
  code,
  reason: '',
})

test('DV60 what is wanted is asked for once somebody is there, new until the end of a catch-up, held from then on', () => {
  const core = createCatchUpCore(noCursor)
  expect(core.want(['chart/1', 'chart/2'])).toEqual([])
  const first = askedIn(core.opened())
  expect(scopeOf(first)).toEqual({ 'chart/1': 'new', 'chart/2': 'new' })
  core.hear(target(1, 7))
  expect(core.hear(part(1, 'chart/1'))).toEqual([
    { do: 'store', document: 'chart/1', update: Uint8Array.of(1) },
  ])
  expect(core.hear(caughtUp(1))).toEqual([
    {
      do: 'keep-cursor',
      request: 1,
      cursor: { target: { 'nairobi.1': 7 }, proof: 'proof of 7', held: ['chart/1', 'chart/2'] },
    },
  ])
  const second = askedIn(core.ask())
  expect(second).toMatchObject({ cursor: { 'nairobi.1': 7 }, proof: 'proof of 7' })
  expect(scopeOf(second)).toEqual({ 'chart/1': 'held', 'chart/2': 'held' })
})

test('DV61 a catch-up that broke off goes on towards the same target, without what was done', () => {
  const core = createCatchUpCore(noCursor)
  core.want(['chart/1', 'chart/2'])
  core.opened()
  core.hear(target(1, 7))
  core.hear(part(1, 'chart/1'))
  core.hear(part(1, 'chart/2', false))
  core.closed()
  const again = askedIn(core.opened())
  expect(again).toMatchObject({ cursor: {}, target: { 'nairobi.1': 7 }, request: 2 })
  expect(scopeOf(again)).toEqual({ 'chart/1': 'done', 'chart/2': 'new' })
  // An answer to the first one is nobody's any more.
  expect(core.hear(part(1, 'chart/2'))).toEqual([])
})

test('DV62 what is void is dropped and new again, however often the connection breaks before the end', () => {
  const core = createCatchUpCore({ target: { 'nairobi.1': 7 }, proof: 'p', held: ['chart/1', 'chart/2'] })
  core.want(['chart/1', 'chart/2'])
  expect(scopeOf(askedIn(core.opened()))).toEqual({ 'chart/1': 'held', 'chart/2': 'held' })
  expect(core.hear(gone('chart/1', 4520))).toEqual([{ do: 'drop', document: 'chart/1', erased: false }])
  expect(core.hear(gone('chart/2', 4410))).toEqual([{ do: 'drop', document: 'chart/2', erased: true }])
  core.closed()
  expect(scopeOf(askedIn(core.opened()))).toEqual({ 'chart/1': 'new', 'chart/2': 'new' })
})

test('DV63 another scope while an answer is under way is asked for at its end', () => {
  const core = createCatchUpCore(noCursor)
  core.want(['chart/1'])
  core.opened()
  core.hear(target(1, 7))
  expect(core.want(['chart/1', 'chart/3'])).toEqual([])
  const actions = core.hear(caughtUp(1))
  expect(actions[0]).toMatchObject({ do: 'keep-cursor', cursor: { held: ['chart/1'] } })
  expect(scopeOf(askedIn(actions))).toEqual({ 'chart/1': 'held', 'chart/3': 'new' })
  expect(core.want(['chart/1', 'chart/3'])).toEqual([])
})

test('DV64 a copy that was given up while an answer is under way is new in the next one', () => {
  const core = createCatchUpCore({ target: { 'nairobi.1': 7 }, proof: 'p', held: ['chart/1', 'chart/2'] })
  core.want(['chart/1', 'chart/2'])
  core.opened()
  core.hear(target(1, 9))
  core.forget('chart/2')
  const actions = core.hear(caughtUp(1))
  expect(actions[0]).toMatchObject({ do: 'keep-cursor', cursor: { held: ['chart/1'] } })
  expect(scopeOf(askedIn(actions))).toEqual({ 'chart/1': 'held', 'chart/2': 'new' })
})
