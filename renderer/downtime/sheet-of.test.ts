import { expect, test } from 'vitest'
import { codeSystem } from '../../domain/fhir/code-systems.ts'
import type { FhirResource } from '../../domain/fhir/resource.ts'
import { copyOf, inputOf, ladderOf, patient, readAt, row } from './sample-copy.ts'
import { emptySheet, type SheetInput, sheetOf } from './sheet-of.ts'
import { textOf } from './sheet-text.ts'

type Elements = { [element: string]: FhirResource[string] }
const concept = (system: string, code: string) => ({ coding: [{ system, code }] })

const allergy = (text: string, more: Elements = {}): FhirResource => ({
  resourceType: 'AllergyIntolerance',
  code: { text },
  clinicalStatus: concept(codeSystem.allergyClinical, 'active'),
  verificationStatus: concept(codeSystem.allergyVerification, 'confirmed'),
  ...more,
})
const drug = (text: string, more: Elements = {}): FhirResource => ({
  resourceType: 'MedicationRequest',
  status: 'active',
  intent: 'order',
  medicationCodeableConcept: { text },
  dosageInstruction: [
    {
      route: { text: 'Oral' },
      timing: { code: { text: 'twice daily' } },
      doseAndRate: [{ doseQuantity: { value: 2.5, unit: 'mg' } }],
    },
  ],
  ...more,
})
const problem = (text: string, more: Elements = {}): FhirResource => ({
  resourceType: 'Condition',
  code: { text },
  clinicalStatus: concept(codeSystem.conditionClinical, 'active'),
  ...more,
})
const pulse = (value: number, at: string, more: Elements = {}): FhirResource => ({
  resourceType: 'Observation',
  status: 'final',
  code: concept(codeSystem.loinc, '8867-4'),
  effectiveDateTime: at,
  valueQuantity: { value, unit: '/min', code: '/min' },
  ...more,
})
const decision = (code: string, more: Elements = {}): FhirResource => ({
  resourceType: 'Consent',
  status: 'active',
  scope: concept('http://terminology.hl7.org/CodeSystem/consentscope', 'adr'),
  category: [],
  dateTime: '2026-11-18T16:40:00+00:00',
  patient: { reference: 'Patient/p1' },
  provision: { type: 'deny', code: [concept(codeSystem.snomed, code)] },
  ...more,
})
const none: FhirResource = {
  resourceType: 'AllergyIntolerance',
  code: concept(codeSystem.snomed, '716186003'),
  recordedDate: '2026-11-18T10:00:00+00:00',
  recorder: { display: 'Dr Helen Ferris' },
}

const sheet = (resources: readonly FhirResource[], more: Partial<SheetInput> = {}) =>
  sheetOf(inputOf(copyOf([patient, ...resources]), more))
const lines = (resources: readonly FhirResource[], more: Partial<SheetInput> = {}) =>
  textOf(sheet(resources, more).blocks)
const part = (name: string) => (document: string) =>
  document === name ? { complete: false, confirmedAt: undefined } : {}

test('DP1 a sheet has, in this order, who it is, resuscitation, allergies, medications, problems, last vital signs', () => {
  const made = sheet([
    pulse(88, '2026-11-24T08:00:00+00:00'),
    problem('Asthma', { onsetDateTime: '2019' }),
    drug('Apixaban 2.5 mg tablet'),
    allergy('Penicillin', {
      criticality: 'high',
      reaction: [{ id: 'a', manifestation: [{ text: 'Anaphylaxis' }], severity: 'severe' }],
    }),
    decision('304253006'),
  ])
  expect(made.name).toBe('SMITH, John (Mr)')
  expect(made.facts.map(({ label, value }) => `${label} ${value}`)).toEqual([
    'Born 04-Mar-1985 (41y)',
    'Gender Male',
    'MRN LRH-1',
    'Home London',
  ])
  expect(textOf(made.blocks)).toEqual([
    'Resuscitation',
    'Do NOT attempt CPR, decided 18-Nov-2026 16:40',
    'Known allergies',
    'Penicillin Anaphylaxis, severe [High criticality]',
    'Medications 1 current',
    'Apixaban 2.5 mg tablet | DOSE 2.5 mg · Oral · twice daily',
    'Problems 1 current',
    'Asthma, since 2019',
    'Last vital signs ↑ above, ↓ below NEWS2 score 0 for adults',
    'Heart rate 88 /min 24-Nov-2026 08:00',
  ])
})

test('DP2 none recorded, none known and not known are told apart, and what has arrived of a copy in part is printed', () => {
  expect(lines([])).toContain('Allergies not recorded')
  const negated = lines([none])
  expect(negated).toContain('No known allergies')
  expect(negated).toContain('No known allergies Dr Helen Ferris, 18-Nov-2026 10:00')
  const cut = textOf(sheetOf(inputOf(copyOf([patient, allergy('Latex')], part('chart/p1')))).blocks)
  expect(cut.slice(0, 1)).toEqual([expect.stringContaining('THIS COPY IS NOT WHOLE.')])
  expect(cut).toContain('Allergies unavailable')
  expect(cut).toContain('Latex Reaction not recorded')
  expect(cut).not.toContain('Known allergies')
  expect(cut).not.toContain('No resuscitation decision recorded')
  expect(cut.join(' ')).toContain('Resuscitation decision not known')
  expect(cut.join(' ')).not.toContain('No medications recorded')
})

test('DP3 every allergy is printed, the most dangerous first; what is refuted or over stands last and says so', () => {
  const many = Array.from({ length: 60 }, (_, at) => allergy(`Drug ${String(at).padStart(2, '0')}`))
  const text = lines([
    ...many,
    allergy('Heparin', { verificationStatus: concept(codeSystem.allergyVerification, 'refuted') }),
    allergy('Egg', {
      criticality: 'high',
      clinicalStatus: concept(codeSystem.allergyClinical, 'resolved'),
    }),
    allergy('Latex', { criticality: 'high' }),
  ])
  const at = (start: string) => text.findIndex((line) => line.startsWith(start))
  expect(text.filter((line) => line.startsWith('Drug '))).toHaveLength(60)
  expect(at('Latex')).toBeLessThan(at('Drug 00'))
  expect(at('Drug 59')).toBeLessThan(at('Egg'))
  expect(text[at('Egg')]).toContain('[Resolved]')
  expect(text[at('Heparin')]).toContain('[Refuted]')
})

test('DP4 statements that were made at once are both printed and marked, and the safer one decides whether it is printed', () => {
  const text = lines([
    allergy('Penicillin', { id: 'a' }),
    allergy('Penicillin', {
      id: 'a',
      verificationStatus: concept(codeSystem.allergyVerification, 'entered-in-error'),
    }),
    drug('Warfarin', { id: 'm' }),
    drug('Warfarin', { id: 'm', status: 'stopped' }),
    problem('Epilepsy', { id: 'c' }),
    problem('Epilepsy', { id: 'c', clinicalStatus: concept(codeSystem.conditionClinical, 'resolved') }),
  ])
  expect(text[0]).toContain('3 FACTS IN DISPUTE.')
  expect(text).toContain('Known allergies')
  for (const name of ['Penicillin', 'Warfarin', 'Epilepsy']) {
    const said = text.filter((line) => line.includes(name))
    expect(said, name).toHaveLength(2)
    expect(said[0], name).toContain('[2 STATEMENTS DIFFER]')
    expect(said[1], name).toMatch(/^Also stated: /)
  }
  const warfarin = text.filter((line) => line.includes('Warfarin')).join(' ')
  expect(warfarin).toContain('Stopped')
})

test('DP5 resuscitation decisions that contradict each other are all printed, and one of two that is in force is never lost', () => {
  const two = lines([decision('304253006'), decision('304252001')])
  expect(two).toContain('CPR DECISIONS CONFLICT: check the original documents')
  expect(two.join(' ')).toMatch(
    /Do NOT attempt CPR, decided .*Attempt CPR, decided|Attempt CPR, decided .*Do NOT attempt CPR, decided/,
  )
  const struck = lines([
    decision('304253006', { id: 'd' }),
    decision('304253006', { id: 'd', status: 'entered-in-error' }),
  ])
  expect(struck.join(' ')).toContain('Do NOT attempt CPR')
  expect(struck.join(' ')).toContain('2 STATEMENTS DIFFER')
})

test('DP6 an identity in dispute, a similar name, refused changes and statements that cannot be read are told at the top', () => {
  const other: FhirResource = { ...patient, birthDate: '1958-03-04' }
  const copy = { ...copyOf([patient, other]), unreadable: 2 }
  const refused = ladderOf([allergy('Latex')], { at: 'refused', code: 'forbidden', detail: '' })
  const text = textOf(sheetOf(inputOf(copy, { similar: true, ladder: refused })).blocks)
  expect(text.slice(0, 4).join('\n')).toMatch(
    /IDENTITY IN DISPUTE\. Also stated .*1958.*2 STATEMENTS CANNOT BE READ\..*1 CHANGE OF YOURS WAS NOT ACCEPTED.*SIMILAR NAME/s,
  )
  expect(text.join(' ')).not.toContain('Latex')
})

test('DP7 what only this device has is printed and marked; what a region has is not marked', () => {
  const mark = '[on this device only, not yet saved in a region]'
  const here = lines([], { ladder: ladderOf([allergy('Latex')], { at: 'device' }) })
  expect(here.find((line) => line.startsWith('Latex'))).toContain(mark)
  const saved = lines([], {
    ladder: ladderOf([allergy('Latex')], { at: 'saved', region: 'london', also: [] }),
  })
  expect(saved.find((line) => line.startsWith('Latex'))).not.toContain(mark)
  const vital = lines([], { ladder: ladderOf([pulse(71, '2026-11-24T11:55:00+00:00')], { at: 'device' }) })
  expect(vital.find((line) => line.startsWith('Heart rate 71'))).toContain('on this device only')
})

test('DP8 the page says when a region confirmed the copy, in the patient’s zone, and how long that was before it was read', () => {
  const nairobi = { ...row, timeZone: 'Africa/Nairobi' }
  expect(sheet([], { row: nairobi }).asOf).toBe(
    'This copy was confirmed by a region 24-Nov-2026 14:00 EAT, 60 min before it was read here.',
  )
  const old = copyOf([patient], () => ({ confirmedAt: readAt - 3 * 86_400_000 }))
  expect(sheetOf(inputOf(old)).asOf).toContain('3 days before it was read')
  expect(sheetOf(inputOf(copyOf([patient], part('chart/p1')))).asOf).toContain('No region has ever confirmed')
  const journals = copyOf([patient], (name) =>
    name.startsWith('journal/') ? { confirmedAt: readAt - 7_200_000 } : {},
  )
  expect(textOf(sheetOf(inputOf(journals)).blocks)).toContain(
    'Vital signs were last confirmed by a region 24-Nov-2026 10:00 GMT.',
  )
})

test('DP9 a vital sign is the last that was not entered in error, with unit and time, says that it is old, and journals that lack are named', () => {
  const resources = [
    pulse(60, '2026-11-20T08:00:00+00:00'),
    pulse(180, '2026-11-23T08:00:00+00:00', { status: 'entered-in-error' }),
    pulse(95, '2026-11-22T08:00:00+00:00'),
  ]
  expect(lines(resources)).toContain('Heart rate ↑ 95 /min 22-Nov-2026 08:00 2 days old')
  const cut = textOf(sheetOf(inputOf(copyOf([patient, ...resources], part('journal/p1/2025')))).blocks)
  expect(cut.join(' ')).toContain('not wholly on this device are the journals of 2025')
  expect(lines([])).toContain('No vital signs on this device.')
})

test('DP10 medications: what must not be given stands first, what is on hold last, what is not printed is counted, and the dead are told', () => {
  const text = lines([
    drug('Apixaban'),
    drug('Aspirin', { doNotPerform: true, dosageInstruction: [] }),
    drug('Ibuprofen', { status: 'stopped' }),
    drug('Metformin', { status: 'completed' }),
    drug('Enoxaparin', { status: 'on-hold' }),
    drug('Ramipril', { intent: 'plan' }),
  ])
  const begin = text.indexOf('Medications 3 current')
  expect(text[begin + 1]).toBe('DO NOT GIVE Aspirin')
  expect(text).toContain('Ramipril [Plan, not an order] | DOSE 2.5 mg · Oral · twice daily')
  // Last of those that are printed.
  expect(text[begin + 4]).toContain('Enoxaparin')
  expect(text[begin + 4]).toContain('[On hold]')
  expect(text[begin + 5]).toBe('Not printed: 2 that are stopped, completed or in error.')
  expect(text.join(' ')).not.toContain('Ibuprofen')
  const dead = sheetOf(inputOf(copyOf([{ ...patient, deceasedBoolean: true }, drug('Apixaban')])))
  expect(dead.deceased).toBe(true)
  expect(textOf(dead.blocks)).toContain('The patient has died: these orders were never stopped.')
})

test('DP11 a patient of whom there is no copy, or none that can be read, has a page that says so, with what the list says', () => {
  const absent = sheetOf(inputOf(copyOf([], () => ({ complete: false, confirmedAt: undefined }))))
  expect(absent).toMatchObject({ copy: 'none', name: 'SMITH, John (Mr)', identifier: 'Identifier LRH-1' })
  expect(absent.facts[0]).toEqual({ label: 'Born', value: '04-Mar-1985 (41y)' })
  const text = textOf(absent.blocks).join(' ')
  expect(text).toContain('NOT ON THIS DEVICE.')
  expect(text).toContain('Allergies unavailable')
  expect(absent.asOf).toContain('from the list of patients of 24-Nov-2026 12:00 GMT')
  const failed = emptySheet(inputOf(copyOf([])), 'failed')
  expect(textOf(failed.blocks).join(' ')).toContain('NOT READABLE BY THIS APP.')
})
