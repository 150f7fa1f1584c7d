import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { committed, stateOf } from '../testing/committed.ts'
import { etagOf } from './etag.ts'
import { narrativeOf } from './narrative.ts'
import { lastUpdatedOf, resourceOf } from './present.ts'
import { versionIdOf } from './version-id.ts'

const at = (recordedAt: string, deviceSeq = 1) => committed({ aspects: { rest: {} }, recordedAt, deviceSeq })
const commits = (...told: [string, number][]) => ({
  commits: told.map(([origin, seq]) => ({ origin, seq, epoch: 1 })),
})

describe('a resource as it is shown', () => {
  it('FH32 is the first head of every aspect, with text, version and time made anew', () => {
    const first = committed({
      aspects: {
        status: { clinicalStatus: { text: 'active' } },
        code: { code: { text: 'Latex & <b>' } },
        rest: {
          patient: { reference: 'Patient/p1' },
          meta: { profile: ['urn:p'], versionId: 'old', lastUpdated: 'old' },
        },
        'reaction/r': { id: 'r' },
      },
      commits: [{ origin: 'frankfurt.1', seq: 40, epoch: 1 }],
    })
    const second = committed({
      aspects: { status: { clinicalStatus: { text: 'inactive' } }, 'reaction/r': null },
      supersedes: [first.id],
      lamport: 2,
      recordedAt: '2026-11-24T12:30:00.5+03:00',
      commits: [{ origin: 'frankfurt.1', seq: 41, epoch: 1 }],
    })
    expect(resourceOf(stateOf([second, first]))).toEqual({
      resourceType: 'AllergyIntolerance',
      id: 'a1',
      clinicalStatus: { text: 'inactive' },
      code: { text: 'Latex & <b>' },
      patient: { reference: 'Patient/p1' },
      meta: {
        profile: ['urn:p'],
        versionId: expect.stringMatching(/^[0-9a-f]{5}\.15$/),
        lastUpdated: '2026-11-24T12:30:00.5+03:00',
      },
      text: {
        status: 'generated',
        div: '<div xmlns="http://www.w3.org/1999/xhtml">AllergyIntolerance, Latex &amp; &lt;b&gt;, inactive</div>',
      },
    })
  })

  it('FH33 is equal byte for byte in every region, whatever came first', () => {
    const entries = [1, 2, 3, 4].map((n) =>
      committed({
        aspects: {
          [n % 2 ? 'status' : 'rest']: { clinicalStatus: { text: `${n}` }, note: n },
          [`reaction/${n}`]: { n },
        },
        lamport: n % 3,
        deviceSeq: n,
        commits: [{ origin: `region-${n}.1`, seq: n, epoch: 1 }],
      }),
    )
    const expected = JSON.stringify(resourceOf(stateOf(entries)))
    fc.assert(
      fc.property(fc.shuffledSubarray([...entries, ...entries], { minLength: 8 }), (told) => {
        expect(JSON.stringify(resourceOf(stateOf(told)))).toBe(expected)
      }),
    )
  })

  it('FH34 its version is the highest sequence of each origin, sorted and joined', () => {
    const version = versionIdOf([commits(['frankfurt.1', 36], ['london.1', 5]), commits(['frankfurt.1', 35])])
    expect(version).toMatch(/^[0-9a-f]{5}\.[0-9a-z]+-[0-9a-f]{5}\.[0-9a-z]+$/)
    expect(version.split('-')).toEqual(version.split('-').sort())
    expect(
      version
        .split('-')
        .map((p) => p.slice(6))
        .sort(),
    ).toEqual(['10', '5'])
    expect(versionIdOf([commits(['frankfurt.1', 35])])).toMatch(/^[0-9a-f]{5}\.z$/)
  })

  it('FH35 a version that is too long for FHIR becomes a hash of 53 characters', () => {
    const many = Array.from({ length: 9 }, (_, n): [string, number] => [`region-${n}.1`, 1])
    expect(versionIdOf([commits(...many)])).toMatch(/^v[A-Z2-7]{52}$/)
    expect(versionIdOf([commits(...[...many].reverse())])).toBe(versionIdOf([commits(...many)]))
    expect(versionIdOf([commits(...many.slice(0, 8))])).toHaveLength(8 * 8 - 1)
  })

  it('FH36 lastUpdated is the latest instant as it was written; of equal ones the highest text', () => {
    const times = [
      '2026-11-24T12:00:00+03:00',
      '2026-11-24T09:00:00Z',
      '2026-11-24T08:59:59.999Z',
      '2026-11-24T23:00:00+23:00',
    ]
    fc.assert(
      fc.property(fc.shuffledSubarray(times, { minLength: 4 }), (told) => {
        expect(lastUpdatedOf(told.map((time) => at(time)))).toBe('2026-11-24T12:00:00+03:00')
      }),
    )
  })

  it('FH37 its text is one small div of escaped XHTML', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const div = narrativeOf({ resourceType: 'Condition', code: { text } })
        expect(div).toMatch(/^<div xmlns="http:\/\/www\.w3\.org\/1999\/xhtml">[^<]*<\/div>$/u)
        expect(div.slice(5, -6)).not.toMatch(/&(?!(?:amp|lt|gt|quot);)/)
        // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what XML must not hold
        expect(div).not.toMatch(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/)
      }),
    )
    expect(narrativeOf({ resourceType: 'Patient', name: [{ family: 'Bell' }] })).toContain('Patient, BELL')
  })

  it('FH38 its entity tag is the weak one of its version', () => {
    expect(etagOf('ab.1')).toBe('W/"ab.1"')
  })
})
