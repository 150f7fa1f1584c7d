import { expect, test } from 'vitest'
import { allergySummary } from '../../../domain/display/allergies.ts'
import { entryId } from '../../../domain/entries/entry.ts'
import type { FhirResource } from '../../../domain/fhir/resource.ts'
import { type AllergyDraft, authorAllergy } from '../author.ts'
import { type AllergyChange, changedAllergy, checkAllergyChange, readAllergy } from './allergy-change.ts'
import { changeOf } from './change.ts'
import { after, author, nothing, onChart, problemOf } from './sample-author.ts'

const draft: AllergyDraft = {
  substance: 'Penicillin',
  none: false,
  reaction: 'Rash',
  severity: 'mild',
  criticality: 'low',
  verification: 'unconfirmed',
  note: '',
}

function changeFrom(
  first: ReturnType<typeof authorAllergy>,
  part: (base: AllergyChange) => Partial<AllergyChange>,
) {
  const { seen, state } = after(first)
  const base = readAllergy(state)
  return changeOf(state, changedAllergy({ ...base, ...part(base) }, base, state, author), seen, author)
}

test('PN20 criticality, verification and whether it still holds are stated each by itself', () => {
  const first = authorAllergy(draft, 'p1', nothing, author)
  const high = changeFrom(first, () => ({ criticality: { criticality: 'high' } }))
  expect(high.aspects).toEqual({ criticality: { criticality: 'high' } })
  expect(high.supersedes).toEqual([entryId(first)])
  const unsaid = changeFrom(first, () => ({ criticality: { criticality: '' } }))
  expect(unsaid.aspects).toEqual({ criticality: null })
  const refuted = changeFrom(first, ({ status }) => ({ status: { ...status, verification: 'refuted' } }))
  expect(Object.keys(refuted.aspects)).toEqual(['status'])
  for (const change of [high, unsaid, refuted]) expect(problemOf(change, first)).toBeUndefined()
  expect(allergySummary(after(first, refuted).shown)).toMatchObject({
    struck: true,
    clinicalStatus: 'active',
    substance: 'Penicillin',
  })
})

test('PN20 entered in error there is no clinical status (ait-2)', () => {
  const first = authorAllergy(draft, 'p1', nothing, author)
  const error = changeFrom(first, ({ status }) => ({
    status: { ...status, verification: 'entered-in-error' },
  }))
  expect(error.aspects).toEqual({
    status: { verificationStatus: { coding: [{ system: expect.any(String), code: 'entered-in-error' }] } },
  })
})

test('PN21 of the reactions only those are stated that are others; their order is kept', () => {
  const first = authorAllergy(draft, 'p1', nothing, author)
  const more = changeFrom(first, ({ reaction }) => ({
    reaction: {
      list: [...reaction.list, { aspect: undefined, said: 'wheezing', severity: 'severe', gone: false }],
    },
  }))
  const added = Object.keys(more.aspects).filter((aspect) => aspect.startsWith('reaction/'))
  expect(added).toHaveLength(1)
  expect(Object.keys(more.aspects)).toContain('order')
  expect(problemOf(more, first)).toBeUndefined()
  const { shown, state, seen } = after(first, more)
  expect(allergySummary(shown).reactions).toEqual([
    { manifestations: ['Rash'], severity: 'mild', onset: undefined },
    { manifestations: ['Wheezing'], severity: 'severe', onset: undefined },
  ])
  const base = readAllergy(state)
  const gone = {
    ...base,
    reaction: { list: base.reaction.list.map((one, at) => (at === 0 ? { ...one, gone: true } : one)) },
  }
  const change = changeOf(state, changedAllergy(gone, base, state, author), seen, author)
  expect(Object.values(change.aspects)).toEqual([null])
  expect(allergySummary(after(first, more, change).shown).reactions).toHaveLength(1)
})

test('PN21 a reaction without an id of its own keeps its place when its severity changes', () => {
  const resource: FhirResource = {
    resourceType: 'AllergyIntolerance',
    id: 'a9',
    code: { text: 'Latex' },
    patient: { reference: 'Patient/p1' },
    reaction: [{ manifestation: [{ text: 'Rash' }, { text: 'Itching' }], description: 'after an hour' }],
  }
  const { entry, state, seen } = onChart(resource)
  const base = readAllergy(state)
  expect(base.reaction.list).toMatchObject([{ said: 'Rash, Itching', severity: '' }])
  const worse = {
    ...base,
    reaction: { list: base.reaction.list.map((one) => ({ ...one, severity: 'severe' })) },
  }
  const change = changeOf(state, changedAllergy(worse, base, state, author), seen, author)
  expect(Object.keys(change.aspects)).toEqual([base.reaction.list[0]?.aspect])
  expect(after(entry, change).shown['reaction']).toMatchObject([
    {
      severity: 'severe',
      description: 'after an hour',
      manifestation: [{ text: 'Rash' }, { text: 'Itching' }],
    },
  ])
})

test('PN22 to refute, to void and to end an allergy asks why', () => {
  const { state } = after(authorAllergy(draft, 'p1', nothing, author))
  const base = readAllergy(state)
  const check = (status: Partial<AllergyChange['status']>) =>
    checkAllergyChange({ ...base, status: { ...base.status, ...status } }, base).reason
  expect(check({ verification: 'refuted' })).toBe('missing')
  expect(check({ verification: 'entered-in-error' })).toBe('missing')
  expect(check({ clinical: 'resolved' })).toBe('missing')
  expect(check({ clinical: 'resolved', reason: 'Challenge passed' })).toBeUndefined()
  expect(check({ verification: 'confirmed' })).toBeUndefined()
})

test('PN23 that there are no known allergies is a coded statement of its own, with author and date', () => {
  const entry = authorAllergy({ ...draft, substance: '', none: true }, 'p1', nothing, author)
  expect(problemOf(entry)).toBeUndefined()
  const summary = allergySummary(after(entry).shown)
  expect(summary).toMatchObject({ negation: true, struck: false, recorder: 'Dr Amelia Hart', reactions: [] })
  expect(summary.recorded).toBe(author.now)
})
