import { expect, test } from 'vitest'
import { canonicalJson, type Json } from '../../domain/entries/canonical.ts'
import { type CommittedEntry, entryId, isParsedEntry, parseEntry } from '../../domain/entries/entry.ts'
import { subjectsOf } from '../../domain/entries/heads.ts'
import { resourceOf } from '../../domain/fhir/present.ts'
import { type AllergyDraft, type Author, authorAllergy, authorVitals, entryOf, type Seen } from './author.ts'

let ids = 0
const author: Author = {
  user: { id: 'nurse.nairobi', name: 'Grace Wanjiru', role: 'nurse', organisation: 'Nairobi North Hospital' },
  device: 'window-1',
  nextDeviceSeq: () => ++ids,
  now: '2026-11-24T14:02:05+03:00',
  newId: () => `00000000-0000-4000-8000-${String(++ids).padStart(12, '0')}`,
}
const nothingSeen: Seen = { entries: new Map(), subjects: new Map() }
const allergy: AllergyDraft = {
  substance: 'penicillin',
  none: false,
  reaction: 'Anaphylaxis',
  severity: 'severe',
  criticality: 'high',
  verification: 'confirmed',
  note: '',
}

function seenOf(...entries: ReturnType<typeof authorAllergy>[]): Seen {
  const committed = entries.map((entry): CommittedEntry => ({ id: entryId(entry), entry, commits: [] }))
  return {
    entries: new Map([[entries[0]?.document ?? '', committed]]),
    subjects: subjectsOf(committed),
  }
}

test('RE50 an allergy becomes one entry of the chart that any region takes, by whom and where it was stated', () => {
  const entry = authorAllergy(allergy, 'p1', nothingSeen, author)
  const parsed = parseEntry(JSON.parse(JSON.stringify(entry)))
  expect(isParsedEntry(parsed) && parsed.canonical).toBe(canonicalJson(entry as unknown as Json))
  expect(entry).toMatchObject({
    document: 'chart/p1',
    lamport: 1,
    supersedes: [],
    author: { user: 'nurse.nairobi', role: 'nurse', organisation: 'Nairobi North Hospital' },
    device: 'window-1',
    recordedAt: '2026-11-24T14:02:05+03:00',
  })
})

test('RE54 a note beside a new allergy, or beside that there is none, says by whom and when', () => {
  for (const none of [false, true]) {
    const entry = authorAllergy({ ...allergy, none, note: ' from the daughter ' }, 'p1', nothingSeen, author)
    expect(entry.aspects['rest']).toMatchObject({
      note: [{ authorString: author.user.name, time: author.now, text: 'from the daughter' }],
    })
  }
})

test('RE51 a substance and a reaction of the built-in lists are coded, anything else is kept as it was written', () => {
  const coded = resourceOf(
    [...seenOf(authorAllergy(allergy, 'p1', nothingSeen, author)).subjects.values()][0]!,
  )
  expect(coded).toMatchObject({
    category: ['medication'],
    criticality: 'high',
    code: { coding: [{ system: 'http://snomed.info/sct', code: '764146007' }], text: 'Penicillin' },
    patient: { reference: 'Patient/p1' },
    reaction: [{ manifestation: [{ coding: [{ code: '39579001' }] }], severity: 'severe' }],
  })
  const free = authorAllergy(
    {
      ...allergy,
      substance: ' Grandmother’s salve ',
      reaction: 'blue spots',
      severity: undefined,
      criticality: undefined,
    },
    'p1',
    nothingSeen,
    author,
  )
  const shown = resourceOf([...seenOf(free).subjects.values()][0]!)
  expect(shown['code']).toEqual({ text: 'Grandmother’s salve' })
  expect(shown['reaction']).toMatchObject([{ manifestation: [{ text: 'blue spots' }] }])
  expect(shown['criticality']).toBeUndefined()
})

test('RE52 vital signs are one entry each, a blood pressure is one, in the journal of the year as written', () => {
  const entries = authorVitals(
    {
      at: '2027-01-01T01:30:00+03:00',
      bloodPressure: { systolic: 128, diastolic: 76 },
      values: { heartRate: 72, temperature: 36.8 },
    },
    'p1',
    nothingSeen,
    author,
  )
  expect(entries.map(({ measure }) => measure)).toEqual(['bloodPressure', 'heartRate', 'temperature'])
  expect(entries.map(({ entry }) => entry.document)).toEqual(Array(3).fill('journal/p1/2027'))
  expect(entries.map(({ entry }) => entry.lamport)).toEqual([1, 2, 3])
  const shown = resourceOf([...subjectsOf([{ id: 'x', entry: entries[0]!.entry, commits: [] }]).values()][0]!)
  expect(shown).toMatchObject({
    status: 'final',
    effectiveDateTime: '2027-01-01T01:30:00+03:00',
    component: [
      { code: { coding: [{ code: '8480-6' }] }, valueQuantity: { value: 128, code: 'mm[Hg]' } },
      { code: { coding: [{ code: '8462-4' }] }, valueQuantity: { value: 76, code: 'mm[Hg]' } },
    ],
  })
})

test('RE53 a later statement supersedes exactly the heads that its author sees, and follows the first into its document', () => {
  const first = authorAllergy(allergy, 'p1', nothingSeen, author)
  const seen = seenOf(first)
  const [state] = seen.subjects.values()
  const change = entryOf({ ...resourceOf(state!), criticality: 'low' }, 'p1', seen, author)
  expect(change).toMatchObject({ document: first.document, lamport: 2, supersedes: [entryId(first)] })
  const both = seenOf(first, change)
  expect(resourceOf([...both.subjects.values()][0]!)['criticality']).toBe('low')
})
