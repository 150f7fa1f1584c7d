import { MantineProvider } from '@mantine/core'
import { renderToStaticMarkup } from 'react-dom/server'
import { expect, test } from 'vitest'
import type { FhirResource } from '../../domain/fhir/resource.ts'
import { en } from '../words/en.ts'
import '../words/words.ts'
import { PatientBanner } from './banner.tsx'
import type { Item } from './record.ts'
import { resuscitationOf } from './resuscitation.ts'
import { itemFor } from './sample-items.ts'
import { ChartZone } from './use-when.tsx'

const patient: FhirResource = {
  resourceType: 'Patient',
  id: 'p1',
  name: [{ use: 'official', family: 'Smith', given: ['John'], prefix: ['Mr'] }],
  birthDate: '1985-03-04',
  gender: 'male',
  identifier: [
    { type: { coding: [{ code: 'NH' }] }, value: 'other' },
    { type: { coding: [{ code: 'MR' }] }, value: 'LRH-1' },
  ],
}
const allergyTo = (text: string, more: { [element: string]: FhirResource[string] } = {}): FhirResource => ({
  resourceType: 'AllergyIntolerance',
  code: { text },
  ...more,
})
const none: FhirResource = {
  resourceType: 'AllergyIntolerance',
  code: { coding: [{ system: 'http://snomed.info/sct', code: '716186003' }] },
  recordedDate: '2026-11-18T10:00:00+00:00',
  recorder: { display: 'Dr Helen Ferris' },
}

function bannerText(props: {
  patient?: FhirResource
  allergies?: FhirResource[]
  complete?: boolean
  consents?: Item[]
}): string {
  const markup = renderToStaticMarkup(
    <MantineProvider>
      <ChartZone value="Europe/London">
        <PatientBanner
          patient={props.patient ?? patient}
          allergies={(props.allergies ?? []).map((one) => itemFor(one))}
          complete={props.complete ?? true}
          resuscitation={resuscitationOf(props.consents ?? [], '2026-11-24T12:00:00+00:00')}
          today="2026-11-24"
        />
      </ChartZone>
    </MantineProvider>,
  )
  return markup
    .replaceAll(/<style.*?<\/style>/gs, '')
    .replaceAll(/<[^>]+>/g, ' ')
    .replaceAll(/\s+/g, ' ')
    .trim()
}

test('PAB-0016 name, Born, Gender, identifier, in this order, without colons, the age in brackets', () => {
  const text = bannerText({})
  expect(text).toContain('SMITH, John (Mr) Born 04-Mar-1985 (41y) Gender Male MRN LRH-1')
  expect(text).not.toContain(':')
})

test('PAB-0049 the family name is in capitals, the title in brackets', () => {
  expect(bannerText({})).toMatch(/^SMITH, John \(Mr\)/)
})

test('PAB-0055 the deceased have a banner of their own, with the date, and the age at death', () => {
  const text = bannerText({ patient: { ...patient, deceasedDateTime: '2020-03-03T10:00:00+00:00' } })
  expect(text).toContain('Born 04-Mar-1985 (34y) Died 03-Mar-2020')
  expect(bannerText({ patient: { ...patient, deceasedBoolean: true } })).toContain(
    'Deceased date not recorded',
  )
})

test('PAB-0064 exactly four labels about allergies, “unavailable” whenever the chart is not whole', () => {
  const labels = Object.values(en.banner.allergies)
  const said = (text: string) => labels.filter((label) => text.includes(label))
  expect(said(bannerText({ allergies: [allergyTo('Latex')] }))).toEqual(['Known allergies'])
  expect(said(bannerText({ allergies: [none] }))).toEqual(['No known allergies'])
  expect(said(bannerText({}))).toEqual(['Allergies not recorded'])
  expect(said(bannerText({ allergies: [allergyTo('Latex')], complete: false }))).toEqual([
    'Allergies unavailable',
  ])
})

test('ADR-0052 “No known allergies” carries its date and author', () => {
  expect(bannerText({ allergies: [none] })).toContain('No known allergies Dr Helen Ferris, 18-Nov-2026 10:00')
})

test('RE100 known allergies are named whole, the most dangerous first; refuted ones do not count', () => {
  const text = bannerText({
    allergies: [
      allergyTo('Codeine', { criticality: 'low' }),
      allergyTo('Iodinated contrast media', { criticality: 'unable-to-assess' }),
      allergyTo('Penicillin', { criticality: 'high' }),
      allergyTo('Heparin', {
        verificationStatus: {
          coding: [
            {
              system: 'http://terminology.hl7.org/CodeSystem/allergyintolerance-verification',
              code: 'refuted',
            },
          ],
        },
      }),
    ],
  })
  expect(text).toContain('Known allergies Penicillin , Iodinated contrast media , Codeine')
  expect(text).not.toContain('Heparin')
})

test('RE101 what is missing is said, never an empty space', () => {
  expect(bannerText({ patient: { resourceType: 'Patient', id: 'p1' } })).toContain(
    'Unknown Born Not recorded Gender Not recorded Identifier Not recorded',
  )
})

const decision = (code: string, more: { [element: string]: FhirResource[string] } = {}): FhirResource => ({
  resourceType: 'Consent',
  status: 'active',
  scope: { coding: [{ system: 'http://terminology.hl7.org/CodeSystem/consentscope', code: 'adr' }] },
  category: [],
  dateTime: '2026-11-18T16:40:00+00:00',
  patient: { reference: 'Patient/p1' },
  provision: { type: 'deny', code: [{ coding: [{ system: 'http://snomed.info/sct', code }] }] },
  ...more,
})

test('RE102 the resuscitation decision stands in the banner with its date, or that there is none', () => {
  expect(bannerText({ consents: [itemFor(decision('304253006'))] })).toContain(
    'Do NOT attempt CPR decided 18-Nov-2026 16:40',
  )
  expect(bannerText({})).toContain('No resuscitation decision recorded')
  expect(
    bannerText({ consents: [itemFor(decision('304253006', { status: 'entered-in-error' }))] }),
  ).toContain('No resuscitation decision recorded')
})

test('RE103 decisions that contradict each other are never one value: all are shown', () => {
  const conflict = /CPR DECISIONS CONFLICT: check the original documents/
  const two = bannerText({ consents: [itemFor(decision('304253006')), itemFor(decision('304252001'))] })
  expect(two).toMatch(conflict)
  expect(two).toContain('Do NOT attempt CPR')
  expect(two).toContain('Attempt CPR')
  const concurrent = itemFor(decision('304253006', { id: 'c' }), [decision('304252001', { id: 'c' })])
  expect(bannerText({ consents: [concurrent] })).toMatch(conflict)
})

test('RE105 a decision in force is not hidden by a statement made at the same time that it was an error', () => {
  const inError = { id: 'c', status: 'entered-in-error' }
  for (const [shown, other] of [
    [decision('304253006', inError), decision('304253006', { id: 'c' })],
    [decision('304253006', { id: 'c' }), decision('304253006', inError)],
  ] as const)
    expect(bannerText({ consents: [itemFor(shown, [other])] })).toContain('Do NOT attempt CPR')
})
