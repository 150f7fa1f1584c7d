import { expect, test } from 'vitest'
import { createReplicatedNews } from './replicated-news.ts'

const frame = new Uint8Array()
const ack = (seq: number) => ({ id: '', origin: 'frankfurt.1', seq, epoch: 1 })
const london = (seq: number) => ({ frame, replicated: { london: { 'frankfurt.1': seq } } })
const both = (a: number, b: number) => ({
  frame,
  replicated: { london: { 'frankfurt.1': a }, nairobi: { 'frankfurt.1': b } },
})

test('GW78 who waits for nothing hears of other regions at the beginning and every few seconds', () => {
  let now = 0
  const news = createReplicatedNews(() => now)
  expect(news.wants(london(1))).toBe(true)
  expect(news.wants(london(2))).toBe(false)
  expect(news.due()).toBeUndefined()
  now = 4100
  expect(news.due()).toEqual(london(2))
  expect(news.due()).toBeUndefined()
})

test('GW79 each region that has what was acknowledged last is told at once, and part of it soon', () => {
  let now = 0
  const news = createReplicatedNews(() => now)
  news.wants(both(0, 0))
  news.acknowledged([ack(6), ack(7)])
  expect(news.wants(both(6, 0))).toBe(false)
  expect(news.wants(both(7, 0))).toBe(true)
  expect(news.wants(both(7, 6))).toBe(false)
  expect(news.wants(both(7, 9))).toBe(true)
  news.acknowledged([ack(20)])
  expect(news.wants(both(15, 9))).toBe(false)
  now = 600
  expect(news.due()).toEqual(both(15, 9))
})
