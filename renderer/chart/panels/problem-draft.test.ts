import { expect, test } from 'vitest'
import { entryId } from '../../../domain/entries/entry.ts'
import type { FhirResource } from '../../../domain/fhir/resource.ts'
import { entryOf } from '../author.ts'
import { changeOf } from './change.ts'
import {
  changedProblem,
  checkProblem,
  emptyProblem,
  newProblem,
  type ProblemDraft,
  problemsKnown,
  readProblem,
} from './problem-draft.ts'
import { after, author, nothing, onChart, problemOf } from './sample-author.ts'

const today = '2026-11-24'
const typed: ProblemDraft = {
  status: { ...emptyProblem.status },
  rest: { problem: 'high blood pressure', onset: 'Mar 2019', note: '' },
}

function made(draft: ProblemDraft) {
  return entryOf(newProblem(draft, 'p1', today, author), 'p1', nothing, author)
}

test('PN14 a new problem is valid, coded where it can be, else kept as it was written', () => {
  const entry = made(typed)
  expect(problemOf(entry)).toBeUndefined()
  expect(after(entry).shown).toMatchObject({
    code: { coding: [{ code: '38341003' }], text: 'Hypertension' },
    onsetDateTime: '2019-03',
    clinicalStatus: { coding: [{ code: 'active' }] },
    verificationStatus: { coding: [{ code: 'confirmed' }] },
    category: [{ coding: [{ code: 'problem-list-item' }] }],
    subject: { reference: 'Patient/p1' },
  })
  const free = made({ ...typed, rest: { ...typed.rest, problem: ' Fear of geese ' } })
  expect(after(free).shown['code']).toEqual({ text: 'Fear of geese' })
})

test('PN15 to resolve a problem states its status alone, with the end; come back it has none (con-4)', () => {
  const entry = made(typed)
  const { seen, state, shown } = after(entry)
  const base = readProblem(shown)
  const resolved = { ...base, status: { ...base.status, clinical: 'resolved', until: '20-Nov-2026' } }
  const change = changeOf(state, changedProblem(resolved, base, state, today, author), seen, author)
  expect(change.supersedes).toEqual([entryId(entry)])
  expect(change.aspects).toMatchObject({ status: { abatementDateTime: '2026-11-20' } })
  expect(Object.keys(change.aspects)).toEqual(['status'])
  expect(problemOf(change, entry)).toBeUndefined()

  const then = after(entry, change)
  const over = readProblem(then.shown)
  const back = { ...over, status: { ...over.status, clinical: 'relapse', until: '' } }
  const again = changedProblem(back, over, then.state, today, author)
  expect(Object.keys(again['status'] ?? {})).toEqual(['clinicalStatus', 'verificationStatus'])
})

test('PN15 entered in error there is no clinical status (con-5), and an end that was there stays where only the doubt goes', () => {
  const old: FhirResource = {
    ...newProblem({ ...typed, status: { ...typed.status, clinical: 'resolved' } }, 'p1', today, author),
    abatementString: 'in childhood',
  }
  const { seen, state, entry } = onChart(old)
  const base = readProblem(after(entry).shown)
  const error = {
    ...base,
    status: { ...base.status, verification: 'entered-in-error', reason: 'Other patient' },
  }
  const change = changeOf(
    state,
    changedProblem(error, base, state, today, author),
    seen,
    author,
    'Other patient',
  )
  expect(change.aspects).toEqual({
    status: { verificationStatus: { coding: [{ system: expect.any(String), code: 'entered-in-error' }] } },
  })
  expect(change.reason).toBe('Other patient')
  const doubt = { ...base, status: { ...base.status, verification: 'provisional' } }
  expect(changedProblem(doubt, base, state, today, author)['status']).toMatchObject({
    abatementString: 'in childhood',
  })
})

test('PN15 a note or another begin leaves the status alone, and never changes what the problem is', () => {
  const entry = made(typed)
  const { state, shown } = after(entry)
  const base = readProblem(shown)
  const draft = { ...base, rest: { problem: 'Gout', onset: '2018', note: 'At school.' } }
  const aspects = changedProblem(draft, base, state, today, author)
  expect(Object.keys(aspects)).toEqual(['rest'])
  expect(aspects['rest']).toMatchObject({
    code: { text: 'Hypertension' },
    onsetDateTime: '2018',
    note: [{ text: 'At school.' }],
  })
})

test('PN16 a problem needs a name; dates that are none, to come, before birth or before the begin are refused', () => {
  const about = { today, born: '1960-05-01' }
  const check = (status: Partial<ProblemDraft['status']>, rest: Partial<ProblemDraft['rest']>) =>
    checkProblem({ status: { ...typed.status, ...status }, rest: { ...typed.rest, ...rest } }, about)
  expect(check({}, {})).toEqual({})
  expect(check({}, { problem: ' ' })).toEqual({ problem: 'missing' })
  expect(check({}, { onset: 'yesterday' })).toEqual({ onset: 'date' })
  expect(check({}, { onset: '25-Nov-2026' })).toEqual({ onset: 'future' })
  expect(check({}, { onset: '1959' })).toEqual({ onset: 'beforeBirth' })
  expect(check({}, { onset: '1960' })).toEqual({})
  expect(check({ clinical: 'resolved', until: '2018' }, {})).toEqual({ until: 'untilBeforeOnset' })
  expect(check({ clinical: 'active', until: 'nonsense' }, {})).toEqual({})
  const before = typed
  const refuted = { ...typed, status: { ...typed.status, verification: 'refuted' } }
  expect(checkProblem(refuted, { ...about, before })).toEqual({ reason: 'reason' })
})

test('PN17 a problem that is known already is told, by name, part of a name or code; a refuted one is not', () => {
  const hypertension = after(made(typed)).shown
  expect(problemsKnown('arterial hypertension', [hypertension])).toEqual(['Hypertension'])
  expect(problemsKnown('Hypertension in pregnancy', [hypertension])).toEqual(['Hypertension'])
  expect(problemsKnown('Gout', [hypertension])).toEqual([])
  expect(problemsKnown('hy', [hypertension])).toEqual([])
  const refuted = after(made({ ...typed, status: { ...typed.status, verification: 'refuted' } })).shown
  expect(problemsKnown('hypertension', [refuted])).toEqual([])
})
