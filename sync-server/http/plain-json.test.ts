import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parsePlainJson } from './plain-json.ts'

describe('plain JSON', () => {
  test('HO1 JSON in which every key stands once is read as JSON.parse reads it', () => {
    fc.assert(
      fc.property(fc.json({ stringUnit: 'binary' }), fc.boolean(), (text, spaced) => {
        const written = spaced ? JSON.stringify(JSON.parse(text), null, 2) : text
        expect(parsePlainJson(written)).toEqual({ value: JSON.parse(written) })
      }),
    )
    for (const tricky of [
      String.raw`{"a\"":1,"b\\":2,"\\\"":3,":":":"}`,
      String.raw`["a\":","\\",":"]`,
      '{"a" \t\r\n:{"a":{"a":[{"a":1},{"a":1}]}}}',
      '{"":{"":""}}',
      '{"1":1,"01":2,"1.0":3}',
      '{"__proto__":{"__proto__":1},"constructor":1}',
      '":"',
      '7',
    ])
      expect(parsePlainJson(tricky)).toEqual({ value: JSON.parse(tricky) })
  })

  test('HO2 a key that stands twice in one object is found at any place, however it is written', () => {
    for (const twice of [
      '{"a":1,"a":1}',
      String.raw`{"a":1,"\u0061":2}`,
      String.raw`{"\"":1,"\u0022" :2}`,
      '{"__proto__":1,"__proto__":2}',
      '{"1":1,"1":2}',
      '[[{"b":[{"a":{},"c":0,"a" \n : {}}]}]]',
      '{"a":{"x":1},"b":{"a":1,"a":2}}',
    ])
      expect(parsePlainJson(twice)).toEqual({ problem: 'repeated-key' })
    fc.assert(
      fc.property(fc.json(), fc.string(), fc.string(), (inner, key, other) => {
        const name = JSON.stringify(key)
        const text = `{${JSON.stringify(`${other}!`)}:[{${name}:${inner},${name}:${inner}}]}`
        expect(parsePlainJson(text)).toEqual({ problem: 'repeated-key' })
      }),
    )
  })

  test('HO3 what is nested deeper than 100 is refused, and no depth makes it overflow', () => {
    const nested = (depth: number) => '['.repeat(depth) + ']'.repeat(depth)
    expect(parsePlainJson(nested(100))).toHaveProperty('value')
    expect(parsePlainJson(nested(101))).toEqual({ problem: 'too-deep' })
    expect(parsePlainJson(nested(1_000_000))).toEqual({ problem: 'too-deep' })
    expect(parsePlainJson(`${'{"a":'.repeat(300_000)}1${'}'.repeat(300_000)}`)).toEqual({
      problem: 'too-deep',
    })
  })

  test('HO4 bytes that are no JSON are told as such', () => {
    for (const text of ['', '{', '{"a":1,}', "{'a':1}", '{"a":1}}', '\u0000', 'NaN', '[1,]'])
      expect(parsePlainJson(text)).toEqual({ problem: 'not-json' })
  })
})
