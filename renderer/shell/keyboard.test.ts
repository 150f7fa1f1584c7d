import { expect, test } from 'vitest'
import { createKeys } from './keyboard.ts'

const press = (keys: ReturnType<typeof createKeys>, key: string, at: number, more = {}) =>
  keys.press({ key, modified: false, typing: false, at, ...more })

test('RE110 single keys and pairs give their commands', () => {
  const keys = createKeys()
  expect(['/', 'n', '?'].map((key) => press(keys, key, 0))).toEqual(['search', 'new', 'help'])
  expect([press(keys, 'g', 0), press(keys, 'p', 500)]).toEqual([undefined, 'patients'])
  expect([press(keys, 'g', 0), press(keys, 'o', 500)]).toEqual([undefined, 'outbox'])
})

test('RE111 a pair that takes too long, keys in a field, and keys with a modifier give none', () => {
  const keys = createKeys()
  expect([press(keys, 'g', 0), press(keys, 'p', 2000)]).toEqual([undefined, undefined])
  expect(press(keys, 'n', 0, { typing: true })).toBeUndefined()
  expect(press(keys, '/', 0, { modified: true })).toBeUndefined()
})
