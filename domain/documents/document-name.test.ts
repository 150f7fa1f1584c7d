import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  chartOf,
  documentKinds,
  isDocumentName,
  isGrowOnly,
  isGuarded,
  journalOf,
  noticesOf,
  parseDocumentName,
  patientOf,
} from './document-name.ts'

const parsed = (name: string) => {
  const document = parseDocumentName(name)
  if (!isDocumentName(document)) throw new Error(`${name} is ${document.problem}`)
  return document
}

describe('document names', () => {
  it('DO1 a name is its kind and an id, a journal’s also a year or "undated"', () => {
    expect(parsed('chart/123')).toEqual({ kind: 'chart', id: '123', name: 'chart/123' })
    expect(parsed('journal/a.b-C/2026')).toMatchObject({ kind: 'journal', id: 'a.b-C', year: '2026' })
    expect(parsed('journal/p/undated')).toMatchObject({ year: 'undated' })
    for (const kind of ['notices', 'thread', 'note', 'group']) expect(parsed(`${kind}/x`).kind).toBe(kind)
  })

  it('DO2 an unknown kind and a malformed name are told apart', () => {
    for (const name of ['', 'charts/1', 'Chart/1', '__proto__/1', 'toString/1', '/chart/1'])
      expect(parseDocumentName(name)).toMatchObject({ problem: 'unknown-kind' })
    for (const name of ['chart', 'chart/', 'chart/1/', 'chart/1/2', 'note/a/b', 'journal/1', 'journal/1/26'])
      expect(parseDocumentName(name)).toMatchObject({ problem: 'malformed' })
  })

  it('DO3 an id has 1 to 64 characters of A-Z a-z 0-9 . - and is no path', () => {
    expect(parsed(`chart/${'x'.repeat(64)}`).id).toHaveLength(64)
    for (const id of ['.', '..', 'x'.repeat(65), 'a b', 'a_b', 'a%2Fb', 'ä', 'a\n', '\u0000', '１'])
      expect(parseDocumentName(`chart/${id}`)).toMatchObject({ problem: 'malformed' })
    for (const year of ['0x10', '20266', '-026', 'Undated', '２０２６', '2026\n'])
      expect(parseDocumentName(`journal/p/${year}`)).toMatchObject({ problem: 'malformed' })
  })

  it('DO4 charts are guarded, notes alone are free Yjs, and some kinds belong to a patient', () => {
    const names = ['chart/p', 'journal/p/2026', 'notices/p', 'thread/t', 'note/n', 'group/g'].map(parsed)
    expect(names.filter(isGuarded).map((n) => n.kind)).toEqual(['chart'])
    expect(names.filter((n) => !isGrowOnly(n)).map((n) => n.kind)).toEqual(['note'])
    expect(names.map(patientOf)).toEqual(['p', 'p', 'p', undefined, undefined, undefined])
    expect([chartOf('p'), journalOf('p', '2026'), noticesOf('p')].map((n) => parsed(n).kind)).toEqual([
      'chart',
      'journal',
      'notices',
    ])
  })

  it('DO5 any text gives a name that is that text, or a problem, and never throws', () => {
    const part = fc.oneof(fc.constantFrom(...documentKinds, '..', '2026', 'undated'), fc.string())
    fc.assert(
      fc.property(fc.array(part, { maxLength: 4 }), (parts) => {
        const name = parts.join('/')
        const document = parseDocumentName(name)
        if (isDocumentName(document)) expect(document.name).toBe(name)
        else expect(document.detail).not.toBe('')
      }),
    )
  })
})
