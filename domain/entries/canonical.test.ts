import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  base64url,
  canonicalJson,
  type Json,
  jsonProblem,
  maxJsonDepth,
  sameJson,
  sha256Base64url,
} from './canonical.ts'

describe('canonical JSON', () => {
  it('EN1 is that of RFC 8785: the example of section 3.2.2', () => {
    const value = JSON.parse(String.raw`{
      "numbers": [333333333.33333329, 1E30, 4.50, 2e-3, 0.000000000000000000000000001],
      "string": "\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/",
      "literals": [null, true, false]
    }`)
    expect(canonicalJson(value)).toBe(
      String.raw`{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],"string":"€$\u000f\nA'B\"\\\\\"/"}`,
    )
  })

  it('EN2 sorts keys by UTF-16 code units: the example of section 3.2.3', () => {
    const keys = ['\u20ac', '\r', '\ufb33', '1', '\ud83d\ude00', '\u0080', '\u00f6']
    const value = Object.fromEntries(keys.map((key) => [key, 0]))
    expect(
      [...canonicalJson(value).matchAll(/"((?:[^"\\]|\\.)*)":/gu)].map((m) => JSON.parse(`"${m[1]}"`)),
    ).toEqual(['\r', '1', '\u0080', '\u00f6', '\u20ac', '\ud83d\ude00', '\ufb33'])
  })

  it.each([
    ['0000000000000000', '0'],
    ['8000000000000000', '0'],
    ['0000000000000001', '5e-324'],
    ['8000000000000001', '-5e-324'],
    ['7fefffffffffffff', '1.7976931348623157e+308'],
    ['ffefffffffffffff', '-1.7976931348623157e+308'],
    ['4340000000000000', '9007199254740992'],
    ['c340000000000000', '-9007199254740992'],
    ['4430000000000000', '295147905179352830000'],
    ['44b52d02c7e14af5', '9.999999999999997e+22'],
    ['44b52d02c7e14af6', '1e+23'],
    ['44b52d02c7e14af7', '1.0000000000000001e+23'],
    ['444b1ae4d6e2ef4e', '999999999999999700000'],
    ['444b1ae4d6e2ef4f', '999999999999999900000'],
    ['444b1ae4d6e2ef50', '1e+21'],
    ['3eb0c6f7a0b5ed8c', '9.999999999999997e-7'],
    ['3eb0c6f7a0b5ed8d', '0.000001'],
    ['41b3de4355555553', '333333333.3333332'],
    ['41b3de4355555554', '333333333.33333325'],
    ['41b3de4355555555', '333333333.3333333'],
    ['41b3de4355555556', '333333333.3333334'],
    ['41b3de4355555557', '333333333.33333343'],
    ['becbf647612f3696', '-0.0000033333333333333333'],
    ['43143ff3c1cb0959', '1424953923781206.2'],
  ])('EN3 writes the number with the bits %s as %s (appendix B)', (bits, text) => {
    const number = new DataView(Uint8Array.from(Buffer.from(bits, 'hex')).buffer).getFloat64(0)
    expect(canonicalJson(number)).toBe(text)
  })

  it('EN4 is a fixed point: what is read back has the same text, whatever the order of keys was', () => {
    fc.assert(
      fc.property(fc.jsonValue({ stringUnit: 'binary' }), (value) => {
        fc.pre(jsonProblem(value) === undefined)
        const text = canonicalJson(value as Json)
        expect(canonicalJson(JSON.parse(text))).toBe(text)
        expect(canonicalJson(reversed(value as Json))).toBe(text)
        expect(sameJson(value as Json, reversed(value as Json))).toBe(true)
      }),
    )
  })

  it('EN5 refuses what has no canonical form, and says what is wrong', () => {
    const deep = (depth: number) => JSON.parse('['.repeat(depth) + ']'.repeat(depth))
    expect(jsonProblem(JSON.parse('{"a":{"__proto__":{"x":1}}}'))).toMatch(/__proto__/)
    for (const half of ['\ud800', 'a\udc00b', '\udc00\ud800']) {
      expect(jsonProblem({ text: half })).toMatch(/surrogate/)
      expect(jsonProblem({ [half]: 1 })).toMatch(/surrogate/)
    }
    expect(jsonProblem('\ud83d\ude00')).toBeUndefined()
    expect(jsonProblem([Number.NaN])).toMatch(/finite/)
    expect(jsonProblem({ n: Number.POSITIVE_INFINITY })).toMatch(/finite/)
    for (const foreign of [undefined, () => 1, Symbol('s'), 1n, { a: undefined }])
      expect(jsonProblem(foreign)).toMatch(/no JSON/)
    expect(jsonProblem(deep(maxJsonDepth))).toBeUndefined()
    expect(jsonProblem(deep(maxJsonDepth + 2))).toMatch(/deeper/)
    expect(jsonProblem(deep(100_000))).toMatch(/deeper/)
  })

  it('EN6 hashes UTF-8 with SHA-256 and writes it as base64url of 43 characters', () => {
    expect(sha256Base64url('')).toBe('47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU')
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => {
        expect(base64url(bytes)).toBe(Buffer.from(bytes).toString('base64url'))
      }),
    )
  })
})

function reversed(value: Json): Json {
  if (Array.isArray(value)) return value.map(reversed)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value)
      .reverse()
      .map(([key, part]) => [key, reversed(part)]),
  )
}
