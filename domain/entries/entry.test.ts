import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { committed } from '../testing/committed.ts'
import type { Json } from './canonical.ts'
import { type Entry, entryId, entryLimits, isParsedEntry, parseEntry, parseSubject } from './entry.ts'

const good = committed({ aspects: { criticality: { criticality: 'high' } } }).entry

function accepted(value: unknown) {
  const parsed = parseEntry(value)
  if (!isParsedEntry(parsed)) throw new Error(parsed.detail)
  return parsed
}

function refused(change: object): string {
  const parsed = parseEntry({ ...good, ...change })
  return isParsedEntry(parsed) ? 'accepted' : `${parsed.code}: ${parsed.detail}`
}

describe('entries', () => {
  it('EN7 an entry has the id of its canonical text, whatever the order of its keys', () => {
    const { id, canonical, entry } = accepted(good)
    expect(entry).toEqual(good)
    expect(id).toBe(entryId(good))
    expect(id).toMatch(/^[A-Za-z0-9_-]{43}$/)
    const turned = Object.fromEntries(Object.entries(good).reverse())
    expect(accepted(turned)).toEqual({ id, canonical, entry })
    expect(JSON.stringify(accepted(turned).entry)).toBe(canonical)
  })

  it('EN8 unknown and missing parts are refused', () => {
    expect(refused({ extra: 1 })).toMatch(/^schema: /)
    for (const key of Object.keys(good)) {
      const { [key as keyof Entry]: _, ...rest } = good
      expect(parseEntry(rest)).toMatchObject({ code: 'schema' })
    }
    for (const other of [null, 1, 'x', [], {}, undefined, () => 1])
      expect(parseEntry(other)).toMatchObject({ code: 'schema' })
  })

  it('EN9 an entry of a newer schema, or one that claims to be readable by nobody, is told apart', () => {
    expect(refused({ schema: 2, minReader: 2, whatever: true })).toMatch(/^unknown-schema: /)
    expect(refused({ schema: 1, minReader: 2 })).toMatch(/^schema: minReader: /)
  })

  it('EN10 a document, a subject and an aspect have good names', () => {
    for (const document of ['chart', 'chart/..', 'charts/1', 'journal/p/26', ''])
      expect(refused({ document })).toMatch(/document/)
    for (const subject of [
      'Patient',
      'Patient/',
      'Patient/..',
      'patient/1',
      'Patient/1/2',
      'Patient/a_b',
      '/1',
      'P\u00e4/1',
    ])
      expect(refused({ subject })).toMatch(/subject/)
    for (const aspect of [
      '',
      'Status',
      'a b',
      'reaction/',
      'reaction/a/b',
      'x'.repeat(33),
      `a/${'y'.repeat(65)}`,
    ])
      expect(refused({ aspects: { [aspect]: 1 } })).toMatch(/aspect/)
    expect(refused({ aspects: {} })).toMatch(/1 to 256 aspects/)
    expect(refused({ aspects: { constructor: 1, toString: 2 } })).toBe('accepted')
    expect(parseSubject('Patient/p.1')).toEqual({ type: 'Patient', id: 'p.1' })
    expect(parseSubject('Patient/.')).toBeUndefined()
  })

  it('EN11 hostile JSON is refused: __proto__, half surrogate pairs, deep nesting, numbers that are none', () => {
    const text = JSON.stringify(good)
    const proto = JSON.parse(text.replace('"criticality":"high"', '"__proto__":{"admin":true}'))
    expect(parseEntry(proto)).toMatchObject({ code: 'schema', detail: expect.stringMatching(/__proto__/) })
    const protoAspect = JSON.parse(text.replace('"criticality":{', '"__proto__":{'))
    expect(parseEntry(protoAspect)).toMatchObject({ code: 'schema' })
    expect(({} as { admin?: boolean }).admin).toBeUndefined()
    expect(refused({ reason: '\ud800' })).toMatch(/surrogate/)
    expect(refused({ aspects: { rest: { a: '\udfff' } } })).toMatch(/surrogate/)
    expect(refused({ aspects: { rest: JSON.parse(`${'['.repeat(5000)}${']'.repeat(5000)}`) } })).toMatch(
      /deeper/,
    )
    expect(refused({ lamport: Number.NaN })).toMatch(/finite/)
    expect(refused({ aspects: { rest: Number.POSITIVE_INFINITY } })).toMatch(/finite/)
  })

  it('EN12 an entry has at most 64 KiB of canonical UTF-8: one byte more is refused', () => {
    const empty = new TextEncoder().encode(accepted({ ...good, aspects: { rest: '' } }).canonical).length
    const room = entryLimits.entryBytes - empty
    expect(refused({ aspects: { rest: 'x'.repeat(room) } })).toBe('accepted')
    expect(refused({ aspects: { rest: 'x'.repeat(room + 1) } })).toMatch(/^limit: /)
    expect(refused({ aspects: { rest: '\u20ac'.repeat(Math.ceil((room + 1) / 3)) } })).toMatch(/^limit: /)
  })

  it('EN13 counts, ids and lists are bounded', () => {
    const ids = (n: number) => Array.from({ length: n }, (_, i) => String(i).padStart(43, 'A'))
    const aspects = (n: number) =>
      Object.fromEntries(Array.from({ length: n }, (_, i) => [`reaction/${i}`, null]))
    expect(refused({ supersedes: ids(1024) })).toBe('accepted')
    expect(refused({ supersedes: ids(1025) })).toMatch(/^schema: supersedes/)
    expect(refused({ supersedes: [ids(1)[0], ids(1)[0]] })).toMatch(/twice/)
    expect(refused({ supersedes: ['short'] })).toMatch(/no entry id/)
    expect(refused({ supersedes: [`${'A'.repeat(42)}=`] })).toMatch(/no entry id/)
    expect(refused({ aspects: aspects(256) })).toBe('accepted')
    expect(refused({ aspects: aspects(257) })).toMatch(/256 aspects/)
    for (const lamport of [0, -1, 1.5, 2 ** 53, '1']) expect(refused({ lamport })).toMatch(/^schema: lamport/)
    for (const deviceSeq of [-1, 0.5, 2 ** 53]) expect(refused({ deviceSeq })).toMatch(/^schema: deviceSeq/)
    expect(refused({ author: { ...good.author, admin: true } })).toMatch(/^schema: author/)
    expect(refused({ source: '' })).toMatch(/^schema: source/)
  })

  it('EN14 recordedAt is RFC 3339 with an offset', () => {
    for (const recordedAt of ['2026-11-24T09:00:00Z', '2026-11-24T09:00:00.123456+03:00'])
      expect(refused({ recordedAt })).toBe('accepted')
    for (const recordedAt of [
      '2026-11-24',
      '2026-11-24T09:00Z',
      '2026-11-24T09:00:00',
      '2026-02-30T09:00:00Z',
      'now',
    ])
      expect(refused({ recordedAt })).toMatch(/^schema: recordedAt/)
  })

  it('EN15 no value of an entry stands in the words of a refusal', () => {
    const secret = 'Penicillin-Smith'
    for (const change of [
      { document: secret },
      { subject: secret },
      { recordedAt: secret },
      { supersedes: [secret] },
      { lamport: secret },
      { schema: secret },
      { author: secret },
    ])
      expect(refused(change)).not.toContain(secret)
  })

  it('EN16 any JSON is accepted or refused, never thrown at', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.constantFrom(...Object.keys(good)), (value, key) => {
        parseEntry(value)
        const parsed = parseEntry({ ...good, [key]: value as Json })
        if (isParsedEntry(parsed)) expect(parsed.id).toBe(entryId(parsed.entry))
      }),
    )
  })
})
