import { expect, test } from 'vitest'
import { createBatch } from './batch.ts'

test('AD30 what is asked for together is looked up together, each thing once', async () => {
  const asked: string[][] = []
  const ask = createBatch(async (keys) => {
    asked.push([...keys])
    return new Map(keys.filter((key) => key !== 'none').map((key) => [key, key.toUpperCase()]))
  })
  expect(await Promise.all([ask('a'), ask('b'), ask('a'), ask('none')])).toEqual(['A', 'B', 'A', undefined])
  expect(await ask('a')).toBe('A')
  expect(asked).toEqual([['a', 'b', 'none'], ['a']])
})

test('AD31 a look-up that fails fails for those who asked, and the next one is a new one', async () => {
  let broken = true
  const ask = createBatch(async (keys) => {
    if (broken) throw new Error('no database')
    return new Map(keys.map((key) => [key, 1]))
  })
  const [a, b] = await Promise.allSettled([ask('a'), ask('b')])
  expect([a?.status, b?.status]).toEqual(['rejected', 'rejected'])
  broken = false
  expect(await ask('a')).toBe(1)
})
