import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { canonicalJson, type Json } from '../../domain/entries/canonical.ts'
import { type Entry, entryId } from '../../domain/entries/entry.ts'
import { sampleConfig } from '../identity/sample-config.ts'
import type { Identity } from '../identity/tokens.ts'
import { createLogger } from '../observability/logger.ts'
import { createMetrics } from '../observability/metrics.ts'
import { createMemoryStore, type MemoryStore } from '../store/memory-store.ts'
import type { CommitOutcome } from '../store/ports.ts'
import { createDrafts, samplePhysician } from '../store/sample-drafts.ts'
import { type Admission, createAdmission } from './admission.ts'

const identity: Identity = {
  ...samplePhysician,
  role: 'physician',
  name: 'Dr. Ada Muster',
  region: 'frankfurt',
  homeGroups: ['frankfurt-general'],
  sources: [],
  expiresAt: Number.POSITIVE_INFINITY,
}

let store: MemoryStore
let admission: Admission
const make = createDrafts('frankfurt-general')

beforeEach(() => {
  store = createMemoryStore()
  admission = open()
})
afterEach(() => admission.close())

function open(mostBytes?: number): Admission {
  return createAdmission({
    config: sampleConfig(),
    store,
    logger: createLogger({ region: 'frankfurt', level: 'silent' }),
    metrics: createMetrics({ processMetrics: false }),
    monotonic: () => performance.now(),
    ...(mostBytes === undefined ? {} : { mostBytes }),
  })
}

/** `saved`, or the code with which it was refused. */
async function propose(...entries: Entry[]): Promise<string[]> {
  const proposals = entries.map((entry) => ({
    id: entryId(entry),
    text: canonicalJson(entry as unknown as Json),
  }))
  const { acks, refusals } = await admission.submit(proposals, identity)
  expect(acks.length + refusals.length).toBe(entries.length)
  return proposals.map(({ id }) => refusals.find((r) => r.id === id)?.code ?? 'saved')
}

/** The next commit waits, and then has this outcome instead of being carried out. */
function holdNextCommit(outcome: 'unavailable' | 'indeterminate' = 'unavailable') {
  const { commit } = store.entries
  let go: () => void = () => undefined
  const released = new Promise<void>((resolve) => {
    go = resolve
  })
  store.entries.commit = async (drafts) => {
    store.entries.commit = commit
    await released
    return drafts.map(({ id }): CommitOutcome => ({ id, outcome, detail: 'the test said so' }))
  }
  return { fail: () => go() }
}

describe('what builds on what is on its way', () => {
  test('AD40 an entry that builds on one that is not saved is not saved either, and may be tried again', async () => {
    for (const outcome of ['unavailable', 'indeterminate'] as const) {
      const chart = make.newPatient()
      const allergy = chart.allergy()
      const held = holdNextCommit(outcome)
      const first = propose(chart.patient.entry)
      const second = propose(allergy.entry)
      const other = make.newPatient()
      expect(await propose(other.patient.entry)).toEqual(['saved'])
      await sleep(5)
      held.fail()
      expect(await first).toEqual([outcome])
      expect(await second).toEqual(['unavailable'])
      expect(await store.entries.entriesOf(chart.document)).toEqual([])
      expect(await propose(chart.patient.entry, allergy.entry)).toEqual(['saved', 'saved'])
    }
  })

  test('AD41 an immutable aspect stays what it was, whatever fails while it is being stated again', async () => {
    const chart = make.newPatient()
    const allergy = chart.allergy()
    const restate = (code: Json, reason: string) =>
      make.draft(chart.document, allergy.entry.subject, { code }, { supersedes: [allergy.id], reason }).entry
    const other = { code: { text: 'another substance' } }
    expect(await propose(chart.patient.entry, allergy.entry)).toEqual(['saved', 'saved'])
    const held = holdNextCommit()
    const same = [1, 2].map((n) => propose(restate(allergy.entry.aspects['code']!, `again ${n}`)))
    const changed = propose(restate(other, 'changed'))
    await sleep(5)
    held.fail()
    expect((await Promise.all(same)).flat()).toEqual(['unavailable', 'unavailable'])
    expect(await changed).toEqual(['unavailable'])
    expect(await propose(restate(other, 'changed again'))).toEqual(['immutable'])
  })

  test('AD42 what was forgotten between being looked up and being judged is looked up again', async () => {
    const chart = make.newPatient()
    const gone = make.newPatient()
    const allergy = chart.allergy()
    expect(await propose(chart.patient.entry, allergy.entry, gone.patient.entry)).toEqual(
      Array(3).fill('saved'),
    )
    // Proposals are judged in turn: the first one waits for the database, and an erasure comes between.
    const read = store.entries.highestLamports
    store.entries.highestLamports = async (documents) => {
      if (documents.some((name) => name.startsWith('journal/'))) await sleep(30)
      return read(documents)
    }
    admission.close()
    admission = open()
    const slow = propose(chart.vitals('2025').entry)
    const recode = make.draft(chart.document, allergy.entry.subject, { code: { code: { text: 'other' } } })
    const recoded = propose(recode.entry)
    await sleep(5)
    await store.erased.erase({ patientId: gone.id, reason: 'asked for', author: 'operator' })
    expect(await slow).toEqual(['saved'])
    expect(await recoded).toEqual(['immutable'])
  })

  test('AD43 what another region states while it is being looked up is not overlooked', async () => {
    const chart = make.newPatient()
    const vitals = chart.vitals('2025')
    expect(await propose(chart.patient.entry)).toEqual(['saved'])
    const allergy = chart.allergy()
    const here = make.draft(chart.document, allergy.entry.subject, {
      code: { code: { text: 'another substance' } },
      rest: allergy.entry.aspects['rest']!,
    })
    const { placesOf } = store.entries
    store.entries.placesOf = async (subjects) => {
      const found = await placesOf(subjects)
      if (subjects.includes(here.entry.subject)) await sleep(20)
      return found
    }
    admission.close()
    admission = open()
    const proposed = propose(here.entry)
    await sleep(5)
    store.receive('london.1', [allergy])
    expect(await proposed).toEqual(['immutable'])
    expect(await propose(vitals.entry)).toEqual(['saved'])
  })

  test('AD44 more bytes than may wait to be saved are answered busy, which is worth another try', async () => {
    admission.close()
    admission = open(8000)
    const chart = make.newPatient()
    const large = () => chart.allergy({ reason: 'x'.repeat(4000) }).entry
    expect(await propose(chart.patient.entry)).toEqual(['saved'])
    store.delay(10)
    const [one, many, small] = await Promise.all([
      propose(large()),
      propose(large(), large()),
      propose(chart.allergy().entry),
    ])
    expect([one, many, small]).toEqual([['saved'], ['busy', 'busy'], ['saved']])
    expect(await propose(large())).toEqual(['saved'])
  })
})
