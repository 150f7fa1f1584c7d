import { expect, test } from 'vitest'
import type { Vector } from '../store/ports.ts'
import { createLostRows } from './lost-rows.ts'

function inFrankfurt() {
  let now = 0
  const words = new Map<string, Vector>()
  const lost = createLostRows({
    region: 'frankfurt',
    replicated: { said: (region) => words.get(region) },
    monotonic: () => now,
  })
  return {
    ...lost,
    words,
    pass(ms: number) {
      now += ms
    },
  }
}

test('GW95 a region that names more of its own origin than it has lost rows, whatever others say', () => {
  const { among } = inFrankfurt()
  expect(among({ 'frankfurt.1': 7 }, { 'frankfurt.1': 7 })).toEqual([])
  expect(among({ 'frankfurt.1': 8 }, { 'frankfurt.1': 7 })).toEqual(['frankfurt.1'])
})

test('GW95 of an origin that its region has left nobody waits for more', () => {
  const { among } = inFrankfurt()
  expect(among({ 'london.1': 8 }, { 'london.1': 7 })).toEqual([])
  expect(among({ 'london.1': 8 }, { 'london.1': 7, 'london.2': 1 })).toEqual(['london.1'])
  expect(among({ 'london.1': 8 }, { 'london.1': 7, 'nairobi.2': 1 })).toEqual([])
})

test('GW96 rows that are on their way from another region are not lost; those that it has not got itself are, once it has said so for a while', () => {
  const { among, words, pass } = inFrankfurt()
  const told = { 'london.1': 11 }
  const here = { 'london.1': 4 }
  // It cannot be reached: nobody knows.
  expect(among(told, here)).toEqual([])
  pass(60_000)
  expect(among(told, here)).toEqual([])
  words.set('london', { 'london.1': 12 })
  expect(among(told, here)).toEqual([])
  const other = { 'london.1': 13 }
  expect(among(other, here)).toEqual([])
  pass(2000)
  expect(among(other, here)).toEqual([])
  pass(2000)
  expect(among(other, here)).toEqual(['london.1'])
  words.set('london', { 'london.1': 13 })
  expect(among(other, here)).toEqual([])
})
