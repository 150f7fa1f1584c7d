import {
  type CommittedEntry,
  type Entry,
  entrySchema,
  isParsedEntry,
  mergeRules,
  parseEntry,
} from '../../domain/entries/entry.ts'
import { documentFor } from '../../domain/fhir/place.ts'
import { anotherPatient, statementOf, tooLarge, tooManyItems } from '../../domain/fhir/statement.ts'
import type { Identity } from '../identity/tokens.ts'
import type { Metrics } from '../observability/metrics.ts'
import type { CommitOutcome, Draft, RegionStore } from '../store/ports.ts'
import type { ImportReader, ImportReaders } from './import-readers.ts'
import type { Portion, PortionItem, UnreadImport } from './import-reading.ts'
import { countsOf, createReport, type ImportReport, refuse } from './import-report.ts'
import type { Pace } from './pace.ts'
import { patientIn, subjectIn } from './patient-record.ts'
import { createTurns } from './turns.ts'

/**
 * Takes what a source sends (FHIR R4) into the record: one entry for each resource that is new or has changed against
 * what the same source said before. Says that something is taken only when it is durable here. Sending the same again
 * adds nothing.
 *
 * 1. Works patient by patient, and through each patient portion by portion: what is in memory does not grow with the body.
 * 2. Of all imports together, one portion waits for the writer at a time, so that a clinician's entry never waits for more.
 * 3. Whoever draws up a statement about a subject has it for himself until that is committed: one id that two patients
 *    claim at the same moment is the first one's.
 */
export type Importer = {
  /**
   * Takes the memory of the body over. `busy` if too many large imports are under way. Rejects if the store cannot be read,
   * and when the signal tells that nobody waits any more; what is committed by then stays.
   */
  import(
    body: readonly Uint8Array[],
    order: ImportOrder,
    signal?: AbortSignal,
  ): Promise<ImportReport | UnreadImport | 'busy'>
}

export type ImportOrder = {
  source: string
  /** Group of patients who are new here. */
  homeGroup: string
  identity: Identity
}

export type ImporterDeps = {
  store: RegionStore
  metrics: Metrics
  readers: ImportReaders
  pace: Pace
  now(): Date
}

/** One import on its way. */
type Course = {
  order: ImportOrder
  reader: ImportReader
  report: ImportReport
  signal: AbortSignal | undefined
}

/** Patients of an import that are worked on at a time: while one portion is written, the next is drawn up. */
const parallelPatients = 2

type Person = {
  id: string
  homeGroup: string
  /** Document → the highest Lamport number in it. */
  lamports: Map<string, number>
}

type HeldItem = Extract<PortionItem, { resource: unknown }>
type Draw = { item: HeldItem; draft: Draft }

const erasedWords = 'this patient was erased: nothing about them is taken any more'
const unknownWords = 'the patient is not known here and stands in no Patient resource of this body'
const refusedWords = 'the patient is not known here, and the Patient resource of this body was refused'

export function createImporter({ store, metrics, readers, pace, now }: ImporterDeps): Importer {
  const turns = createTurns()
  // Microseconds since 1970 at the start, then counted on: no two entries of one origin share a number.
  let deviceSeq = now().getTime() * 1000

  async function run(body: readonly Uint8Array[], course: Course): Promise<ImportReport | UnreadImport> {
    const { reader, report, order } = course
    await pace.piece()
    const opened = await reader.open(body, order.source)
    if (!('patients' in opened)) return opened
    for (const [type, count] of opened.leftAside) countsOf(report, type).leftAside += count
    for (const [type, count] of opened.repeated) countsOf(report, type).unchanged += count
    for (let from = 0; from < opened.refused; ) {
      const refused = await reader.refused(from)
      for (const one of refused) refuse(report, one, one.detail)
      from += refused.length
    }
    let patient = 0
    let broken = false
    const work = async () => {
      while (patient < opened.patients && !broken) await importPatient(patient++, course)
    }
    const ends = await Promise.allSettled(
      Array.from({ length: parallelPatients }, () =>
        work().catch((error: unknown) => {
          broken = true
          throw error
        }),
      ),
    )
    for (const end of ends) if (end.status === 'rejected') throw end.reason
    return report
  }

  async function importPatient(patient: number, course: Course): Promise<void> {
    const first = await course.reader.portion(patient, 0)
    await turns.take([first.patientId], () => takePatient(patient, first, course))
  }

  async function takePatient(patient: number, first: Portion, course: Course): Promise<void> {
    const { patientId } = first
    const { report } = course
    const known = store.patients.get(patientId)
    const homeGroup = known?.homeGroup ?? course.order.homeGroup
    const person: Person = { id: patientId, homeGroup, lamports: new Map() }
    let refusal = refusalOf(patientId, first.items[0]?.type === 'Patient' ? undefined : unknownWords)
    let givenUp = false

    const takeItems = async (items: readonly PortionItem[]) => {
      if (refusal !== undefined) for (const item of items) refuse(report, item, refusal)
      else if (givenUp) for (const { place } of items) report.unsaved.push({ place, outcome: 'unavailable' })
      // A new patient's record is kept from its beginning on, without gaps.
      else if (!(await takePortion(items, person, course)) && !known) givenUp = true
    }

    for await (const { items } of portionsFrom(patient, first, course)) {
      if (known || items !== first.items) await takeItems(items)
      else {
        // A new patient's identity is made durable first: if that fails, nothing else of the patient is kept.
        await takeItems(items.slice(0, 1))
        if (!givenUp) refusal ??= refusalOf(patientId, refusedWords)
        await takeItems(items.slice(1))
      }
    }
  }

  /** Why nothing of this patient is taken, if so. */
  function refusalOf(patientId: string, ifUnknown: string | undefined): string | undefined {
    if (store.erased.has(patientId)) return erasedWords
    return store.patients.get(patientId) ? undefined : ifUnknown
  }

  async function* portionsFrom(patient: number, first: Portion, { reader, report, signal }: Course) {
    for (let portion: Portion | undefined = first; portion; ) {
      signal?.throwIfAborted()
      for (const { at, place, type, id, from } of portion.items)
        if (from !== undefined) report.renamed[at] = { place, from, to: `${type}/${id}` }
      yield portion
      portion = portion.next === undefined ? undefined : await reader.portion(patient, portion.next)
    }
  }

  /** Says whether everything that had to be saved is. */
  async function takePortion(
    portion: readonly PortionItem[],
    person: Person,
    course: Course,
  ): Promise<boolean> {
    const items = holdable(portion, course.report)
    if (items.length === 0) return true
    const subjects = items.map(subjectOf)
    const saved = await turns.take(subjects, async () => {
      const [places, statements] = await Promise.all([
        store.entries.placesOf(subjects),
        store.entries.statementsAbout(subjects),
      ])
      for (const item of items) {
        const subject = subjectOf(item)
        if (!places.has(subject)) places.set(subject, documentFor(item.resource, person.id))
      }
      await learnLamports(person, [...places.values()])
      const draws: Draw[] = []
      for (const item of items) {
        await pace.piece()
        const draw = drawUp(item, places.get(subjectOf(item))!, statements, person, course)
        if (draw) draws.push(draw)
      }
      return commit(draws, course.report)
    })
    await pace.rest()
    return saved
  }

  function holdable(portion: readonly PortionItem[], report: ImportReport): HeldItem[] {
    return portion.flatMap((item) => {
      if ('resource' in item) return [item]
      return (
        refuse(report, item, item.excess === 'items' ? tooManyItems(item.type) : tooLarge(item.type)) ?? []
      )
    })
  }

  async function learnLamports({ lamports }: Person, documents: readonly string[]): Promise<void> {
    const unknown = [...new Set(documents)].filter((document) => !lamports.has(document))
    if (unknown.length === 0) return
    const highest = await store.entries.highestLamports(unknown)
    for (const document of unknown) lamports.set(document, highest.get(document) ?? 0)
  }

  function drawUp(
    item: HeldItem,
    document: string,
    statements: readonly CommittedEntry[],
    { id: patientId, homeGroup, lamports }: Person,
    { order: { source, identity }, report }: Course,
  ): Draw | undefined {
    const { type, resource } = item
    const subject = subjectOf(item)
    if (patientIn(document) !== patientId) return refuse(report, item, anotherPatient(type))
    const statement = statementOf(resource, subjectIn(statements, subject, document), source)
    if (statement.outcome === 'refused') return refuse(report, item, statement.detail)
    if (statement.outcome === 'unchanged') {
      countsOf(report, type).unchanged += 1
      return undefined
    }
    const lamport = (lamports.get(document) ?? 0) + 1
    lamports.set(document, lamport)
    deviceSeq += 1
    const { user, role, organisation } = identity
    const entry: Entry = {
      schema: entrySchema,
      minReader: entrySchema,
      document,
      subject,
      aspects: statement.aspects,
      supersedes: statement.supersedes,
      lamport,
      author: { user, role, organisation },
      device: `import.${store.entries.origin()}`,
      deviceSeq,
      recordedAt: now().toISOString(),
      rules: mergeRules,
      source,
    }
    const parsed = parseEntry(entry)
    if (!isParsedEntry(parsed)) return refuse(report, item, parsed.detail)
    return { item, draft: { ...parsed, homeGroup } }
  }

  /** Commits what was drawn up, and says whether all of it is durable. */
  async function commit(draws: readonly Draw[], report: ImportReport): Promise<boolean> {
    if (draws.length === 0) return true
    const outcomes = await turns.take(['the writer'], async () => {
      const answers = await write(draws)
      // Clinicians' entries that waited for this are written before the next portion is.
      await new Promise((resolve) => setImmediate(resolve))
      return answers
    })
    let all = true
    for (const [at, { item }] of draws.entries()) {
      const outcome = outcomes[at]?.outcome ?? 'indeterminate'
      if (outcome === 'committed') countsOf(report, item.type).taken += 1
      else if (outcome === 'erased') refuse(report, item, erasedWords)
      else {
        all = false
        report.unsaved.push({ place: item.place, outcome })
      }
    }
    return all
  }

  async function write(draws: readonly Draw[]): Promise<CommitOutcome[]> {
    try {
      return await store.entries.commit(draws.map(({ draft }) => draft))
    } catch {
      return draws.map(({ draft }) => ({ id: draft.id, outcome: 'indeterminate', detail: '' }))
    }
  }

  function tally({ types }: ImportReport): void {
    for (const counts of types.values())
      for (const [outcome, count] of Object.entries(counts)) metrics.importedResources.inc({ outcome }, count)
  }

  return {
    import(body, order, signal) {
      const bytes = body.reduce((sum, part) => sum + part.byteLength, 0)
      return readers.lend(bytes, signal, async (reader) => {
        const report = createReport()
        try {
          return await run(body, { order, reader, report, signal })
        } finally {
          tally(report)
        }
      })
    },
  }
}

function subjectOf({ type, id }: PortionItem): string {
  return `${type}/${id}`
}
