import { randomUUID } from 'node:crypto'
import { afterEach, describe, expect, test } from 'vitest'
import type { Identity } from '../identity/tokens.ts'
import { createMetrics } from '../observability/metrics.ts'
import { createMemoryStore } from '../store/memory-store.ts'
import type { CommitOutcome, Draft } from '../store/ports.ts'
import { createImportReaders } from './import-readers.ts'
import type { ImportReport } from './import-report.ts'
import { createImporter, type ImportOrder } from './importer.ts'
import { createPace } from './pace.ts'

const identity: Identity = {
  user: 'operator.frankfurt',
  name: 'Op',
  role: 'operator',
  organisation: 'Frankfurt General',
  region: 'frankfurt',
  homeGroups: ['frankfurt-general'],
  sources: 'any',
  expiresAt: 0,
}
const order: ImportOrder = { source: 'lab', homeGroup: 'frankfurt-general', identity }

const closers: (() => void)[] = []
afterEach(() => {
  for (const close of closers.splice(0)) close()
})

/** An importer of a store in memory. `read` says where bodies are read. */
function sample(read: 'here' | 'by threads' = 'here') {
  const store = createMemoryStore()
  const metrics = createMetrics({ processMetrics: false })
  const smallBytes = read === 'here' ? Number.POSITIVE_INFINITY : 0
  const readers = createImportReaders({ metrics, limits: { smallBytes, threads: 4, waiting: 4, idleMs: 1 } })
  const pace = createPace({ monotonic: () => performance.now() })
  const importer = createImporter({ store, metrics, readers, pace, now: () => new Date(0) })

  /** Takes the body in parts of some bytes, as a socket brings it. */
  async function take(body: unknown, { signal }: { signal?: AbortSignal } = {}): Promise<ImportReport> {
    const bytes = Buffer.from(JSON.stringify(body))
    const parts: Uint8Array[] = []
    for (let at = 0; at < bytes.length; at += 10_007) parts.push(bytes.subarray(at, at + 10_007))
    const report = await importer.import(parts, order, signal)
    if (typeof report !== 'object' || !('types' in report))
      throw new Error(`no report: ${JSON.stringify(report)}`)
    return report
  }

  /** Everything that is stated, without what differs from run to run. */
  async function stated(...patients: string[]) {
    const documents = (await Promise.all(patients.map((id) => store.entries.documentsOf(id)))).flat()
    const entries = (await Promise.all(documents.map((name) => store.entries.entriesOf(name)))).flat()
    return entries.map(({ entry: { document, subject, aspects, supersedes, lamport } }) => ({
      document,
      subject,
      aspects,
      lamport,
      supersedes: supersedes.length,
    }))
  }

  return { store, take, stated, metrics }
}

const bundle = (...resources: unknown[]) => ({
  resourceType: 'Bundle',
  type: 'collection',
  entry: resources.map((resource) => ({ resource })),
})
const patient = (id: string, over = {}) => ({
  resourceType: 'Patient',
  id,
  name: [{ family: 'Muster' }],
  ...over,
})
const condition = (patientId: string, id: string = randomUUID(), over = {}) => ({
  resourceType: 'Condition',
  id,
  subject: { reference: `Patient/${patientId}` },
  code: { text: 'Asthma' },
  ...over,
})

describe('importing', () => {
  test('IM19 a body that a thread reads is taken as one that is read on the spot: counts, places, ids, words, entries', async () => {
    const [one, two, three] = [randomUUID(), randomUUID(), randomUUID()]
    const body = bundle(
      condition(one, 'early', { stage: [{ summary: { text: 'II' } }] }),
      condition(randomUUID(), 'of nobody'),
      patient(one, { telecom: [{ value: '1' }, { value: '2' }] }),
      patient(two, { gender: 'unknowable' }),
      condition(two, 'c1'),
      ...Array.from({ length: 120 }, (_, n) => condition(one, `n${n}`)),
      condition(one, 'n7'),
      condition(one, 'n7', { code: { text: 'Eczema' } }),
      { resourceType: 'Organization', id: 'o' },
      condition(one, 'huge', { note: [{ text: 'é'.repeat(70 * 1024) }] }),
      condition(one, 'vast', { note: [{ text: 'z'.repeat(300 * 1024) }] }),
      patient(randomUUID(), { telecom: Array(600).fill({ value: '1' }) }),
      7,
      patient('three', { link: [{ other: { reference: `Patient/${three}` } }] }),
      condition('three', 'c3'),
    )
    const [here, threads] = [sample('here'), sample('by threads')]
    const [first, second] = [await here.take(body), await threads.take(body)]
    expect(second).toEqual(first)
    const kept = first.renamed.find((r) => r?.from === 'Patient/three')?.to.split('/')[1] ?? ''
    const entries = await here.stated(one, two, three, kept)
    expect(entries).toHaveLength(124)
    expect(await threads.stated(one, two, three, kept)).toEqual(entries)
    expect(Object.fromEntries(first.types)).toEqual({
      Condition: { taken: 122, unchanged: 1, leftAside: 0, refused: 5 },
      Organization: { taken: 0, unchanged: 0, leftAside: 1, refused: 0 },
      Patient: { taken: 2, unchanged: 0, leftAside: 0, refused: 2 },
      Resource: { taken: 0, unchanged: 0, leftAside: 0, refused: 1 },
    })
    const again = await threads.take(body)
    expect(again.types.get('Condition')).toEqual({ taken: 0, unchanged: 123, leftAside: 0, refused: 5 })
  })

  test('IM20 one id that is stated for two patients at the same moment is the first one’s, and the second is told', async () => {
    const { store, take, stated } = sample()
    const [one, two] = [randomUUID(), randomUUID()]
    await take(bundle(patient(one), patient(two)))
    store.delay(5)
    const id = randomUUID()
    const reports = await Promise.all([
      take(bundle(condition(one, id), condition(one))),
      take(bundle(condition(two), condition(two, id))),
    ])
    const words = reports.flatMap((report) => report.refused.flatMap((refused) => refused ?? []))
    expect(words).toEqual([{ place: expect.any(String), detail: expect.stringContaining('another patient') }])
    const about = (await stated(one, two)).filter(({ subject }) => subject === `Condition/${id}`)
    expect(about).toHaveLength(1)
    expect(reports.map((r) => r.types.get('Condition')?.taken).sort()).toEqual([1, 2])
  })

  test('IM20 an id stands for one patient also where nothing of that patient can be read', async () => {
    const { store, take } = sample()
    const [one, two, id] = [randomUUID(), randomUUID(), randomUUID()]
    await take(bundle(patient(one), patient(two), condition(one, id)))
    Object.assign(store.entries, { statementsAbout: async () => [] })
    const report = await take(bundle(condition(two, id)))
    expect(report.refused.flat()).toEqual([
      { place: 'Bundle.entry[0].resource', detail: expect.stringContaining('another patient') },
    ])
  })

  test('IM21 of all imports together one portion of at most 50 entries waits for the writer at a time', async () => {
    const { store, take } = sample()
    const { commit } = store.entries
    let [now, most] = [0, 0]
    const sizes: number[] = []
    Object.assign(store.entries, {
      commit: async (drafts: readonly Draft[]): Promise<CommitOutcome[]> => {
        now += 1
        most = Math.max(most, now)
        sizes.push(drafts.length)
        const outcomes = await commit(drafts)
        now -= 1
        return outcomes
      },
    })
    store.delay(1)
    const people = Array.from({ length: 6 }, () => randomUUID())
    await Promise.all(
      [people.slice(0, 3), people.slice(3)].map((some) =>
        take(
          bundle(
            ...some.map((id) => patient(id)),
            ...some.flatMap((id) => Array.from({ length: 130 }, () => condition(id))),
          ),
        ),
      ),
    )
    expect(most).toBe(1)
    expect(sizes.reduce((sum, size) => sum + size)).toBe(6 * 131)
    expect(Math.max(...sizes)).toBe(50)
  })

  test('IM22 who goes away ends the import: what is committed stays, and the same import again adds the rest', async () => {
    for (const read of ['here', 'by threads'] as const) {
      const { store, take, metrics } = sample(read)
      const id = randomUUID()
      const body = bundle(patient(id), ...Array.from({ length: 300 }, () => condition(id)))
      const client = new AbortController()
      const stop = store.entries.onFlushed((rows) => {
        if (rows.length === 50) client.abort(new Error('gone'))
      })
      await expect(take(body, { signal: client.signal })).rejects.toThrow(/gone|broken off/)
      stop()
      const kept = await store.entries.entriesOf(`chart/${id}`)
      expect(kept.length).toBeGreaterThanOrEqual(100)
      expect(kept.length).toBeLessThan(301)
      const counted = (await metrics.importedResources.get()).values.find((v) => v.labels.outcome === 'taken')
      expect(counted?.value).toBe(kept.length)
      await expect(take(body, { signal: client.signal })).rejects.toThrow()
      const again = await take(body)
      expect(again.types.get('Condition')).toMatchObject({
        taken: 301 - kept.length,
        unchanged: kept.length - 1,
      })
    }
  })

  test('IM23 nothing is taken of a new patient whose Patient resource is refused', async () => {
    const { take, stated } = sample()
    const id = randomUUID()
    const report = await take(bundle(condition(id), patient(id, { photo: [{ data: 'x'.repeat(70_000) }] })))
    expect(report.refused.map((r) => r?.detail)).toEqual([
      expect.stringContaining('was refused'),
      expect.stringContaining('too large'),
    ])
    expect(await stated(id)).toEqual([])
  })

  test('IM24 when the store cannot be read all of an import ends, and says so', async () => {
    const { store, take } = sample()
    const { placesOf } = store.entries
    let asked = 0
    Object.assign(store.entries, {
      placesOf: async (subjects: readonly string[]) => {
        asked += 1
        if (asked === 3) throw new Error('away')
        return placesOf(subjects)
      },
    })
    const people = Array.from({ length: 20 }, () => randomUUID())
    await expect(take(bundle(...people.map((id) => patient(id))))).rejects.toThrow('away')
    expect(asked).toBeLessThan(6)
  })
})
