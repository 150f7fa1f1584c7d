import { expect, test } from 'vitest'
import type { Line } from './line.ts'
import type { PenHolder } from './pen.ts'
import { createPenWatch } from './pen-watch.ts'

const still = (line: Line, over: Partial<PenHolder> = {}): PenHolder => ({
  line,
  pid: line === 'entries' ? 1 : 2,
  process: 'a',
  movedAt: 'monday',
  waitsForClient: true,
  ...over,
})

function watching() {
  let now = 0
  const watch = createPenWatch(() => now)
  return (ms: number, ...holders: PenHolder[]) => {
    now += ms
    return watch.look(holders)
  }
}

/** Ten looks in five seconds, and what the last one says. */
function lookOn(look: ReturnType<typeof watching>, ...holders: PenHolder[]): PenHolder[] {
  let last: PenHolder[] = []
  for (let i = 0; i < 11; i++) last = look(500, ...holders)
  return last
}

test('ST81 a process none of whose sessions moves for five seconds is taken for stopped, and all its pens go together', () => {
  const look = watching()
  const both = [still('entries'), still('notes')]
  for (let ms = 0; ms <= 5000; ms += 500) expect(look(500, ...both)).toEqual(ms < 5000 ? [] : both)
  expect(lookOn(watching(), still('entries'))).toHaveLength(1)
})

test('ST81 one that moves in one session lives, and one that works for its client is left alone', () => {
  let turn = 0
  const look = watching()
  for (let i = 0; i < 30; i++) {
    turn += 1
    expect(look(500, still('entries'), still('notes', { movedAt: `turn ${turn}` }))).toEqual([])
  }
  expect(lookOn(watching(), still('entries', { waitsForClient: false }), still('notes'))).toEqual([])
  const another = still('notes', { process: 'b', movedAt: 'tuesday' })
  expect(lookOn(watching(), still('entries'), another)).toHaveLength(2)
  expect(
    lookOn(watching(), still('entries'), still('notes', { process: 'b', waitsForClient: false })),
  ).toEqual([still('entries')])
})

test('ST82 time in which the watcher or the database stood still says nothing about the writer', () => {
  const look = watching()
  look(500, still('entries'))
  expect(look(60_000, still('entries'))).toEqual([])
  expect(look(60_000, still('entries'))).toEqual([])
  look(500)
  expect(look(500, still('entries', { movedAt: 'tuesday' }))).toEqual([])
})

test('ST82 a session of which nothing is known is left alone', () => {
  expect(lookOn(watching(), still('entries', { process: undefined }))).toEqual([])
})
