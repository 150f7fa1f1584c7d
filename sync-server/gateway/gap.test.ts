import { expect, test } from 'vitest'
import * as Y from 'yjs'
import { type AuthoredItem, encodeItems } from '../../domain/entries/items.ts'
import { clientIdOf } from '../../domain/entries/origin.ts'
import type { WritableFrame } from '../../domain/wire/wire.ts'
import type { Tokens } from '../identity/tokens.ts'
import { createMemoryStore } from '../store/memory-store.ts'
import { createDrafts } from '../store/sample-drafts.ts'
import { catchUp } from './catch-up.ts'
import { decodeMessage, step1Message, updateMessage } from './messages.ts'
import { createRowsChannel, type RowsEffect } from './rows-channel.ts'

const origins = ['frankfurt.1', 'london.1']

/** A chart of which one item cannot be read for a while, and a reader who is slow at times. */
function play(seed: number) {
  const random = randomFrom(seed)
  const chart = createDrafts('g').newPatient()
  const rows: AuthoredItem[] = []
  const channel = createRowsChannel()
  const reader = new Y.Doc()
  const told = new Map(origins.map((origin) => [clientIdOf(origin), 0]))
  const todo: Extract<RowsEffect, { do: 'read' | 'count' }>[] = []
  const gaps: string[] = []
  let hidden: AuthoredItem | undefined
  let mayHide = true

  function step(event: Parameters<typeof channel.step>[0], room = random() < 0.7): void {
    for (const effect of channel.step(event, room))
      if (effect.do === 'send') hear(effect.bytes)
      else if (effect.do === 'read' || effect.do === 'count') todo.push(effect)
  }

  function hear(bytes: Uint8Array): void {
    const message = decodeMessage(bytes)
    if (message?.type !== 'update' && message?.type !== 'step2') return
    for (const { id, length } of Y.decodeUpdate(message.update).structs) {
      if (id.clock > told.get(id.client)!) gaps.push(`${id.client} jumps to ${id.clock}`)
      told.set(id.client, Math.max(told.get(id.client)!, id.clock + length))
    }
    Y.applyUpdate(reader, message.update)
  }

  /** Of each origin what can be read, up to the first item that cannot. */
  function readable(since: ReadonlyMap<number, number>): AuthoredItem[] {
    return origins.flatMap((origin) => {
      const from = since.get(clientIdOf(origin)) ?? 0
      const own = rows.filter((row) => row.origin === origin && row.clock >= from)
      const stop = hidden ? own.indexOf(hidden) : -1
      return stop < 0 ? own : own.slice(0, stop)
    })
  }

  function flush(items: AuthoredItem[]): void {
    const ranges = new Map(
      items.map(({ origin, clock }) => [clientIdOf(origin), { from: clock, to: clock + 1 }]),
    )
    step({ type: 'flushed', message: updateMessage(encodeItems(items)), ranges })
  }

  function write(): void {
    const origin = origins[Math.floor(random() * 2)]!
    const draft = chart.allergy()
    const clock = rows.filter((row) => row.origin === origin).length
    const commit = { origin, seq: rows.length + 1, epoch: 1 }
    const row = { origin, clock, id: draft.id, entry: draft.entry, commit }
    rows.push(row)
    if (mayHide && rows.length > 3 && random() < 0.3) {
      hidden = row
      mayHide = false
    } else flush([row])
  }

  function answer(): void {
    const effect = todo.shift()
    if (effect?.do === 'read') {
      // Read now, told later: meanwhile things happen.
      const items = readable(effect.since)
      while (random() < 0.5) write()
      step({ type: 'rows', items })
    } else if (effect) step({ type: 'clocks', clocks: new Map() })
  }

  step({ type: 'opened' })
  step({ type: 'message', bytes: step1Message(Y.encodeStateVector(reader)) })
  for (let i = 0; i < 30; i++) [write, answer, () => step({ type: 'drained' })][Math.floor(random() * 3)]!()
  mayHide = false
  if (hidden) {
    const back = hidden
    hidden = undefined
    flush([back])
  }
  for (let i = 0; i < 100; i++) {
    answer()
    step({ type: 'drained' }, true)
  }
  return { gaps, entries: reader.getMap('entries').size, rows: rows.length }
}

test('QU14 behind an item that cannot be read nothing of its origin is told, until it can; then all of it', () => {
  for (let seed = 1; seed <= 100; seed++) {
    const { gaps, entries, rows } = play(seed)
    expect({ seed, gaps, entries }).toEqual({ seed, gaps: [], entries: rows })
  }
})

test('QU15 a document that was in quarantine is told whole to whoever follows it: below the cursor something may be missing', async () => {
  const store = createMemoryStore()
  const make = createDrafts('g')
  const [gap, sound] = [make.newPatient(), make.newPatient()]
  await store.entries.commit([gap.patient, gap.allergy(), sound.patient, sound.allergy()])
  store.quarantine.noteLoaded(gap.document, [{ origin: 'london.1', seq: 1 }])
  store.quarantine.noteLoaded(gap.document, [])
  const { servable } = await store.vectors()
  const tokens: Pick<Tokens, 'signCursor' | 'readCursor'> = {
    signCursor: async () => 'signed',
    readCursor: async () => undefined,
  }
  const parts = async (state: 'held' | 'done') => {
    const sent: WritableFrame[] = []
    await catchUp(
      {
        channel: 0,
        type: 'catch-up',
        request: 1,
        proof: '',
        cursor: servable,
        target: {},
        scope: [gap, sound].map(({ document }) => ({ document, state })),
      },
      { store, tokens, lostRows: { among: () => [] } },
      { send: (frame) => void sent.push(frame), room: async () => undefined, ended: () => false },
    )
    return sent.flatMap((frame) => (frame.type === 'part' ? [frame.document] : []))
  }
  expect(await parts('held')).toEqual([gap.document])
  expect(await parts('done')).toEqual([])
})

function randomFrom(seed: number): () => number {
  let state = seed
  return () => {
    state = (state * 1103515245 + 12345) % 2147483648
    return state / 2147483648
  }
}
