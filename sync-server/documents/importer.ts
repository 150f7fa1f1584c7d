import type { CommittedEntry, Entry } from '../../domain/entries/entry.ts'
import { entrySchema, isParsedEntry, mergeRules, parseEntry } from '../../domain/entries/entry.ts'
import { subjectsOf } from '../../domain/entries/heads.ts'
import { type ImportedResource, readImport } from '../../domain/fhir/bundle.ts'
import { patientIdOf } from '../../domain/fhir/patient-of-resource.ts'
import { documentFor } from '../../domain/fhir/place.ts'
import { statementOf } from '../../domain/fhir/statement.ts'
import type { Identity } from '../identity/tokens.ts'
import type { Metrics } from '../observability/metrics.ts'
import type { CommitOutcome, Draft, RegionStore } from '../store/ports.ts'
import { subjectNamed } from './patient-record.ts'
import { createTurns } from './turns.ts'

/**
 * Takes what a source sends (FHIR R4) into the record: one entry for each resource that is new or has changed against
 * what the same source said before. Works patient by patient, in small commits, so that clinicians' entries pass in
 * between; says that something is taken only when it is durable here. Sending the same again adds nothing.
 */
export type Importer = {
  import(body: unknown, order: ImportOrder): Promise<ImportReport | { problem: string }>
}

type ImportOrder = {
  source: string
  /** Group of patients who are new here. */
  homeGroup: string
  identity: Identity
}

export type ImportReport = {
  /** Type → what became of its resources, sorted by type. */
  types: Map<string, ImportCounts>
  /** Under which id a resource is kept that came with another. */
  renamed: { place: string; from: string; to: string }[]
  refused: { place: string; detail: string }[]
  /** Resources that would have been taken, but the store did not take them: the same import again will. */
  unsaved: { place: string; outcome: 'unavailable' | 'indeterminate' }[]
}

type ImportCounts = { taken: number; unchanged: number; leftAside: number; refused: number }

export type ImporterDeps = { store: RegionStore; metrics: Metrics; now(): Date }

/** Entries in one commit. Behind each of them clinicians' entries get their turn. */
const chunkEntries = 200
/** Patients that are worked on at a time. */
const parallelPatients = 4

const erasedWords = 'this patient was erased: nothing about them is taken any more'

type Draw = { place: string; type: string; draft: Draft }

export function createImporter({ store, metrics, now }: ImporterDeps): Importer {
  const turns = createTurns()
  // Microseconds since 1970 at the start, then counted on: no two entries of one origin share a number.
  let deviceSeq = now().getTime() * 1000

  async function run(body: unknown, order: ImportOrder): Promise<ImportReport | { problem: string }> {
    const read = readImport(body, order.source)
    if ('problem' in read) return read
    const report: ImportReport = { types: new Map(), renamed: read.renamed, refused: [], unsaved: [] }
    for (const [type, count] of read.leftAside) countsOf(report, type).leftAside += count
    for (const [type, count] of read.repeated) countsOf(report, type).unchanged += count
    for (const { place, type, detail } of read.refused) refuse(report, { place, type }, detail)

    const waiting = [...byPatient(read.resources)]
    const worker = async () => {
      for (let next = waiting.shift(); next; next = waiting.shift()) {
        const [patientId, resources] = next
        await turns.take(patientId, () => importPatient(patientId, resources, order, report))
        await breathe()
      }
    }
    await Promise.all(Array.from({ length: parallelPatients }, worker))

    report.types = new Map([...report.types].sort(([a], [b]) => (a < b ? -1 : 1)))
    report.refused.sort((a, b) => indexOf(a.place) - indexOf(b.place))
    tally(report)
    return report
  }

  async function importPatient(
    patientId: string,
    resources: readonly ImportedResource[],
    order: ImportOrder,
    report: ImportReport,
  ): Promise<void> {
    if (store.erased.has(patientId)) {
      for (const resource of resources) refuse(report, resource, erasedWords)
      return
    }
    const known = store.patients.get(patientId)
    const isNew = known === undefined
    if (isNew && resources[0]?.type !== 'Patient') {
      for (const resource of resources)
        refuse(
          report,
          resource,
          'the patient is not known here and stands in no Patient resource of this body',
        )
      return
    }
    const homeGroup = known?.homeGroup ?? order.homeGroup
    const documents = new Map<string, OpenDocument>()
    let chunk: Draw[] = []
    for (const resource of resources) {
      const draw = await drawUp(resource, patientId, homeGroup, order, documents, report)
      if (draw) chunk.push(draw)
      // A new patient's identity is made durable first: if that fails, nothing else of the patient is kept.
      if (chunk.length >= chunkEntries || (isNew && resource === resources[0])) {
        if (!(await commit(chunk, report)) && isNew) {
          for (const { place } of resources.slice(resources.indexOf(resource) + 1))
            report.unsaved.push({ place, outcome: 'unavailable' })
          return
        }
        chunk = []
      }
    }
    await commit(chunk, report)
  }

  async function drawUp(
    { place, type, resource }: ImportedResource,
    patientId: string,
    homeGroup: string,
    { source, identity }: ImportOrder,
    documents: Map<string, OpenDocument>,
    report: ImportReport,
  ): Promise<Draw | undefined> {
    const subject = `${type}/${resource.id}`
    const about = await store.entries.documentsAbout(subject)
    const first = about.length > 1 ? await store.entries.documentOf(subject) : about[0]
    const name = first ?? documentFor(resource, patientId)
    const document = documents.get(name) ?? (await openDocument(name))
    documents.set(name, document)
    const known =
      about.length > 1 ? await subjectNamed(store.entries, subject) : document.subjects.get(subject)
    const statement = statementOf(resource, known, source)
    if (statement.outcome === 'refused') return refuse(report, { place, type }, statement.detail)
    if (statement.outcome === 'unchanged') {
      countsOf(report, type).unchanged += 1
      return undefined
    }
    document.lamport += 1
    deviceSeq += 1
    const { user, role, organisation } = identity
    const entry: Entry = {
      schema: entrySchema,
      minReader: entrySchema,
      document: name,
      subject,
      aspects: statement.aspects,
      supersedes: statement.supersedes,
      lamport: document.lamport,
      author: { user, role, organisation },
      device: `import.${store.entries.origin()}`,
      deviceSeq,
      recordedAt: now().toISOString(),
      rules: mergeRules,
      source,
    }
    const parsed = parseEntry(entry)
    if (!isParsedEntry(parsed)) return refuse(report, { place, type }, parsed.detail)
    return { place, type, draft: { ...parsed, homeGroup } }
  }

  type OpenDocument = { subjects: ReturnType<typeof subjectsOf>; lamport: number }

  async function openDocument(name: string): Promise<OpenDocument> {
    const entries: CommittedEntry[] = await store.entries.entriesOf(name)
    return { subjects: subjectsOf(entries), lamport: await store.entries.highestLamport(name) }
  }

  /** Commits what was drawn up, and says whether all of it is durable. */
  async function commit(chunk: readonly Draw[], report: ImportReport): Promise<boolean> {
    if (chunk.length === 0) return true
    let outcomes: CommitOutcome[]
    try {
      outcomes = await store.entries.commit(chunk.map((d) => d.draft))
    } catch {
      outcomes = chunk.map(({ draft }) => ({ id: draft.id, outcome: 'indeterminate', detail: '' }))
    }
    let all = true
    for (const [at, { place, type }] of chunk.entries()) {
      const outcome = outcomes[at]?.outcome ?? 'indeterminate'
      if (outcome === 'committed') countsOf(report, type).taken += 1
      else if (outcome === 'erased') refuse(report, { place, type }, erasedWords)
      else {
        all = false
        report.unsaved.push({ place, outcome })
      }
    }
    await breathe()
    return all
  }

  function tally(report: ImportReport): void {
    for (const counts of report.types.values())
      for (const [outcome, count] of Object.entries(counts)) metrics.importedResources.inc({ outcome }, count)
  }

  return { import: run }
}

/** Resources of each patient, the Patient itself first. `readImport` has seen to it that each names its patient. */
function byPatient(resources: readonly ImportedResource[]): Map<string, ImportedResource[]> {
  const patients = new Map<string, ImportedResource[]>()
  for (const imported of resources) {
    const id = patientIdOf(imported.resource) ?? ''
    const list = patients.get(id) ?? []
    if (imported.type === 'Patient') list.unshift(imported)
    else list.push(imported)
    patients.set(id, list)
  }
  return patients
}

function refuse(
  report: ImportReport,
  { place, type }: { place: string; type: string },
  detail: string,
): undefined {
  countsOf(report, type).refused += 1
  report.refused.push({ place, detail })
}

function countsOf({ types }: ImportReport, type: string): ImportCounts {
  const counts = types.get(type) ?? { taken: 0, unchanged: 0, leftAside: 0, refused: 0 }
  types.set(type, counts)
  return counts
}

function indexOf(place: string): number {
  return Number(/\[(\d+)\]/.exec(place)?.[1] ?? 0)
}

/** Lets sockets and timers have their turn. */
function breathe(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}
