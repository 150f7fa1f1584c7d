import { expect, test } from 'vitest'
import { createCursorProofs } from './cursor-proof.ts'

const bytes = (text: string) => new TextEncoder().encode(text)

test('ST61 a proven cursor is compared row by row, and heard of with its hashes', async () => {
  const rows = new Map([
    ['frankfurt.1 3', bytes('a')],
    ['london.1 5', bytes('b')],
  ])
  const heard: [unknown, unknown][] = []
  const proofs = createCursorProofs(
    { hashAt: async (origin, seq) => rows.get(`${origin} ${seq}`) },
    { heard: async (strands, hashes) => void heard.push([strands, hashes]) },
  )
  const proof = await proofs.of({ 'frankfurt.1': 3, 'london.1': 5, 'nairobi.1': 9 })
  expect(Object.keys(proof.hashes)).toEqual(['frankfurt.1', 'london.1'])
  expect(await proofs.hear(proof)).toEqual([])
  rows.set('london.1 5', bytes('other'))
  rows.delete('frankfurt.1 3')
  expect(await proofs.hear(proof)).toEqual(['london.1'])
  expect(heard).toHaveLength(2)
  expect(heard[1]).toEqual([
    new Map(Object.entries(proof.vector)),
    new Map([
      ['frankfurt.1', Buffer.from(bytes('a'))],
      ['london.1', Buffer.from(bytes('b'))],
    ]),
  ])
})
