import * as encoding from 'lib0/encoding'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { Awareness, applyAwarenessUpdate, encodeAwarenessUpdate } from 'y-protocols/awareness.js'
import * as Y from 'yjs'
import { createNoteAwareness, type NoteAwareness } from './note-awareness.ts'

const later = () => new Promise((resolve) => setTimeout(resolve, 80))
const ada = { id: 'ada', name: 'Dr. Ada' }
const ben = { id: 'ben', name: 'Ben' }

let told: Uint8Array[]
let region: NoteAwareness
let clients: Awareness[]
beforeEach(() => {
  told = []
  clients = []
  region = createNoteAwareness((update) => void told.push(update))
})
afterEach(() => {
  region.close()
  for (const client of clients) client.destroy()
})

function client(state: { [field: string]: unknown } | null = { cursor: 1 }) {
  const awareness = new Awareness(new Y.Doc())
  awareness.setLocalState(state)
  clients.push(awareness)
  const says = () => encodeAwarenessUpdate(awareness, [awareness.clientID])
  return { awareness, says, id: awareness.clientID }
}

function everybody(update = region.everybody()): Map<number, object> {
  const { awareness, id } = client(null)
  applyAwarenessUpdate(awareness, update, 'test')
  const states = new Map(awareness.getStates())
  states.delete(id)
  return states
}

describe('awareness of a note', () => {
  test('NO15 who somebody is, the region says; what else a state holds stays', () => {
    const me = client({ cursor: 3, user: { name: 'The Director', id: 'boss', color: '#123456' } })
    expect(region.apply(me.says(), {}, ada)).toBe(true)
    expect(everybody().get(me.id)).toEqual({
      cursor: 3,
      user: { name: 'Dr. Ada', id: 'ada', color: '#123456' },
    })
  })

  test('NO16 a connection speaks for its own clients only: echoes and takeovers change nothing', () => {
    const [a, b] = [{}, {}]
    const me = client()
    region.apply(me.says(), a, ada)
    // A stock provider echoes what it hears, and says that silent ones have left.
    const echo = client(null)
    applyAwarenessUpdate(echo.awareness, region.everybody(), 'server')
    region.apply(encodeAwarenessUpdate(echo.awareness, [me.id]), b, ben)
    region.apply(encodeAwarenessUpdate(echo.awareness, [me.id], new Map()), b, ben)
    region.apply(encodeAwarenessUpdate(echo.awareness, [me.id], new Map()), b, ada)
    me.awareness.setLocalState({ cursor: 'stolen' })
    region.apply(me.says(), b, ben)
    expect(everybody().get(me.id)).toMatchObject({ cursor: 1, user: { id: 'ada' } })
    region.remove(b)
    expect(region.size()).toBe(1)
    region.remove(a)
    expect(region.size()).toBe(0)
  })

  test('NO17 the same person may go on with a client over a new connection', () => {
    const [before, after] = [{}, {}]
    const me = client()
    region.apply(me.says(), before, ada)
    me.awareness.setLocalState({ cursor: 2 })
    region.apply(me.says(), after, ada)
    region.remove(before)
    expect(everybody().get(me.id)).toMatchObject({ cursor: 2 })
  })

  test('NO18 changes are told together, and leaving too', async () => {
    const member = {}
    const me = client()
    region.apply(me.says(), member, ada)
    for (let i = 0; i < 5; i++) {
      me.awareness.setLocalState({ cursor: i })
      region.apply(me.says(), member, ada)
    }
    await later()
    expect(told).toHaveLength(1)
    expect(everybody(told[0]).get(me.id)).toMatchObject({ cursor: 4 })
    region.remove(member)
    await later()
    expect(told).toHaveLength(2)
    const viewer = client(null)
    applyAwarenessUpdate(viewer.awareness, told[0]!, 'server')
    applyAwarenessUpdate(viewer.awareness, told[1]!, 'server')
    expect(viewer.awareness.getStates().has(me.id)).toBe(false)
  })

  test('NO19 what is no awareness update, or too large, is said to be none', () => {
    for (const bytes of [[], [1], [1, 1, 1, 1], [1, 5, 5, 2, 0x5b, 0x5d], [1, 5, 5, 1, 0x37]])
      expect(region.apply(new Uint8Array(bytes), {}, ada)).toBe(false)
    expect(region.apply(client({ large: 'x'.repeat(20_000) }).says(), {}, ada)).toBe(false)
    const crowd = Array.from({ length: 20 }, () => client())
    const member = {}
    for (const one of crowd) region.apply(one.says(), member, ada)
    expect(region.size()).toBe(16)
  })

  test('HO26 a state that is nested deeper than 64 is none: telling it would overflow', () => {
    const nested = (depth: number) => JSON.parse(`${'['.repeat(depth)}${']'.repeat(depth)}`)
    expect(region.apply(client({ cursor: nested(63) }).says(), {}, ada)).toBe(true)
    for (const depth of [64, 4000]) {
      expect(region.apply(client({ cursor: nested(depth) }).says(), {}, ada)).toBe(false)
      expect(region.size()).toBe(1)
    }
  })

  test('HO27 of clients that are gone the last thousand are remembered, and an echo brings none of those back', () => {
    const member = {}
    const first = client()
    const last = client()
    region.apply(first.says(), member, ada)
    region.apply(updateOf(first.id, 2, null), member, ada)
    // A thousand and more come and go, in the same connection.
    for (let id = 1; id <= 1200; id++) {
      region.apply(updateOf(id, 1, {}), member, ada)
      region.apply(updateOf(id, 2, null), member, ada)
    }
    region.apply(last.says(), member, ada)
    region.apply(updateOf(last.id, 2, null), member, ada)
    expect(region.size()).toBe(0)
    region.apply(last.says(), {}, ben)
    expect(region.size()).toBe(0)
    region.apply(first.says(), {}, ben)
    expect(region.size()).toBe(1)
  })
})

function updateOf(client: number, clock: number, state: object | null): Uint8Array {
  const encoder = encoding.createEncoder()
  for (const number of [1, client, clock]) encoding.writeVarUint(encoder, number)
  encoding.writeVarString(encoder, JSON.stringify(state))
  return encoding.toUint8Array(encoder)
}
