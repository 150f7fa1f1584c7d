import { expect, test } from 'vitest'
import type { Entry } from '../../../domain/entries/entry.ts'
import type { FhirResource } from '../../../domain/fhir/resource.ts'
import { authorAllergy, authorVitals, entryOf } from '../author.ts'
import { readRecord } from '../record.ts'
import { changedAllergy, readAllergy } from './allergy-change.ts'
import { changeOf } from './change.ts'
import { changedMedication, emptyMedication, newMedication, readMedication } from './medication-draft.ts'
import { newProblem } from './problem-draft.ts'
import { panelFor } from './refused.ts'
import { after, author, committed, nothing } from './sample-author.ts'

const today = '2026-11-24'
const zone = 'Africa/Nairobi'

function record(...entries: Entry[]) {
  const state = {
    complete: true,
    confirmedAt: undefined,
    connection: 'live' as const,
    entries: committed(...entries),
    held: new Set<string>(),
  }
  return readRecord('p1', new Map([['chart/p1', state]]), new Map())
}

const order = {
  ...emptyMedication,
  dosage: {
    ...emptyMedication.dosage,
    drug: 'Apixaban 5 mg film-coated tablet',
    amount: '5',
    route: 'Oral',
    frequency: 'twice daily',
    text: 'After meals',
  },
  rest: { indication: 'Atrial fibrillation', note: 'Kidneys checked.' },
}

test('PN24 a refused order opens as a new one, filled with everything that was typed', () => {
  const entry = entryOf(newMedication(order, 'p1', today, author), 'p1', nothing, author)
  expect(panelFor('x', entry, record(), zone)).toEqual({ what: 'addMedication', edits: 'x', filled: order })
})

test('PN24 a refused problem, allergy and measurement open filled too', () => {
  const problem = {
    status: { clinical: 'active', verification: 'provisional', until: '', reason: '' },
    rest: { problem: 'Gout', onset: 'Mar-2019', note: 'Left toe.' },
  }
  const condition = entryOf(newProblem(problem, 'p1', today, author), 'p1', nothing, author)
  expect(panelFor('x', condition, record(), zone)).toEqual({
    what: 'addProblem',
    edits: 'x',
    filled: problem,
  })
  const allergy = {
    substance: 'Penicillin',
    none: false,
    reaction: 'Rash',
    severity: 'severe' as const,
    criticality: 'high' as const,
    verification: 'confirmed' as const,
    note: 'As a child.',
  }
  const stated = authorAllergy(allergy, 'p1', nothing, author)
  expect(panelFor('x', stated, record(), zone)).toEqual({ what: 'addAllergy', edits: 'x', filled: allergy })
  const none = authorAllergy({ ...allergy, none: true }, 'p1', nothing, author)
  expect(panelFor('x', none, record(), zone)).toMatchObject({ filled: { none: true, substance: '' } })
  const [pressure, heart] = authorVitals(
    {
      at: '2026-11-24T14:02:00+03:00',
      bloodPressure: { systolic: 128, diastolic: 76 },
      values: { heartRate: 72 },
    },
    'p1',
    nothing,
    author,
  )
  expect(panelFor('x', pressure!.entry, record(), zone)).toMatchObject({
    what: 'vitals',
    filled: { systolic: '128', diastolic: '76', heartRate: '', date: '24-Nov-2026', time: '14:02' },
  })
  expect(panelFor('x', heart!.entry, record(), zone)).toMatchObject({
    filled: { systolic: '', heartRate: '72' },
  })
})

test('PN25 a refused change opens over what the chart shows now, with what it would have stated and its reason', () => {
  const first = entryOf(newMedication(order, 'p1', today, author), 'p1', nothing, author)
  const { state, seen, shown } = after(first)
  const base = readMedication(shown)
  const draft = {
    ...base,
    dosage: { ...base.dosage, amount: '2.5' },
    rest: { ...base.rest, note: 'Older now.' },
  }
  const refused = changeOf(state, changedMedication(draft, base, state, today, author), seen, author)
  const panel = panelFor('x', refused, record(first), zone)
  expect(panel).toMatchObject({ what: 'changeMedication', edits: 'x', refused: { draft } })

  const allergy = authorAllergy(
    {
      substance: 'Latex',
      none: false,
      reaction: 'Rash',
      severity: undefined,
      criticality: undefined,
      verification: 'confirmed',
      note: '',
    },
    'p1',
    nothing,
    author,
  )
  const was = after(allergy)
  const from = readAllergy(was.state)
  const change = {
    ...from,
    status: { ...from.status, verification: 'refuted', reason: '' },
    reaction: {
      list: [
        ...from.reaction.list.map((one) => ({ ...one, gone: true })),
        { aspect: undefined, said: 'Cough', severity: 'mild', gone: false },
      ],
    },
  }
  const aspects = changedAllergy(change, from, was.state, author)
  const entry = changeOf(was.state, aspects, was.seen, author, 'Challenge passed')
  expect(panelFor('x', entry, record(allergy), zone)).toMatchObject({
    what: 'changeAllergy',
    refused: { draft: { ...change, status: { ...change.status, reason: 'Challenge passed' } } },
  })
})

test('PN26 what no form can edit is said to be so', () => {
  const consent: FhirResource = { resourceType: 'Consent', id: 'c1', status: 'active', patient: {} }
  expect(panelFor('x', entryOf(consent, 'p1', nothing, author), record(), zone)).toEqual({
    what: 'noForm',
    why: 'unknown',
    edits: 'x',
  })
  const odd: FhirResource = { resourceType: 'Observation', id: 'o1', status: 'final', code: { text: 'Mood' } }
  expect(panelFor('x', entryOf(odd, 'p1', nothing, author), record(), zone)).toMatchObject({ what: 'noForm' })
})
