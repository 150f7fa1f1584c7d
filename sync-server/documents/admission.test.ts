import { randomUUID } from 'node:crypto'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { canonicalJson, type Json } from '../../domain/entries/canonical.ts'
import { type Entry, entryId } from '../../domain/entries/entry.ts'
import type { Proposal } from '../../domain/wire/wire.ts'
import { sampleConfig } from '../identity/sample-config.ts'
import type { Identity } from '../identity/tokens.ts'
import { createLogger } from '../observability/logger.ts'
import { createMetrics } from '../observability/metrics.ts'
import { createMemoryStore, type MemoryStore } from '../store/memory-store.ts'
import { createDrafts, samplePhysician } from '../store/sample-drafts.ts'
import { type Admission, createAdmission } from './admission.ts'

const identity: Identity = {
  ...samplePhysician,
  role: 'physician',
  name: 'Dr. Ada Muster',
  region: 'frankfurt',
  homeGroups: ['unheard-of', 'frankfurt-general'],
  sources: ['lab'],
  expiresAt: Number.POSITIVE_INFINITY,
}

let store: MemoryStore
let admission: Admission
let make: ReturnType<typeof createDrafts>

beforeEach(() => {
  store = createMemoryStore()
  make = createDrafts('frankfurt-general')
  const config = sampleConfig({ over: { limits: { pendingEntries: 50 } } })
  const logger = createLogger({ region: 'frankfurt', level: 'silent' })
  const metrics = createMetrics({ processMetrics: false })
  admission = createAdmission({ config, store, logger, metrics, monotonic: () => performance.now() })
})
afterEach(() => admission.close())

const propose = (entry: Entry): Proposal => ({
  id: entryId(entry),
  text: canonicalJson(entry as unknown as Json),
})

async function codesOf(...entries: Entry[]): Promise<(string | undefined)[]> {
  const { acks, refusals } = await admission.submit(entries.map(propose), identity)
  expect(acks.length + refusals.length).toBe(entries.length)
  return entries.map((e) => refusals.find((r) => r.id === entryId(e))?.code)
}

describe('admission', () => {
  test('AD1 what passes is committed and answered with its commit, once however often it is proposed', async () => {
    const { patient, allergy } = make.newPatient()
    const proposals = [patient, allergy()].map((d) => propose(d.entry))
    const first = await admission.submit(proposals, identity)
    expect(first.refusals).toEqual([])
    expect(first.acks).toMatchObject([
      { id: proposals[0]!.id, origin: 'frankfurt.1', seq: 1, epoch: 1 },
      { id: proposals[1]!.id, origin: 'frankfurt.1', seq: 2, epoch: 1 },
    ])
    expect(await admission.submit(proposals, identity)).toEqual(first)
    expect((await store.vectors()).flushed).toEqual({ 'frankfurt.1': 2 })
  })

  test('AD2 a text that is no canonical entry, or whose hash is another, is refused', async () => {
    const { patient } = make.newPatient()
    const good = propose(patient.entry)
    const { refusals } = await admission.submit(
      [
        { id: 'a'.repeat(43), text: good.text },
        { id: good.id, text: `${good.text} ` },
        { id: good.id, text: '{' },
        { id: good.id, text: '{}' },
        { id: good.id, text: 'x'.repeat(70_000) },
        { id: good.id, text: canonicalJson({ schema: 99 }) },
      ],
      identity,
    )
    expect(refusals.map((r) => [r.code, r.retry])).toEqual(
      ['hash', 'schema', 'schema', 'schema', 'limit', 'unknown-schema'].map((code) => [code, false]),
    )
  })

  test('AD3 one refusal holds up nothing', async () => {
    const { patient, allergy } = make.newPatient()
    const stranger = make.newPatient().allergy()
    expect(await codesOf(patient.entry, stranger.entry, allergy().entry)).toEqual([
      undefined,
      'unknown-document',
      undefined,
    ])
  })

  test('AD4 the author is the one whose token it is, user and role; the organisation is the author’s own word', async () => {
    for (const field of ['user', 'role']) {
      const author = { ...samplePhysician, [field]: 'somebody else' }
      const { patient } = createDrafts('frankfurt-general', author).newPatient()
      expect(await codesOf(patient.entry)).toEqual(['author'])
    }
    const elsewhere = createDrafts('frankfurt-general', {
      ...samplePhysician,
      organisation: 'somewhere else',
    })
    expect(await codesOf(elsewhere.newPatient().patient.entry)).toEqual([undefined])
  })

  test('AD5 an entry speaks for a source only where the account may', async () => {
    const { patient, allergy } = make.newPatient()
    expect(
      await codesOf(patient.entry, allergy({ source: 'lab' }).entry, allergy({ source: 'clinic' }).entry),
    ).toEqual([undefined, undefined, 'forbidden'])
  })

  test("AD6 a new patient comes into the account's first group that is known, others stay in theirs", async () => {
    const own = make.newPatient()
    const nairobi = createDrafts('nairobi-north').newPatient()
    store.receive('nairobi.1', [nairobi.patient])
    const heard: string[] = []
    store.entries.onFlushed((rows) => void heard.push(...rows.map((r) => r.homeGroup)))
    expect(await codesOf(own.patient.entry, nairobi.allergy().entry)).toEqual([undefined, undefined])
    expect(heard).toEqual(['frankfurt-general', 'nairobi-north'])
  })

  test('AD7 what builds on an entry that is on its way is judged after it', async () => {
    store.delay(10)
    const chart = make.newPatient()
    const read = store.entries.documentOf
    store.entries.documentOf = async (subject) => {
      if (subject.startsWith('Patient/')) await new Promise((resolve) => setTimeout(resolve, 30))
      return read(subject)
    }
    const answers = await Promise.all([
      codesOf(chart.patient.entry),
      codesOf(chart.allergy().entry),
      codesOf(chart.vitals('2025').entry),
    ])
    expect(answers.flat()).toEqual([undefined, undefined, undefined])
  })

  test('AD8 each kind of document holds its types; groups and notes take no entries', async () => {
    const { patient, id, document } = make.newPatient()
    await codesOf(patient.entry)
    const rest = { rest: { subject: { reference: `Patient/${id}` } } }
    const codes = await codesOf(
      make.draft(document, `Observation/${randomUUID()}`, rest).entry,
      make.draft(`journal/${id}/undated`, `Condition/${randomUUID()}`, rest).entry,
      make.draft(document, `Practitioner/${randomUUID()}`, rest).entry,
      make.draft('thread/t1', `Condition/${randomUUID()}`, rest).entry,
      make.draft('thread/t1', `Communication/${randomUUID()}`, rest).entry,
      make.draft(`notices/${id}`, `Condition/${randomUUID()}`, rest).entry,
      make.draft('group/frankfurt-general', `Group/${randomUUID()}`, rest).entry,
      make.draft('note/n1', `Condition/${randomUUID()}`, rest).entry,
    )
    expect(codes).toEqual([
      'schema',
      'schema',
      'schema',
      'schema',
      undefined,
      undefined,
      'forbidden',
      'forbidden',
    ])
  })

  test('AD9 a statement stands in the document of the patient whom it names', async () => {
    const [one, two] = [make.newPatient(), make.newPatient()]
    await codesOf(one.patient.entry, two.patient.entry)
    const stray = make.draft(one.document, `Condition/${randomUUID()}`, {
      rest: { subject: { reference: `Patient/${two.id}` } },
    })
    const foreign = make.draft(one.document, `Patient/${two.id}`, { deceased: { deceasedBoolean: true } })
    expect(await codesOf(stray.entry, foreign.entry)).toEqual(['schema', 'schema'])
  })

  test('AD10 the year of the first statement fixes the journal, and later ones follow it there', async () => {
    const chart = make.newPatient()
    const first = chart.vitals('2024')
    await codesOf(chart.patient.entry, first.entry)
    const wrongYear = make.draft(
      `journal/${chart.id}/2023`,
      `Observation/${randomUUID()}`,
      first.entry.aspects,
    )
    const moved = chart.vitals('2025', { subject: first.entry.subject, supersedes: [first.id] })
    const followed = make.draft(first.entry.document, first.entry.subject, {
      value: { effectiveDateTime: '2025-02-03' },
    })
    expect(await codesOf(wrongYear.entry, moved.entry, followed.entry)).toEqual([
      'schema',
      'schema',
      undefined,
    ])
  })

  test('AD11 a Lamport number lies at most 2^20 above what the document holds', async () => {
    const chart = make.newPatient()
    await codesOf(chart.patient.entry)
    const highest = chart.patient.entry.lamport
    const reach = chart.allergy({ lamport: highest + 2 ** 20 })
    const beyond = chart.allergy({ lamport: highest + 2 ** 21 + 1 })
    expect(
      await codesOf(beyond.entry, reach.entry, chart.allergy({ lamport: highest + 2 ** 21 }).entry),
    ).toEqual(['lamport', undefined, undefined])
    store.receive('london.1', [chart.allergy({ lamport: 2 ** 30 })])
    expect(await codesOf(chart.allergy({ lamport: 2 ** 30 + 9 }).entry)).toEqual([undefined])
  })

  test('AD12 an entry supersedes statements about its own subject, and ones that are not here yet', async () => {
    const chart = make.newPatient()
    const [a, b] = [chart.allergy(), chart.allergy()]
    await codesOf(chart.patient.entry, a.entry, b.entry)
    const of = (supersedes: string[]) =>
      make.draft(chart.document, a.entry.subject, { criticality: { criticality: 'low' } }, { supersedes })
        .entry
    expect(await codesOf(of([a.id]), of([b.id]), of(['x'.repeat(43)]))).toEqual([
      undefined,
      'supersedes',
      undefined,
    ])
  })

  test('AD13 an immutable aspect cannot be stated otherwise, not even before the first statement is flushed', async () => {
    const chart = make.newPatient()
    const allergy = chart.allergy()
    const recode = (code: Json) =>
      make.draft(chart.document, allergy.entry.subject, { code }, { supersedes: [allergy.id] }).entry
    const other = recode({ code: { text: 'another substance' } })
    expect(await codesOf(chart.patient.entry, allergy.entry, other)).toEqual([
      undefined,
      undefined,
      'immutable',
    ])
    expect(await codesOf(other, recode(null), recode(allergy.entry.aspects['code']!))).toEqual([
      'immutable',
      'immutable',
      undefined,
    ])
    const later = createAdmission({
      config: sampleConfig(),
      store,
      logger: createLogger({ region: 'frankfurt', level: 'silent' }),
      metrics: createMetrics({ processMetrics: false }),
      monotonic: () => 0,
    })
    const { refusals } = await later.submit([propose(other)], identity)
    expect(refusals[0]?.code).toBe('immutable')
    later.close()
  })

  test('AD14 too many waiting entries are answered busy, which is worth another try', async () => {
    store.delay(5)
    const chart = make.newPatient()
    const many = Array.from({ length: 60 }, () => propose(chart.allergy().entry))
    const [first, second, third] = await Promise.all([
      admission.submit([propose(chart.patient.entry)], identity),
      admission.submit(many, identity),
      admission.submit(many.slice(0, 10), identity),
    ])
    expect(first.acks).toHaveLength(1)
    expect(second.refusals.map((r) => [r.code, r.retry])).toEqual(many.map(() => ['busy', true]))
    expect(third.acks).toHaveLength(10)
    expect(admission.pending()).toBe(0)
  })

  test('AD15 a store that fails is told as unavailable or indeterminate, and what was expected is forgotten', async () => {
    const chart = make.newPatient()
    store.fail('unavailable')
    expect(await codesOf(chart.patient.entry)).toEqual(['unavailable'])
    store.fail('indeterminate')
    expect(await codesOf(chart.patient.entry)).toEqual(['indeterminate'])
    store.fail(undefined)
    expect(await codesOf(chart.allergy().entry)).toEqual(['unknown-document'])
    expect(await codesOf(chart.patient.entry, chart.allergy().entry)).toEqual([undefined, undefined])
    const read = store.entries.highestLamport
    store.entries.highestLamport = () => Promise.reject(new Error('no database'))
    const { refusals } = await admission.submit([propose(make.newPatient().patient.entry)], identity)
    expect(refusals).toMatchObject([{ code: 'unavailable', retry: true }])
    store.entries.highestLamport = read
  })

  test('AD16 what was committed long ago is answered with its commit, even if it would be refused now', async () => {
    const chart = make.newPatient()
    await codesOf(chart.patient.entry)
    const promoted = { ...identity, role: 'nurse' as const }
    const { acks } = await admission.submit([propose(chart.patient.entry)], promoted)
    expect(acks).toMatchObject([{ id: chart.patient.id, seq: 1 }])
  })

  test('AD17 reasons hold no values of the entry', async () => {
    const secret = 'Confidential'
    const chart = make.newPatient()
    await codesOf(chart.patient.entry)
    const entries = [
      { ...chart.allergy().entry, reason: 7, aspects: { 'no aspect': secret } },
      chart.allergy({ aspects: { code: { code: { text: secret } } }, document: 'chart/Confidential' }).entry,
    ]
    const { refusals } = await admission.submitValues(entries, identity)
    expect(refusals).toHaveLength(2)
    for (const { detail } of refusals) expect(detail).not.toContain(secret)
  })

  test('AD18 of a body, what has no id of its own is called by its place', async () => {
    const { refusals } = await admission.submitValues([{ text: '\ud800' }, 5], identity)
    expect(refusals.map((r) => r.id)).toEqual(['entries[0]', expect.stringMatching(/^[\w-]{43}$/)])
  })
})
