import { expect, test } from 'vitest'
import { entryId } from '../../../domain/entries/entry.ts'
import type { FhirResource } from '../../../domain/fhir/resource.ts'
import { changeOf, headsOf, headsSeenBy, newsSince, partOf } from './change.ts'
import { rebased, touchedParts } from './rebase.ts'
import { after, author, colleague, onChart, problemOf, seenOf } from './sample-author.ts'

const allergy: FhirResource = {
  resourceType: 'AllergyIntolerance',
  id: 'a1',
  code: { text: 'Latex' },
  criticality: 'low',
  patient: { reference: 'Patient/p1' },
  clinicalStatus: {
    coding: [{ system: 'http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical', code: 'active' }],
  },
}

test('PN10 a change supersedes the heads of the aspects that it states, those of concurrent statements too, and no others', () => {
  const { entry, seen, state } = onChart(allergy)
  const one = changeOf(state, { criticality: { criticality: 'high' } }, seen, author)
  const other = changeOf(state, { criticality: { criticality: 'unable-to-assess' } }, seen, colleague)
  const both = after(entry, one, other)
  const settled = changeOf(
    both.state,
    { criticality: { criticality: 'high' } },
    both.seen,
    author,
    ' Asked. ',
  )
  expect(settled.supersedes).toEqual([entryId(one), entryId(other)].sort())
  expect(settled.reason).toBe('Asked.')
  expect(settled.lamport).toBe(3)
  expect(settled.document).toBe(entry.document)
  expect(problemOf(settled, entry, one, other)).toBeUndefined()
  const status = changeOf(both.state, { status: {} }, seenOf(entry, one, other), author)
  expect(status.supersedes).toEqual([entryId(entry)])
  expect(status.reason).toBeUndefined()
})

test('PN11 what others change meanwhile is news, by part and with its author; an acknowledgement of one’s own is none', () => {
  const { entry, seen, state } = onChart(allergy)
  const saw = headsOf(state)
  const theirs = changeOf(state, { criticality: { criticality: 'high' } }, seen, colleague)
  const now = after(entry, theirs).state
  expect(newsSince(saw, now)).toMatchObject([
    { part: 'criticality', by: { entry: { author: { user: 'nurse.nairobi' } } } },
  ])
  expect(newsSince(headsOf(now), now)).toEqual([])
  const acknowledged = [...now.entries.values()].map((one) => ({
    ...one,
    commits: [{ origin: 'london.1', seq: 1, epoch: 1 }],
  }))
  expect(newsSince(headsOf(now), { ...now, entries: new Map(acknowledged.map((e) => [e.id, e])) })).toEqual(
    [],
  )
})

test('PN11 a statement of one’s own that is gone again, refused, is news as well', () => {
  const { entry, seen, state } = onChart(allergy)
  const mine = changeOf(state, { criticality: { criticality: 'high' } }, seen, author)
  const saw = headsOf(after(entry, mine).state)
  expect(newsSince(saw, state)).toMatchObject([{ part: 'criticality', by: { id: entryId(entry) } }])
})

test('PN11 all reactions and their order are one part', () => {
  expect(['reaction/x', 'order', 'status', 'rest'].map(partOf)).toEqual([
    'reaction',
    'reaction',
    'status',
    'rest',
  ])
})

test('PN12 what the author did not touch follows the chart by whole groups; what they typed stays unless they give it up', () => {
  const base = { dosage: { amount: '5', often: 'od' }, status: { status: 'active' } }
  const draft = { ...base, dosage: { amount: '10', often: 'od' } }
  const now = { dosage: { amount: '2', often: 'bd' }, status: { status: 'on-hold' } }
  expect(touchedParts(draft, base)).toEqual(['dosage'])
  // Never dose of the one with frequency of the other.
  expect(rebased(draft, base, now, [])).toEqual({ ...now, dosage: { amount: '10', often: 'od' } })
  expect(rebased(draft, base, now, ['dosage', 'status'])).toEqual(now)
})

test('PN13 of a refused change the heads that came after it are news, what it did not state is not', () => {
  const { entry, seen, state } = onChart(allergy)
  const refused = changeOf(state, { criticality: { criticality: 'high' } }, seen, author)
  expect(newsSince(headsSeenBy(refused, state), state)).toEqual([])
  const theirs = changeOf(state, { criticality: { criticality: 'unable-to-assess' } }, seen, colleague)
  const status = changeOf(state, { status: {} }, seen, colleague)
  const now = after(entry, theirs, status).state
  expect(newsSince(headsSeenBy(refused, now), now).map(({ part }) => part)).toEqual(['criticality'])
})
