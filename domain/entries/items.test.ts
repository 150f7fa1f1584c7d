import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import * as Y from 'yjs'
import { committed } from '../testing/committed.ts'
import { isParsedEntry, parseEntry } from './entry.ts'
import {
  type AuthoredItem,
  decodeStateVector,
  emptyStateVector,
  emptyUpdate,
  encodeItems,
  encodeStateVector,
  entriesMap,
  itemKey,
} from './items.ts'
import { clientIdOf } from './origin.ts'

const origins = ['frankfurt.1', 'london.1', 'nairobi.1', 'nairobi.2']
const value = fc.jsonValue({ stringUnit: 'grapheme' })

/** Items of several origins with values of every kind of JSON. */
const authored = fc
  .array(fc.record({ origin: fc.constantFrom(...origins), value }), { maxLength: 30 })
  .map((rows) => {
    const clocks = new Map<string, number>()
    return rows.flatMap(({ origin, value: told }, at): AuthoredItem[] => {
      const parsed = parseEntry(
        committed({ aspects: { rest: JSON.parse(JSON.stringify(told)) }, deviceSeq: at }).entry,
      )
      if (!isParsedEntry(parsed)) return []
      const clock = clocks.get(origin) ?? 0
      clocks.set(origin, clock + 1)
      return [
        { origin, clock, id: parsed.id, entry: parsed.entry, commit: { origin, seq: at + 1, epoch: 1 } },
      ]
    })
  })

function load(updates: readonly Uint8Array[]): Y.Doc {
  const doc = new Y.Doc()
  for (const update of updates) Y.applyUpdate(doc, update)
  return doc
}

const shuffled = <T>(list: readonly T[], random: Iterator<number>): T[] =>
  list
    .map((part) => ({ part, at: Number(random.next().value) }))
    .sort((a, b) => a.at - b.at)
    .map(({ part }) => part)

describe('authored items', () => {
  it('IT3 load in an unmodified Yjs, one by one in any order and repeated, to byte-equal documents', () => {
    fc.assert(
      fc.property(authored, fc.infiniteStream(fc.nat()), (items, random) => {
        const whole = encodeItems(items)
        const single = items.map((item) => encodeItems([item]))
        const doc = load(shuffled([...single, ...single.slice(0, 3)], random))
        expect(doc.store.pendingStructs).toBeNull()
        expect(Y.encodeStateAsUpdate(doc)).toEqual(Y.encodeStateAsUpdate(load([whole])))
        // Not only equal among themselves: the hand-written bytes are those that Yjs itself writes.
        expect(Y.encodeStateAsUpdate(doc)).toEqual(whole)
      }),
    )
  })

  it('IT4 are the entry and its commit under the key <entryId>@<origin> of the map "entries"', () => {
    fc.assert(
      fc.property(authored, (items) => {
        const map = load([encodeItems(items)]).getMap(entriesMap)
        expect(map.size).toBe(items.length)
        for (const { id, origin, entry, commit } of items)
          expect(map.get(itemKey(id, origin))).toEqual({ ...entry, commit })
      }),
    )
  })

  it('IT5 answer a state vector: what a holder of part of them lacks', () => {
    fc.assert(
      fc.property(authored, fc.nat({ max: 30 }), (items, cut) => {
        const doc = load([encodeItems(items.slice(0, cut))])
        const held = decodeStateVector(Y.encodeStateVector(doc))
        const missing = items.filter((item) => item.clock >= (held.get(clientIdOf(item.origin)) ?? 0))
        expect(Y.encodeStateAsUpdate(load([encodeItems(items)]), Y.encodeStateVector(doc))).toEqual(
          encodeItems(missing),
        )
      }),
    )
  })

  it('IT6 state vectors are those of Yjs, both ways', () => {
    fc.assert(
      fc.property(authored, (items) => {
        const clocks = new Map<string, number>([['unheard.1', 0]])
        for (const { origin, clock } of items) clocks.set(origin, clock + 1)
        const doc = load([encodeItems(items)])
        expect(encodeStateVector(clocks)).toEqual(Y.encodeStateVector(doc))
        expect(decodeStateVector(encodeStateVector(clocks))).toEqual(
          Y.decodeStateVector(Y.encodeStateVector(doc)),
        )
      }),
    )
  })

  it('IT7 nothing is the empty update and the empty state vector', () => {
    expect(encodeItems([])).toEqual(emptyUpdate)
    expect(encodeStateVector(new Map())).toEqual(emptyStateVector)
    expect(Y.encodeStateAsUpdate(new Y.Doc())).toEqual(emptyUpdate)
    expect(Y.encodeStateVector(new Y.Doc())).toEqual(emptyStateVector)
  })

  it('IT8 a gap between the clocks of an origin is refused', () => {
    const { id, entry } = committed({ aspects: { status: 1 } })
    const item = (clock: number) => ({
      origin: 'london.1',
      clock,
      id,
      entry,
      commit: { origin: 'london.1', seq: 1, epoch: 1 },
    })
    expect(() => encodeItems([item(0), item(2)])).toThrow(RangeError)
    expect(() => encodeItems([item(1), item(0)])).toThrow(RangeError)
  })

  it('IT9 bytes that are no state vector throw, whatever they claim, and at once', () => {
    expect(() => decodeStateVector(new Uint8Array([255, 255, 255, 255, 15]))).toThrow()
    expect(() => decodeStateVector(new Uint8Array())).toThrow()
    // Something behind it, and a clock that no number holds.
    expect(() => decodeStateVector(new Uint8Array([0, 0]))).toThrow(RangeError)
    expect(() => decodeStateVector(new Uint8Array([1, 5, ...Array(7).fill(255), 127]))).toThrow(RangeError)
  })
})
