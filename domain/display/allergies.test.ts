import { describe, expect, it } from 'vitest'
import type { FhirResource } from '../fhir/resource.ts'
import { allergyLabel, allergyLabels, allergySummary } from './allergies.ts'

const snomed = (code: string) => ({ coding: [{ system: 'http://snomed.info/sct', code }] })
const verified = (code: string) => ({
  coding: [{ system: 'http://terminology.hl7.org/CodeSystem/allergyintolerance-verification', code }],
})
const allergy = (code: object, verification = 'confirmed'): FhirResource =>
  JSON.parse(
    JSON.stringify({ resourceType: 'AllergyIntolerance', code, verificationStatus: verified(verification) }),
  )
const latex = { text: 'Latex' }
const label = (allergies: FhirResource[], available = true) =>
  allergyLabels[allergyLabel(allergies, available)]

describe('allergies', () => {
  it('PAB-0064 there are exactly four labels', () => {
    expect(Object.values(allergyLabels)).toEqual([
      'Known allergies',
      'No known allergies',
      'Allergies not recorded',
      'Allergies unavailable',
    ])
    expect(label([allergy(latex)])).toBe('Known allergies')
    expect(label([])).toBe('Allergies not recorded')
    for (const code of ['716186003', '409137002', '428607008', '429625007'])
      expect(label([allergy(snomed(code))])).toBe('No known allergies')
  })

  it('PAB-0064 from a replica that is partial, unverified or of unknown age nothing is concluded', () => {
    for (const known of [[], [allergy(latex)], [allergy(snomed('716186003'))]])
      expect(label(known, false)).toBe('Allergies unavailable')
  })

  it('DS20 an allergy outranks a negation; what was refuted or entered in error does not count', () => {
    expect(label([allergy(snomed('716186003')), allergy(latex, 'unconfirmed')])).toBe('Known allergies')
    for (const status of ['refuted', 'entered-in-error']) {
      expect(label([allergy(latex, status)])).toBe('Allergies not recorded')
      expect(label([allergy(latex, status), allergy(snomed('409137002'))])).toBe('No known allergies')
      expect(label([allergy(snomed('716186003'), status)])).toBe('Allergies not recorded')
      expect(allergySummary(allergy(latex, status)).struck).toBe(true)
    }
    expect(label([{ resourceType: 'AllergyIntolerance' }])).toBe('Known allergies')
    expect(label([allergy({ coding: [{ system: 'urn:other', code: '716186003' }] })])).toBe('Known allergies')
  })

  it('DS21 a summary has substance, criticality, reactions with their severity, and who recorded it', () => {
    expect(
      allergySummary({
        ...allergy({ text: 'Penicillin' }),
        criticality: 'high',
        category: ['medication'],
        clinicalStatus: {
          coding: [
            { system: 'http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical', code: 'active' },
          ],
        },
        reaction: [
          {
            manifestation: [{ text: 'Anaphylaxis' }, { coding: [{ display: 'Urticaria' }] }],
            severity: 'severe',
          },
        ],
        recordedDate: '2026-01-05',
        recorder: { display: 'Dr Otieno' },
      }),
    ).toEqual({
      substance: 'Penicillin',
      criticality: 'high',
      clinicalStatus: 'active',
      verificationStatus: 'confirmed',
      category: ['medication'],
      reactions: [{ manifestations: ['Anaphylaxis', 'Urticaria'], severity: 'severe', onset: undefined }],
      struck: false,
      negation: false,
      recorded: '2026-01-05',
      recorder: 'Dr Otieno',
    })
    expect(allergySummary({ resourceType: 'AllergyIntolerance', reaction: 'x', category: 7 })).toMatchObject({
      substance: undefined,
      reactions: [],
      category: [],
    })
  })
})
