import { expect, test } from 'vitest'
import { checkMedication } from './check-medication.ts'
import { emptyMedication, type MedicationDraft } from './medication-draft.ts'

const about = { today: '2026-11-24', adult: true, born: '1960-05-01' }

function order(dosage: Partial<MedicationDraft['dosage']>): MedicationDraft {
  return {
    ...emptyMedication,
    dosage: {
      ...emptyMedication.dosage,
      drug: 'Paracetamol 500 mg tablet',
      amount: '1',
      unit: 'g',
      route: 'Oral',
      frequency: 'four times daily',
      ...dosage,
    },
  }
}

test('PN4 a usual dose passes; what cannot be one dose is refused, with the limit', () => {
  expect(checkMedication(order({}), about)).toEqual({ problems: {}, doubts: [] })
  const problemOf = (dosage: Partial<MedicationDraft['dosage']>) =>
    checkMedication(order(dosage), about).problems.amount
  expect(problemOf({ amount: '5000', unit: 'g' })).toMatchObject({ problem: 'high', limit: 100, unit: 'g' })
  expect(problemOf({ amount: '0.0001', unit: 'mg' })).toMatchObject({ problem: 'low' })
  expect(problemOf({ amount: '0' })).toEqual({ problem: 'zero' })
  expect(problemOf({ amount: '-1' })).toEqual({ problem: 'number' })
  expect(problemOf({ amount: '1e3' })).toEqual({ problem: 'number' })
  expect(problemOf({ amount: 'one' })).toEqual({ problem: 'number' })
  expect(problemOf({ amount: '0,125', unit: 'mg' })).toBeUndefined()
})

test('PN4 a number that one country reads as a thousand and another as one is refused', () => {
  for (const amount of ['1,000', '1.000', '10.500', '1,000,000'])
    expect(checkMedication(order({ amount, unit: 'mg' }), about).problems.amount).toEqual({
      problem: 'thousands',
    })
})

test('PN4 drug, unit, route and frequency are asked for, and a begin that is none or before birth is refused', () => {
  const bare = { drug: ' ', amount: '5', unit: '', route: '', frequency: '', start: '31-Feb-2026' }
  expect(checkMedication(order(bare), about).problems).toEqual({
    drug: { problem: 'missing' },
    unit: { problem: 'missing' },
    route: { problem: 'missing' },
    frequency: { problem: 'missing' },
    start: { problem: 'date' },
  })
  expect(checkMedication(order({ frequency: '', asNeeded: true }), about).problems).toEqual({})
  expect(checkMedication(order({ start: '1950' }), about).problems.start).toEqual({ problem: 'beforeBirth' })
})

test('PN5 a dose that is rare for the drug or its unit is asked about, and one that is given once a week', () => {
  const doubtsOf = (dosage: Partial<MedicationDraft['dosage']>, adult = true) =>
    checkMedication(order(dosage), { ...about, adult }).doubts.map(({ doubt }) => doubt)
  expect(doubtsOf({ amount: '5' })).toEqual(['single', 'day'])
  expect(doubtsOf({ frequency: 'every 4 hours' })).toEqual(['day'])
  expect(doubtsOf({ amount: '50', unit: 'mg' })).toEqual(['single'])
  // A child's dose goes by weight.
  expect(doubtsOf({ amount: '50', unit: 'mg' }, false)).toEqual([])
  expect(doubtsOf({ drug: 'Nobody knows', amount: '5', unit: 'g' })).toEqual([])
  expect(doubtsOf({ drug: 'Nobody knows', amount: '6', unit: 'g' })).toEqual(['unusual'])
  expect(doubtsOf({ drug: 'Methotrexate 2.5 mg tablet', amount: '15', unit: 'mg', frequency: 'od' })).toEqual(
    ['weekly'],
  )
  expect(
    doubtsOf({ drug: 'Methotrexate 2.5 mg tablet', amount: '15', unit: 'mg', frequency: 'weekly' }),
  ).toEqual([])
  expect(doubtsOf({ amount: '' })).toEqual(['noDose'])
  expect(doubtsOf({ start: '2020' })).toEqual(['startFar'])
})

test('PN5 of a change a leap of the dose is asked about, and words and limits that stay beside another dose', () => {
  const resource = {
    resourceType: 'MedicationRequest',
    dosageInstruction: [{ maxDosePerPeriod: { numerator: { value: 4, unit: 'g' } } }],
  }
  const before = { draft: order({ drug: 'X', amount: '10', unit: 'mg', text: 'not above 40 mg' }), resource }
  const changed = (dosage: Partial<MedicationDraft['dosage']>) =>
    checkMedication(
      { ...before.draft, dosage: { ...before.draft.dosage, ...dosage } },
      { ...about, before },
    ).doubts.map(({ doubt }) => doubt)
  expect(changed({})).toEqual([])
  expect(changed({ amount: '100' })).toEqual(['jump', 'text', 'most'])
  expect(changed({ amount: '10000', unit: 'micrograms', text: 'checked' })).toEqual(['unusual', 'most'])
  expect(changed({ amount: '20', text: '' })).toEqual(['most'])
})

test('PN5 what replaces an instruction whole needs a route of its own, and nothing of a limit is said that goes with the old one', () => {
  const instruction = { maxDosePerPeriod: { numerator: { value: 20, unit: 'mg' } } }
  const resource = { resourceType: 'MedicationRequest', dosageInstruction: [instruction, instruction] }
  const draft = order({ drug: 'X', amount: '', route: '', frequency: '', unit: '' })
  const typed = { ...draft, dosage: { ...draft.dosage, amount: '5', unit: 'mg', frequency: 'twice daily' } }
  const { problems, doubts } = checkMedication(typed, { ...about, before: { draft, resource } })
  expect(problems).toEqual({ route: { problem: 'missing' } })
  expect(doubts).toEqual([])
})

test('PN6 to hold, to stop and to void an order asks why; to complete it does not', () => {
  const before = { draft: order({}), resource: { resourceType: 'MedicationRequest' } }
  const problemsOf = (status: string, reason = '') =>
    checkMedication({ ...before.draft, status: { status, reason } }, { ...about, before }).problems
  for (const status of ['on-hold', 'stopped', 'entered-in-error']) {
    expect(problemsOf(status)).toEqual({ reason: { problem: 'reason' } })
    expect(problemsOf(status, 'Rash')).toEqual({})
  }
  expect(problemsOf('completed')).toEqual({})
  expect(problemsOf('active')).toEqual({})
})
