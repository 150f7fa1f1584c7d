import { expect, test } from 'vitest'
import type { FhirResource } from '../../../domain/fhir/resource.ts'
import { allergiesAgainst, drugIn, ordersKnown } from './drug-known.ts'

function allergy(text: string, verification = 'confirmed'): FhirResource {
  return {
    resourceType: 'AllergyIntolerance',
    code: { text },
    verificationStatus: {
      coding: [
        {
          system: 'http://terminology.hl7.org/CodeSystem/allergyintolerance-verification',
          code: verification,
        },
      ],
    },
  }
}

function order(text: string, more: Partial<FhirResource> = {}): FhirResource {
  return {
    resourceType: 'MedicationRequest',
    status: 'active',
    medicationCodeableConcept: { text },
    ...more,
  }
}

test('PN7 a drug is known by its name with strength and form, and by the longest name that fits', () => {
  expect(drugIn('amoxicillin 500 mg capsule')?.display).toBe('Amoxicillin')
  expect(drugIn('Amoxicillin and clavulanic acid 625 mg')?.display).toBe('Co-amoxiclav')
  expect(drugIn('acetaminophen')?.display).toBe('Paracetamol')
  expect(drugIn('Grandmother’s drops')).toBeUndefined()
})

test('PN7 an allergy to the drug, to its kind and to a related kind is told; another is not', () => {
  const against = (drug: string, ...allergies: FhirResource[]) =>
    allergiesAgainst(drug, allergies).map(({ substance, how }) => `${how} ${substance}`)
  expect(against('Amoxicillin 500 mg', allergy('Penicillin'), allergy('Latex'))).toEqual([
    'related Penicillin',
  ])
  expect(against('Ibuprofen 400 mg tablet', allergy('Ibuprofen'), allergy('Aspirin'))).toEqual([
    'same Ibuprofen',
    'related Aspirin',
  ])
  expect(against('Ceftriaxone 2 g', allergy('Penicillin'))).toEqual(['related Penicillin'])
  expect(against('Co-trimoxazole 960 mg', allergy('Sulfonamide'))).toEqual(['same Sulfonamide'])
  expect(against('Testolamine A', allergy('Testolamine'))).toEqual(['same Testolamine'])
  expect(against('Warfarin 3 mg', allergy('Penicillin'))).toEqual([])
  expect(against('ib', allergy('Ibuprofen'))).toEqual([])
})

test('PN7 a refuted allergy is named as refuted, and that there is none speaks against nothing', () => {
  expect(allergiesAgainst('Penicillin V', [allergy('Penicillin', 'refuted')])).toMatchObject([
    { struck: true },
  ])
  const none = {
    ...allergy('No known allergy'),
    code: { coding: [{ system: 'http://snomed.info/sct', code: '716186003' }], text: 'No known allergy' },
  }
  expect(allergiesAgainst('known', [none])).toEqual([])
})

test('PN8 the same drug, another of its kind, and an order not to give it are told; what is over is not', () => {
  const known = (drug: string, ...orders: FhirResource[]) => ordersKnown(drug, orders).map(({ how }) => how)
  expect(known('Apixaban 2.5 mg', order('Apixaban 5 mg film-coated tablet'))).toEqual(['same'])
  expect(known('Apixaban 2.5 mg', order('Warfarin sodium 1 mg tablet'))).toEqual(['kind'])
  expect(known('Apixaban', order('Apixaban 5 mg', { status: 'stopped' }))).toEqual([])
  expect(known('Apixaban', order('Apixaban 5 mg', { status: 'on-hold' }))).toEqual(['same'])
  // Nobody can say that it is over.
  expect(known('Apixaban', order('Apixaban 5 mg', { status: 'paused' }))).toEqual(['same'])
  expect(known('Zincol 5 mg', order('Zincol 10 mg tablet'), order('Metformin 1 g'))).toEqual(['same'])
  const noNsaids = order('Non-steroidal anti-inflammatory drugs', {
    doNotPerform: true,
    medicationCodeableConcept: {
      coding: [{ system: 'http://www.whocc.no/atc', code: 'M01A' }],
      text: 'Non-steroidal anti-inflammatory drugs',
    },
  })
  expect(known('Ibuprofen 400 mg', noNsaids)).toEqual(['forbidden'])
  expect(known('Paracetamol 1 g', noNsaids)).toEqual([])
})
