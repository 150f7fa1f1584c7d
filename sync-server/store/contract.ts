import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import * as Y from 'yjs'
import { chartOf, journalOf, noticesOf } from '../../domain/documents/document-name.ts'
import type { Entry } from '../../domain/entries/entry.ts'
import { encodeItems, entriesMap, itemKey } from '../../domain/entries/items.ts'
import { clientIdOf } from '../../domain/entries/origin.ts'
import type { CommitOutcome, FlushedEntry, NoteUpdate, RegionStore } from './ports.ts'
import { createDrafts } from './sample-drafts.ts'

/** A store under test: empty of the documents that the suite uses, and able to keep this home group. */
export type StoreUnderTest = { store: RegionStore; homeGroup: string; dispose(): Promise<void> }

/** What every region's store must do. Call it in a test file of the implementation. */
export function storeContract(name: string, createStore: () => Promise<StoreUnderTest>): void {
  describe(`store contract: ${name}`, () => {
    let under: StoreUnderTest
    let store: RegionStore
    let make: ReturnType<typeof createDrafts>

    beforeEach(async () => {
      under = await createStore()
      store = under.store
      make = createDrafts(under.homeGroup)
    })
    afterEach(() => under.dispose())

    test('ST1 drafts are committed in their order, under the own origin, without a gap', async () => {
      const chart = make.newPatient()
      const drafts = [chart.patient, chart.allergy(), chart.allergy()]
      const commits = committed(await store.entries.commit(drafts))
      expect(commits.map((c) => c.id)).toEqual(drafts.map((d) => d.id))
      const first = commits[0]!.commit.seq
      expect(commits.map((c) => c.commit.seq)).toEqual([first, first + 1, first + 2])
      expect(new Set(commits.map((c) => c.commit.origin))).toEqual(new Set([store.entries.origin()]))
      const more = committed(await store.entries.commit([chart.allergy()]))
      expect(more[0]!.commit.seq).toBe(first + 3)
    })

    test('ST2 an entry that this origin has committed is answered with that commit and not stored twice', async () => {
      const chart = make.newPatient()
      const once = committed(await store.entries.commit([chart.patient]))
      const again = committed(await store.entries.commit([chart.patient, chart.patient]))
      expect(again.map((c) => c.commit)).toEqual([once[0]!.commit, once[0]!.commit])
      expect(await store.entries.itemsOf(chart.document)).toHaveLength(1)
      const next = committed(await store.entries.commit([chart.allergy()]))
      expect(next[0]!.commit.seq).toBe(once[0]!.commit.seq + 1)
    })

    test('ST3 listeners hear of flushed entries in commit order, with clocks without gaps in each document', async () => {
      const heard: FlushedEntry[] = []
      const stop = store.entries.onFlushed((entries) => void heard.push(...entries))
      const charts = [make.newPatient(), make.newPatient()]
      const drafts = charts.flatMap((c) => [c.patient, c.allergy(), c.vitals('2025'), c.allergy()])
      await Promise.all(drafts.map((draft) => store.entries.commit([draft])))
      await settled(() => heard.length === drafts.length)
      const seqs = heard.map((h) => h.commit.seq)
      expect(seqs).toEqual([...new Set(seqs)].sort((a, b) => a - b))
      for (const chart of charts)
        expect(heard.filter((h) => h.document === chart.document).map((h) => h.clock)).toEqual([0, 1, 2])
      expect(new Set(heard.map((h) => h.homeGroup))).toEqual(new Set([under.homeGroup]))
      stop()
      await store.entries.commit([charts[0]!.allergy()])
      expect(heard).toHaveLength(drafts.length)
    })

    test('ST4 a listener may read what it hears of', async () => {
      const seen: Promise<number>[] = []
      store.entries.onFlushed((entries) => {
        for (const e of entries) seen.push(store.entries.itemsOf(e.document).then((items) => items.length))
      })
      const chart = make.newPatient()
      await store.entries.commit([chart.patient])
      await settled(() => seen.length === 1)
      expect(await seen[0]).toBe(1)
    })

    test('ST5 itemsOf gives what a holder of a state vector lacks, and a stock Yjs reads it', async () => {
      const chart = make.newPatient()
      const drafts = [chart.patient, chart.allergy(), chart.allergy()]
      await store.entries.commit(drafts)
      const origin = store.entries.origin()
      const all = await store.entries.itemsOf(chart.document)
      expect(all.map((i) => [i.id, i.clock])).toEqual(drafts.map((d, i) => [d.id, i]))
      const rest = await store.entries.itemsOf(chart.document, new Map([[clientIdOf(origin), 2]]))
      expect(rest.map((i) => i.id)).toEqual([drafts[2]!.id])
      const unrelated = await store.entries.itemsOf(chart.document, new Map([[17, 9]]))
      expect(unrelated).toHaveLength(3)
      expect(await store.entries.itemsOf(chart.document, new Map([[clientIdOf(origin), 99]]))).toEqual([])
      const doc = new Y.Doc()
      Y.applyUpdate(doc, encodeItems(all))
      const first = doc.getMap(entriesMap).get(itemKey(drafts[0]!.id, origin)) as Entry
      expect(first.subject).toBe(drafts[0]!.entry.subject)
      expect(await store.entries.itemsOf(chartOf('nobody'))).toEqual([])
    })

    test('ST6 clocksOf counts the items of each origin in a document', async () => {
      const chart = make.newPatient()
      expect(await store.entries.clocksOf(chart.document)).toEqual(new Map())
      await store.entries.commit([chart.patient, chart.allergy(), chart.vitals('2024')])
      expect(await store.entries.clocksOf(chart.document)).toEqual(new Map([[store.entries.origin(), 2]]))
    })

    test('ST7 entriesOf gives every entry of a document with its commits', async () => {
      const chart = make.newPatient()
      const drafts = [chart.patient, chart.allergy()]
      const commits = committed(await store.entries.commit(drafts))
      const entries = await store.entries.entriesOf(chart.document)
      expect(new Map(entries.map((e) => [e.id, e.entry]))).toEqual(
        new Map(drafts.map((d) => [d.id, d.entry])),
      )
      expect(entries.find((e) => e.id === drafts[1]!.id)?.commits).toEqual([commits[1]!.commit])
    })

    test('ST8 highestLamport is the highest of a document, 0 if it is empty', async () => {
      const chart = make.newPatient()
      expect(await store.entries.highestLamport(chart.document)).toBe(0)
      await store.entries.commit([
        chart.patient,
        chart.allergy({ lamport: 40 }),
        chart.allergy({ lamport: 7 }),
      ])
      expect(await store.entries.highestLamport(chart.document)).toBe(40)
    })

    test('ST9 find tells document, subject and commits of an entry, undefined for an unknown one', async () => {
      const chart = make.newPatient()
      const draft = chart.allergy()
      expect(await store.entries.find(draft.id)).toBeUndefined()
      const commits = committed(await store.entries.commit([chart.patient, draft]))
      expect(await store.entries.find(draft.id)).toEqual({
        document: chart.document,
        subject: draft.entry.subject,
        commits: [commits[1]!.commit],
      })
    })

    test("ST10 documentsOf lists a patient's documents by name, and nobody else's", async () => {
      const chart = make.newPatient()
      const other = make.newPatient()
      await store.entries.commit([
        chart.patient,
        other.patient,
        chart.vitals('2025'),
        chart.vitals('2024'),
        chart.vitals('undated'),
        chart.notice(),
        other.vitals('2025'),
      ])
      expect(await store.entries.documentsOf(chart.id)).toEqual([
        chartOf(chart.id),
        journalOf(chart.id, '2024'),
        journalOf(chart.id, '2025'),
        journalOf(chart.id, 'undated'),
        noticesOf(chart.id),
      ])
      expect(await store.entries.documentsOf('nobody')).toEqual([])
    })

    test('ST11 documentOf is where the first statement about a subject stands', async () => {
      const chart = make.newPatient()
      const vitals = chart.vitals('2024')
      expect(await store.entries.documentOf(vitals.entry.subject)).toBeUndefined()
      await store.entries.commit([chart.patient, vitals])
      await store.entries.commit([chart.vitals('2026', { subject: vitals.entry.subject })])
      expect(await store.entries.documentOf(vitals.entry.subject)).toBe(journalOf(chart.id, '2024'))
      const documents = ['2024', '2026'].map((year) => journalOf(chart.id, year))
      expect(await store.entries.documentsAbout(vitals.entry.subject)).toEqual(documents)
    })

    test('ST18 statementsAbout gives every statement about these subjects and no other, in whatever document', async () => {
      const chart = make.newPatient()
      const [first, other] = [chart.vitals('2024'), chart.vitals('2024')]
      const { subject } = first.entry
      const later = chart.vitals('2026', { subject })
      await store.entries.commit([chart.patient, first, chart.allergy()])
      await store.entries.commit([later, other])
      const about = async (...subjects: string[]) =>
        (await store.entries.statementsAbout(subjects)).map(({ id, entry }) => [id, entry.document]).sort()
      const stated = [first, later].map(({ id, entry }) => [id, entry.document]).sort()
      expect(await about(subject, 'Condition/nowhere')).toEqual(stated)
      expect(await about(subject, other.entry.subject)).toHaveLength(3)
      expect(await about()).toEqual([])
    })

    test('ST12 the directory knows a patient when its commit is answered, and follows later statements', async () => {
      const chart = make.newPatient('Ärmel')
      expect(store.patients.get(chart.id)).toBeUndefined()
      await store.entries.commit([chart.patient])
      expect(store.patients.get(chart.id)).toMatchObject({
        id: chart.id,
        homeGroup: under.homeGroup,
        resource: { resourceType: 'Patient', id: chart.id, name: [{ family: 'Ärmel' }] },
      })
      await store.entries.commit([chart.renamed('Ørsted')])
      expect(store.patients.get(chart.id)?.resource).toMatchObject({ name: [{ family: 'Ørsted' }] })
      expect([...store.patients.all()].map((p) => p.id)).toContain(chart.id)
    })

    test('ST13 vectors hold what was flushed, and what can be opened here', async () => {
      const chart = make.newPatient()
      const commits = committed(await store.entries.commit([chart.patient, chart.allergy()]))
      const { origin, seq } = commits[1]!.commit
      const vectors = await store.vectors()
      expect(vectors.flushed[origin]).toBe(seq)
      expect(vectors.servable[origin]).toBe(seq)
    })

    test('ST14 updates of a note come back in an order in which they can be applied; own ones are not received', async () => {
      const received: NoteUpdate[] = []
      store.notes.onReceived((notes) => void received.push(...notes))
      const written = new Y.Doc()
      const document = make.newNote()
      const appended: Promise<unknown>[] = []
      written.on('update', (update: Uint8Array) => {
        appended.push(store.notes.append({ document, update, author: 'physician.frankfurt' }))
      })
      for (const word of ['one ', 'two ', 'three'])
        written.getText('text').insert(written.getText('text').length, word)
      await Promise.all(appended)
      const read = new Y.Doc()
      for (const update of await store.notes.updatesOf(document)) {
        Y.applyUpdate(read, update)
        expect(read.store.pendingStructs).toBeNull()
      }
      expect(read.getText('text').toString()).toBe('one two three')
      expect(received).toEqual([])
      expect(await store.notes.updatesOf('note/nothing')).toEqual([])
    })

    test('ST16 what changed between two vectors is told by document, with its items', async () => {
      const [a, b] = [make.newPatient(), make.newPatient()]
      await store.entries.commit([a.patient, b.patient])
      const before = (await store.vectors()).servable
      await store.entries.commit([a.allergy(), a.allergy()])
      const after = (await store.vectors()).servable
      await store.entries.commit([b.allergy()])
      const both = [a.document, b.document]
      expect(await store.entries.changesIn(both, before, after)).toEqual(new Map([[a.document, 2]]))
      const items = await store.entries.itemsBetween(both, before, after)
      expect(items.map(({ document, clock }) => ({ document, clock }))).toEqual([
        { document: a.document, clock: 1 },
        { document: a.document, clock: 2 },
      ])
      expect(await store.entries.changesIn(both, {}, {})).toEqual(new Map())
      expect((await store.entries.itemsBetween([b.document], {}, after)).map(({ id }) => id)).toEqual([
        b.patient.id,
      ])
    })

    test('ST17 a snapshot of a note stands for what it covers, and everything behind it is read', async () => {
      const document = make.newNote()
      const written = new Y.Doc()
      const updates: Uint8Array[] = []
      written.on('update', (update: Uint8Array) => void updates.push(update))
      const type = (text: string) => written.getText('text').insert(written.getText('text').length, text)
      for (const word of ['one ', 'two ', 'three ', 'four']) type(word)
      const places = []
      for (const update of updates)
        places.push(await store.notes.append({ document, update, author: 'physician.frankfurt' }))
      expect(places.map(({ clock }) => clock)).toEqual([0, 1, 2, 3])
      const whole = await store.notes.load(document)
      expect(whole.updates).toHaveLength(4)
      expect(whole.covers).toEqual(new Map([[places[0]!.origin, 4]]))
      const half = new Y.Doc()
      for (const update of updates.slice(0, 2)) Y.applyUpdate(half, update)
      await store.notes.keepSnapshot(document, new Map([[places[0]!.origin, 2]]), Y.encodeStateAsUpdate(half))
      const stored = await store.notes.load(document)
      expect(stored.updates).toHaveLength(2)
      expect(stored.covers).toEqual(whole.covers)
      const read = new Y.Doc()
      for (const update of [stored.state!, ...stored.updates.map((one) => one.update)])
        Y.applyUpdate(read, update)
      expect(read.getText('text').toString()).toBe('one two three four')
    })

    test('OP8 what is told when it is flushed has the same bytes as what is read later', async () => {
      const heard: FlushedEntry[] = []
      store.entries.onFlushed((entries) => void heard.push(...entries))
      const chart = make.newPatient()
      await store.entries.commit([chart.patient, chart.allergy()])
      await settled(() => heard.length === 2)
      expect(heard.map(({ subject, lamport }) => [subject, lamport])).toEqual(
        heard.map(({ entry }) => [entry.subject, entry.lamport]),
      )
      expect(encodeItems(heard)).toEqual(encodeItems(await store.entries.itemsOf(chart.document)))
    })

    test('ER1 what was erased is gone from everything that is read, and others are untouched', async () => {
      const [chart, other] = [make.newPatient(), make.newPatient()]
      const vitals = chart.vitals('2025')
      await store.entries.commit([chart.patient, chart.allergy(), vitals, chart.notice(), other.patient])
      const before = await store.entries.itemsOf(other.document)
      expect(await erase(chart.id)).toEqual({ outcome: 'erased' })
      expect(store.erased.has(chart.id)).toBe(true)
      expect(store.patients.get(chart.id)).toBeUndefined()
      expect([...store.patients.all()].map((patient) => patient.id)).not.toContain(chart.id)
      for (const document of [chart.document, vitals.entry.document, noticesOf(chart.id)]) {
        expect(await store.entries.itemsOf(document)).toEqual([])
        expect(await store.entries.itemsOf(document, new Map([[17, 1]]))).toEqual([])
        expect(await store.entries.entriesOf(document)).toEqual([])
        expect(await store.entries.clocksOf(document)).toEqual(new Map())
      }
      expect(await store.entries.documentsOf(chart.id)).toEqual([])
      expect(await store.entries.documentOf(vitals.entry.subject)).toBeUndefined()
      expect(await store.entries.documentsAbout(vitals.entry.subject)).toEqual([])
      const { servable, flushed } = await store.vectors()
      expect(servable).toEqual(flushed)
      const documents = [chart.document, other.document]
      expect(await store.entries.itemsBetween(documents, {}, servable)).toEqual(before)
      expect([...(await store.entries.changesIn(documents, {}, servable)).keys()]).toEqual([other.document])
      expect(store.erased.has(other.id)).toBe(false)
      expect(store.patients.get(other.id)).toBeDefined()
    })

    test('ER2 nothing more is taken about somebody who was erased, and others go on', async () => {
      const [chart, other] = [make.newPatient(), make.newPatient()]
      await store.entries.commit([chart.patient, other.patient])
      await erase(chart.id)
      const { flushed } = await store.vectors()
      const drafts = [chart.allergy(), chart.patient, chart.vitals('2024')]
      expect((await store.entries.commit(drafts)).map((o) => o.outcome)).toEqual(Array(3).fill('erased'))
      expect((await store.vectors()).flushed).toEqual(flushed)
      const mixed = await store.entries.commit([chart.allergy(), other.allergy()])
      expect(mixed.map((o) => o.outcome)).toEqual(['erased', 'committed'])
    })

    test('ER3 erasing twice is erasing once, and who is not known cannot be erased', async () => {
      const chart = make.newPatient()
      expect(await erase(chart.id)).toEqual({ outcome: 'unknown' })
      expect(await store.erased.find(chart.id)).toBeUndefined()
      await store.entries.commit([chart.patient])
      expect(await Promise.all([erase(chart.id), erase(chart.id)])).toEqual(
        Array(2).fill({ outcome: 'erased' }),
      )
      const first = await store.erased.find(chart.id)
      expect(first?.tombstones).toHaveLength(1)
      expect(Date.parse(first!.requestedAt!)).toBeGreaterThan(Date.now() - 60_000)
      expect(await erase(chart.id)).toEqual({ outcome: 'erased' })
      expect(await store.erased.find(chart.id)).toEqual(first)
    })

    test('ER4 who listens hears once of everybody who is erased, when nothing can be read any more', async () => {
      const chart = make.newPatient()
      const heard: [string, boolean, boolean][] = []
      const stop = store.erased.onErased((id) => {
        heard.push([id, store.erased.has(id), store.patients.get(id) !== undefined])
      })
      await store.entries.commit([chart.patient])
      await erase(chart.id)
      await erase(chart.id)
      stop()
      expect(heard).toEqual([[chart.id, true, false]])
    })

    const erase = (patientId: string) =>
      store.erased.erase({ patientId, reason: 'asked for', author: 'operator' })

    test('ST15 a store that works says so', () => {
      expect(store.health()).toEqual({ writes: true })
    })
  })
}

function committed(outcomes: CommitOutcome[]): Extract<CommitOutcome, { outcome: 'committed' }>[] {
  return outcomes.map((o) => {
    if (o.outcome !== 'committed') throw new Error(`${o.id} was not committed: ${o.detail}`)
    return o
  })
}

/** Waits up to 5 s for something that follows an answer within moments. */
async function settled(done: () => boolean): Promise<void> {
  for (let i = 0; i < 500 && !done(); i++) await new Promise((resolve) => setTimeout(resolve, 10))
  expect(done()).toBe(true)
}
