import { type CommittedEntry, isReadable, parseSubject } from '../../domain/entries/entry.ts'
import { subjectsOf } from '../../domain/entries/heads.ts'
import { resourceOf } from '../../domain/fhir/present.ts'
import type { Ends } from './ends.ts'
import { joinCommits, type StoredEntries } from './entry-log.ts'
import type { ErasedPatients, FlushedEntry, PatientDirectory, PatientSummary } from './ports.ts'

/**
 * The patients of a region, in memory: names lie sealed in the log, and are searched nowhere else. A patient's home
 * group is the one under which the first statement about the patient was committed; of several first statements, made
 * in regions that did not know of each other, the lowest entry id counts, so that every region says the same.
 */
type Known = { items: FlushedEntry[]; summary: PatientSummary | undefined }

export async function openPatientDirectory(
  entries: StoredEntries,
  erased: ErasedPatients,
  ends: Pick<Ends, 'onSetAside'>,
): Promise<PatientDirectory> {
  const patients = new Map<string, Known>()

  function add(item: FlushedEntry): void {
    const subject = parseSubject(item.subject)
    if (subject?.type !== 'Patient' || erased.has(subject.id)) return
    const known = patients.get(subject.id) ?? { items: [], summary: undefined }
    if (known.items.some((other) => other.origin === item.origin && other.commit.seq === item.commit.seq))
      return
    known.items.push(item)
    known.summary = undefined
    patients.set(subject.id, known)
  }

  function summaryOf(id: string, known: Known): PatientSummary {
    known.summary ??= summarise(id, known.items)
    return known.summary
  }

  /** Rows behind the end of an origin count no more; what they said has been committed again. */
  function drop(origin: string, after: number): void {
    for (const known of patients.values()) {
      const left = known.items.filter((item) => item.origin !== origin || item.commit.seq <= after)
      if (left.length === known.items.length) continue
      known.items = left
      known.summary = undefined
    }
    for (const [id, { items }] of patients) if (items.length === 0) patients.delete(id)
  }

  const stops = [
    ends.onSetAside(drop),
    entries.onFlushed((items) => items.forEach(add)),
    erased.onErased((patientId) => patients.delete(patientId)),
  ]
  try {
    for (const item of await entries.patientStatements()) add(item)
  } catch (error) {
    for (const stop of stops) stop()
    throw error
  }
  return {
    get(patientId) {
      const known = patients.get(patientId)
      return known && summaryOf(patientId, known)
    },
    *all() {
      for (const [id, known] of patients) yield summaryOf(id, known)
    },
  }
}

function summarise(id: string, items: readonly FlushedEntry[]): PatientSummary {
  const read = items.filter((item) => isReadable(item.entry))
  const entries: CommittedEntry[] = joinCommits(read)
  const state = subjectsOf(entries).get(`Patient/${id}`)
  const firsts = read.filter((item) => item.entry.supersedes.length === 0)
  const first = [...(firsts.length > 0 ? firsts : items)].sort((a, b) => (a.id < b.id ? -1 : 1))[0]!
  const resource = state ? resourceOf(state) : { resourceType: 'Patient', id }
  const incomplete = read.length < items.length ? ({ incomplete: true } as const) : {}
  return { id, homeGroup: first.homeGroup, resource, ...incomplete }
}
