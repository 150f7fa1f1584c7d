import { expect, test } from 'vitest'
import { type Entry, entryId } from '../../../domain/entries/entry.ts'
import { subjectsOf } from '../../../domain/entries/heads.ts'
import { resourceOf } from '../../../domain/fhir/present.ts'
import { authorVitals } from '../author.ts'
import { type Reading, readingsOf } from '../measures.ts'
import { readRecord } from '../record.ts'
import { changeOf, headsOf } from './change.ts'
import { panelFor } from './refused.ts'
import { author, colleague, committed, nothing, problemOf } from './sample-author.ts'
import { canBeStruck, newsOf, strikeReadings, typedAgain, wrongOf } from './vitals-correction.ts'

const at = '2026-11-24T14:02:00+03:00'
const first = authorVitals(
  { at, values: { heartRate: 72, weight: 724 }, bloodPressure: { systolic: 128, diastolic: 76 } },
  'p1',
  nothing,
  author,
).map(({ entry }) => entry)

function chartAfter(...more: Entry[]) {
  const entries = committed(...first, ...more)
  const subjects = subjectsOf(entries)
  const items = [...subjects.values()].map((state) => ({
    subject: state.subject,
    resource: resourceOf(state),
    state,
    mine: [],
    onItsWay: false,
  }))
  const documents = new Map<string, typeof entries>()
  for (const one of entries)
    documents.set(one.entry.document, [...(documents.get(one.entry.document) ?? []), one])
  return { readings: readingsOf(items), seen: { entries: documents, subjects } }
}

const only = (readings: readonly Reading[], ...wanted: Reading['measure'][]) =>
  readings.filter(({ measure }) => wanted.includes(measure))

test('PN27 a wrong reading is marked as entered in error by its status alone, over its heads, with the reason; a blood pressure as one', () => {
  const { readings, seen } = chartAfter()
  const struck = strikeReadings(only(readings, 'bloodPressure', 'weight'), ' Wrong patient ', seen, author)
  expect(struck.map(({ reading }) => reading.measure)).toEqual(['bloodPressure', 'weight'])
  for (const { reading, entry } of struck) {
    const before = first.find(({ subject }) => subject === entry.subject)!
    expect(entry.subject).toBe(reading.item.subject)
    expect(entry.aspects).toEqual({ status: { status: 'entered-in-error' } })
    expect(entry.supersedes).toEqual([entryId(before)])
    expect(entry.document).toBe(before.document)
    expect(entry.reason).toBe('Wrong patient')
    expect(problemOf(entry, before)).toBeUndefined()
  }
  const highest = Math.max(...first.map(({ lamport }) => lamport))
  expect(struck.map(({ entry }) => entry.lamport)).toEqual([highest + 1, highest + 2])
  const now = chartAfter(...struck.map(({ entry }) => entry)).readings
  expect(now.map(({ measure, struck: gone, text }) => [measure, gone, text])).toEqual([
    ['bloodPressure', true, '128/76'],
    ['heartRate', false, '72'],
    ['weight', true, '724'],
  ])
})

test('PN27 it supersedes all concurrent statements of the status, and none of the value', () => {
  const { readings, seen } = chartAfter()
  const [weight] = only(readings, 'weight')
  const amended = (status: string, by: typeof author) =>
    changeOf(weight!.item.state, { status: { status } }, seen, by)
  const both = [amended('amended', author), amended('corrected', colleague)]
  const value = changeOf(
    weight!.item.state,
    { value: weight!.item.state.heads.get('value')![0]!.entry.aspects['value']! },
    seen,
    colleague,
  )
  const later = chartAfter(...both, value)
  const [struck] = strikeReadings(only(later.readings, 'weight'), 'Wrong', later.seen, author)
  expect(struck?.entry.supersedes).toEqual(both.map((one) => entryId(one)).sort())
})

test('PN28 what others change of a reading meanwhile is news of that reading; what is marked already is not marked again', () => {
  const before = chartAfter()
  const seen = new Map(before.readings.map(({ item }) => [item.subject, headsOf(item.state)]))
  expect(newsOf(seen, before.readings)).toEqual([])
  const [weight] = only(before.readings, 'weight')
  const [theirs] = strikeReadings([weight!], 'Wrong', before.seen, colleague)
  const { readings } = chartAfter(theirs!.entry)
  expect(newsOf(seen, readings)).toMatchObject([
    { part: weight!.item.subject, by: { entry: { author: { user: 'nurse.nairobi' } } } },
  ])
  expect(readings.filter(canBeStruck).map(({ measure }) => measure)).toEqual(['bloodPressure', 'heartRate'])
  const all = { wrong: { subjects: readings.map(({ item }) => item.subject) }, why: { reason: 'Wrong' } }
  expect(wrongOf(all, readings).map(({ measure }) => measure)).toEqual(['bloodPressure', 'heartRate'])
  expect(wrongOf({ ...all, wrong: { subjects: [] } }, readings)).toEqual([])
})

test('PN28 what a newer version of the app has stated about a reading keeps it from being marked', () => {
  const { readings } = chartAfter()
  const [weight] = only(readings, 'weight')
  const entries = [...weight!.item.state.entries.values()].map((one) => ({
    ...one,
    entry: { ...one.entry, minReader: 99 },
  }))
  const state = { ...weight!.item.state, entries: new Map(entries.map((one) => [one.id, one])) }
  expect(canBeStruck(weight!)).toBe(true)
  expect(canBeStruck({ ...weight!, item: { ...weight!.item, state } })).toBe(false)
})

test('PN29 entered anew, the form has the same time in the zone of the chart and the old values of what was wrong', () => {
  const { readings } = chartAfter()
  const wrong = only(readings, 'bloodPressure', 'weight')
  expect(typedAgain(wrong, 'Africa/Nairobi')).toEqual({
    systolic: '128',
    diastolic: '76',
    heartRate: '',
    oxygenSaturation: '',
    temperature: '',
    respiratoryRate: '',
    weight: '724',
    date: '24-Nov-2026',
    time: '14:02',
  })
  expect(typedAgain(wrong, 'Europe/London')).toMatchObject({ date: '24-Nov-2026', time: '11:02' })
  const day = wrong.map((reading) => ({ ...reading, at: '2026-11-24', ms: Date.parse('2026-11-24') }))
  expect(typedAgain(day, 'America/New_York')).toMatchObject({ date: '24-Nov-2026', time: '' })
})

test('PN25 a refused correction opens with the reading ticked and its reason; another change of an observation has no form', () => {
  const { readings, seen } = chartAfter()
  const [weight] = only(readings, 'weight')
  const record = {
    ...readRecord('p1', new Map(), new Map()),
    ...seen,
  }
  const [struck] = strikeReadings([weight!], 'Wrong', seen, author)
  const { subject } = weight!.item
  expect(panelFor('x', struck!.entry, record, 'Europe/London')).toEqual({
    what: 'correctVitals',
    edits: 'x',
    subjects: [subject],
    refused: {
      entry: struck!.entry,
      draft: { wrong: { subjects: [subject] }, why: { reason: 'Wrong' } },
    },
  })
  const amended = changeOf(weight!.item.state, { status: { status: 'amended' } }, seen, author)
  expect(panelFor('x', amended, record, 'Europe/London')).toMatchObject({ what: 'noForm' })
})
