import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Part, partsOf } from '../../domain/fhir/bundle.ts'
import { parsePlainJson } from '../http/plain-json.ts'
import { importLimits, partsOfText, type TextParts } from './import-text.ts'

const bytesOf = (text: string) => new TextEncoder().encode(text)

/** What a text is to its reader: the parts themselves, or why there are none. */
function told(read: TextParts) {
  if (!('part' in read)) return read
  return Array.from({ length: read.length }, (_, at): Part => read.part(at))
}

/** The same, of a text that becomes objects as a whole. */
function wholly(text: string) {
  const whole = parsePlainJson(text)
  return told('problem' in whole ? { unreadable: whole.problem } : partsOf(whole.value))
}

const resource = fc.record({
  resourceType: fc.constantFrom('Patient', 'Binary', ''),
  'a"]},{\\': fc.json({ maxDepth: 3 }).map((text) => JSON.parse(text)),
})
const entry = fc.oneof(
  fc.record({ fullUrl: fc.string(), resource }, { requiredKeys: [] }),
  fc.json({ maxDepth: 2 }).map((text) => JSON.parse(text)),
)
const frame = fc.record(
  {
    id: fc.string(),
    meta: fc.json({ maxDepth: 3 }).map((text) => JSON.parse(text)),
    resourceType: fc.constantFrom('Bundle', 'Bundle', 'Bundle', 'List'),
    entry: fc.array(entry, { maxLength: 5 }),
    link: fc.constantFrom('"entry":[', '\\"', []),
  },
  { requiredKeys: ['entry'] },
)
const bundle = fc
  .tuple(frame, fc.constantFrom(undefined, 2))
  .map(([value, indent]) => JSON.stringify(value, null, indent))

describe('the text of an import', () => {
  test('IM14 taken apart, a body is what it is as a whole: its parts, or why it is none', () => {
    fc.assert(
      fc.property(bundle, (text) => {
        expect(told(partsOfText(bytesOf(text)))).toEqual(wholly(text))
      }),
    )
    const signs = fc.constantFrom(
      ...'{}[],:"\\ \n01a',
      ',"entry":[]',
      '"entry":[{"a":1,"a":2}],',
      '"a":{},"a":1,',
    )
    fc.assert(
      fc.property(bundle, fc.nat(), fc.nat(2), signs, (text, place, gone, sign) => {
        const at = place % (text.length + 1)
        const broken = text.slice(0, at) + sign + text.slice(at + gone)
        expect(told(partsOfText(bytesOf(broken)))).toEqual(wholly(broken))
      }),
      { numRuns: 1000 },
    )
    for (const text of [
      '',
      '[]',
      '7',
      '{"resourceType":"Bundle","entry":[ ]}',
      '{"resourceType":"Bundle","entry":[1 2]}',
      '{"resourceType":"Bundle","entry":[1,]}',
      '{"resourceType":"Bundle","entry":[,1]}',
      '{"resourceType":"Bundle","entry":[{]}]}',
      '{"resourceType":"Bundle","entry":["a',
      '{"resourceType":"Bundle","entry":[{}]}}',
      '{"resourceType":"Bundle","entry":[{}]} {}',
      '{"resourceType":"Bundle","entry":[],"\\u0065ntry":[1]}',
      '{"resourceType":"Bundle","\\u0065ntry":[1]}',
      `{"resourceType":"Bundle","entry":[${'['.repeat(98)}${']'.repeat(98)}]}`,
      `{"resourceType":"Bundle","entry":[${'['.repeat(99)}${']'.repeat(99)}]}`,
      `{"resourceType":"Bundle","entry":[${'['.repeat(99)}${']'.repeat(99)},{"a":1,"a":1},}]}`,
      `{"resourceType":"Bundle","entry":[${'['.repeat(99)}${']'.repeat(99)},{"a":1,"a":1}]}`,
    ])
      expect(told(partsOfText(bytesOf(text)))).toEqual(wholly(text))
  })

  test('IM15 what would take too much memory as objects is refused before it becomes any', () => {
    const limits = { entries: 3, values: 20 }
    const of = (...entries: unknown[]) =>
      told(partsOfText(bytesOf(JSON.stringify({ resourceType: 'Bundle', entry: entries })), limits))
    expect(of(1, 2, 3)).toHaveLength(3)
    expect(of(1, 2, 3, 4)).toEqual({ unreadable: 'too-many-entries' })
    expect(of(1, Array(15).fill({}))).toEqual({ unreadable: 'too-many-values' })
    expect(of('x'.repeat(10_000))).toHaveLength(1)
    const one = JSON.stringify({ resourceType: 'Patient', name: Array(20).fill({}) })
    expect(partsOfText(bytesOf(one), limits)).toEqual({ unreadable: 'too-many-values' })
    expect(told(partsOfText(bytesOf(one), importLimits))).toHaveLength(1)
  })

  test('IM14 bytes that are no UTF-8 are told, and a byte order mark is none of the text', () => {
    const text = '{"resourceType":"Bundle","entry":[{"fullUrl":"é"}]}'
    expect(told(partsOfText(Buffer.from(`\ufeff${text}`)))).toEqual(wholly(text))
    const bytes = Buffer.from(text, 'latin1')
    expect(partsOfText(bytes)).toEqual({ unreadable: 'not-utf8' })
    expect(told(partsOfText(Buffer.concat([Buffer.from('{}'), Buffer.from(text)]).subarray(2)))).toEqual(
      wholly(text),
    )
  })
})
