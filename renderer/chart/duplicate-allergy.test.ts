import { expect, test } from 'vitest'
import type { FhirResource } from '../../domain/fhir/resource.ts'
import { knownAlready, substanceNamed } from './duplicate-allergy.ts'

const allergy = (text: string): FhirResource => ({ resourceType: 'AllergyIntolerance', code: { text } })

test.each([
  ['Penicillin', 'penicillin', true],
  ['Penicillin G', 'Penicillin', true],
  ['Acetylsalicylic acid', 'Aspirin', true],
  ['Penicillin', 'Amoxicillin', false],
  ['Ibuprofen', 'aspirin', false],
])('RE80 an allergy that is known already is told while typing: %s against %s', (known, typed, same) => {
  expect(knownAlready(typed, [allergy(known)])).toEqual([{ substance: known, same }])
})

test('RE81 what has nothing to do with it, and the statement that there is none, warn of nothing', () => {
  const none: FhirResource = {
    resourceType: 'AllergyIntolerance',
    code: { coding: [{ system: 'http://snomed.info/sct', code: '716186003', display: 'No known allergy' }] },
  }
  expect(knownAlready('Latex', [allergy('Penicillin'), none])).toEqual([])
  expect(knownAlready('No known allergy', [none])).toEqual([])
  expect(knownAlready('pe', [allergy('Penicillin')])).toEqual([])
})

test('RE82 a substance is known by its other names too', () => {
  expect(substanceNamed('acetaminophen')?.display).toBe('Paracetamol')
  expect(substanceNamed('something else')).toBeUndefined()
})
