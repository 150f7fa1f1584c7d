import { expect, test } from 'vitest'
import { medicationLine } from '../../../domain/display/medication-line.ts'
import { entryId } from '../../../domain/entries/entry.ts'
import type { FhirResource } from '../../../domain/fhir/resource.ts'
import { entryOf } from '../author.ts'
import { changeOf } from './change.ts'
import {
  changedMedication,
  emptyMedication,
  fitsForm,
  type MedicationDraft,
  newMedication,
  readMedication,
} from './medication-draft.ts'
import { after, author, nothing, onChart, problemOf } from './sample-author.ts'

const today = '2026-11-24'
const typed: MedicationDraft = {
  dosage: {
    ...emptyMedication.dosage,
    drug: 'Amoxicillin 500 mg capsule',
    amount: '500',
    unit: 'mg',
    route: 'Oral',
    frequency: 'tds',
    start: '24-Nov-2026',
  },
  status: { status: 'active', reason: '' },
  rest: { indication: 'Tonsillitis', note: 'With food.' },
}

const apixaban: FhirResource = {
  resourceType: 'MedicationRequest',
  id: 'm1',
  status: 'active',
  intent: 'order',
  medicationCodeableConcept: { text: 'Apixaban 5 mg film-coated tablet' },
  subject: { reference: 'Patient/p1' },
  requester: { display: 'Dr Weber' },
  dosageInstruction: [
    {
      sequence: 1,
      text: '5 mg orally, twice daily',
      timing: { repeat: { frequency: 2, period: 1, periodUnit: 'd' }, code: { text: 'twice daily' } },
      route: { coding: [{ system: 'http://snomed.info/sct', code: '26643006' }], text: 'Oral' },
      site: { text: 'mouth' },
      asNeededBoolean: false,
      doseAndRate: [
        {
          type: { text: 'ordered' },
          doseQuantity: { value: 5, unit: 'mg', system: 'http://unitsofmeasure.org', code: 'mg' },
        },
      ],
    },
  ],
}

test('PN1 a new order is valid, coded where it can be, and reads as it was typed', () => {
  const entry = entryOf(newMedication(typed, 'p1', today, author), 'p1', nothing, author)
  expect(problemOf(entry)).toBeUndefined()
  expect(entry).toMatchObject({ document: 'chart/p1', supersedes: [] })
  const { shown } = after(entry)
  const [dosage] = medicationLine(shown).dosages
  expect(dosage).toEqual({
    dose: '500 mg',
    route: 'Oral',
    frequency: 'three times daily',
    text: undefined,
  })
  expect(shown).toMatchObject({
    status: 'active',
    intent: 'order',
    medicationCodeableConcept: {
      coding: [{ system: 'http://www.whocc.no/atc', code: 'J01CA04' }],
      text: 'Amoxicillin 500 mg capsule',
    },
    reasonCode: [{ text: 'Tonsillitis' }],
    note: [{ text: 'With food.', authorString: 'Dr Amelia Hart' }],
    dosageInstruction: [
      {
        timing: {
          repeat: { frequency: 3, period: 1, periodUnit: 'd', boundsPeriod: { start: '2026-11-24' } },
        },
        asNeededBoolean: false,
      },
    ],
  })
})

test('PN1 units, words and numbers of an order are those that cannot be misread', () => {
  const dose = (dosage: Partial<MedicationDraft['dosage']>) => {
    const draft = { ...typed, dosage: { ...typed.dosage, ...dosage } }
    const entry = entryOf(newMedication(draft, 'p1', today, author), 'p1', nothing, author)
    expect(problemOf(entry)).toBeUndefined()
    return medicationLine(after(entry).shown).dosages[0]
  }
  expect(dose({ amount: '0,5', unit: 'micrograms' })?.dose).toBe('0.5 micrograms')
  expect(dose({ amount: '1', unit: 'tablets', frequency: 'stat' })).toMatchObject({
    dose: '1 tablet',
    frequency: 'once only',
  })
  expect(dose({ amount: '10', unit: 'units', frequency: 'with each feed' })).toMatchObject({
    dose: '10 units',
    frequency: 'with each feed',
  })
  expect(dose({ asNeeded: true, asNeededFor: 'pain' })?.frequency).toBe(
    'three times daily, as needed for pain',
  )
})

test('PN2 another dose states the dosage alone, over exactly its heads, and keeps what was not typed over', () => {
  const { entry, seen, state } = onChart(apixaban)
  const base = readMedication(after(entry).shown)
  expect(base.dosage).toMatchObject({
    amount: '5',
    unit: 'mg',
    route: 'Oral',
    frequency: 'twice daily',
    text: '',
  })
  const draft = { ...base, dosage: { ...base.dosage, amount: '2.5' } }
  const change = changeOf(state, changedMedication(draft, base, state, today, author), seen, author)
  expect(Object.keys(change.aspects)).toEqual(['dosage'])
  expect(change.supersedes).toEqual([entryId(entry)])
  expect(problemOf(change, entry)).toBeUndefined()
  const { shown } = after(entry, change)
  expect(medicationLine(shown)).toMatchObject({
    drug: 'Apixaban 5 mg film-coated tablet',
    dosages: [{ dose: '2.5 mg', route: 'Oral', frequency: 'twice daily', text: undefined }],
  })
  expect(shown['dosageInstruction']).toMatchObject([
    { sequence: 1, site: { text: 'mouth' }, doseAndRate: [{ type: { text: 'ordered' } }] },
  ])
  expect(shown['requester']).toEqual({ display: 'Dr Weber' })
})

test('PN2 to hold, stop or void an order states its status alone, with the reason', () => {
  const { entry, seen, state } = onChart(apixaban)
  const base = readMedication(after(entry).shown)
  for (const status of ['on-hold', 'stopped', 'completed', 'entered-in-error']) {
    const draft = { ...base, status: { status, reason: 'Bleeding' } }
    const change = changeOf(state, changedMedication(draft, base, state, today, author), seen, author)
    expect(change.aspects).toEqual({ status: { status, statusReason: { text: 'Bleeding' } } })
    expect(problemOf(change, entry)).toBeUndefined()
  }
  // What is active again has no reason left for having been stopped.
  const stopped = { ...base, status: { status: 'stopped', reason: 'Bleeding' } }
  const stop = changeOf(state, changedMedication(stopped, base, state, today, author), seen, author)
  const then = after(entry, stop)
  const again = changedMedication(base, stopped, then.state, today, author)
  expect(again).toEqual({ status: { status: 'active' } })
})

test('PN3 an instruction that is more than the fields hold is left alone, or replaced whole', () => {
  const two = {
    ...apixaban,
    dosageInstruction: [{ text: '10 mg for 7 days' }, { text: 'then 5 mg' }],
  }
  const { entry, seen, state } = onChart(two)
  expect(fitsForm(two)).toBe(false)
  const base = readMedication(after(entry).shown)
  expect(base.dosage).toMatchObject({ amount: '', unit: '', route: '', frequency: '', text: '' })
  const note = { ...base, rest: { ...base.rest, note: 'Seen.' } }
  expect(Object.keys(changedMedication(note, base, state, today, author))).toEqual(['rest'])
  const draft = {
    ...base,
    dosage: { ...base.dosage, amount: '5', unit: 'mg', route: 'Oral', frequency: 'bd' },
  }
  const change = changeOf(state, changedMedication(draft, base, state, today, author), seen, author)
  expect(medicationLine(after(entry, change).shown).dosages).toEqual([
    { dose: '5 mg', route: 'Oral', frequency: 'twice daily', text: undefined },
  ])
})

test('PN3 how long an infusion runs stays when it comes more often; a unit of the source’s own stays beside a new number', () => {
  const infusion = {
    ...apixaban,
    dosageInstruction: [
      {
        timing: {
          repeat: { frequency: 1, period: 8, periodUnit: 'h', duration: 30, durationUnit: 'min' },
          code: { text: 'every 8 hours' },
        },
        doseAndRate: [{ doseQuantity: { value: 5, unit: 'million units', code: '10*6.[iU]' } }],
      },
    ],
  }
  const { entry, seen, state } = onChart(infusion)
  const base = readMedication(after(entry).shown)
  expect(base.dosage).toMatchObject({ amount: '5', unit: 'million units' })
  const draft = { ...base, dosage: { ...base.dosage, frequency: 'every 6 hours', amount: '4' } }
  const change = changeOf(state, changedMedication(draft, base, state, today, author), seen, author)
  expect(after(entry, change).shown['dosageInstruction']).toMatchObject([
    {
      timing: { repeat: { period: 6, duration: 30, durationUnit: 'min' } },
      doseAndRate: [{ doseQuantity: { value: 4, unit: 'million units', code: '10*6.[iU]' } }],
    },
  ])
})
