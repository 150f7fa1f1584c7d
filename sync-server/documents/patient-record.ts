import { isDocumentName, parseDocumentName, patientOf } from '../../domain/documents/document-name.ts'
import { type CommittedEntry, isReadable } from '../../domain/entries/entry.ts'
import { type SubjectState, subjectsOf } from '../../domain/entries/heads.ts'
import { resourceOf } from '../../domain/fhir/present.ts'
import type { FhirResource } from '../../domain/fhir/resource.ts'
import type { EntryLog } from '../store/ports.ts'

/** A patient's resources as they are shown now, made from the entries of all of the patient's documents. */

export type PatientRecord = {
  /** The Patient first, then by type and id. Empty if there is nothing. */
  resources: FhirResource[]
  /** Subjects about which something was stated that only a newer version understands: shown without it they would be false. */
  unread: string[]
}

/** Everything that is kept of a patient. */
export async function recordOf(entries: EntryLog, patientId: string): Promise<PatientRecord> {
  const documents = await entries.documentsOf(patientId)
  const all: CommittedEntry[] = []
  for (const document of documents) all.push(...(await entries.entriesOf(document)))
  const unread = new Set(all.filter(({ entry }) => !isReadable(entry)).map(({ entry }) => entry.subject))
  const read = all.filter(({ entry }) => !unread.has(entry.subject))
  return {
    resources: [...subjectsOf(read).values()]
      .sort((a, b) => (placeInRecord(a.subject) < placeInRecord(b.subject) ? -1 : 1))
      .map(resourceOf),
    unread: [...unread].sort(),
  }
}

/** Sorts subjects in a record: a cursor that is one of these words stays right while resources come in. */
export function placeInRecord(subject: string): string {
  return subject.startsWith('Patient/') ? ` ${subject}` : subject
}

/** One resource; undefined if nobody has stated it here, `unread` if only a newer version understands all that was stated. */
export async function resourceNamed(
  entries: EntryLog,
  subject: string,
): Promise<FhirResource | 'unread' | undefined> {
  const state = await subjectNamed(entries, subject)
  if (!state) return undefined
  return [...state.entries.values()].every(({ entry }) => isReadable(entry)) ? resourceOf(state) : 'unread'
}

/** A subject as all documents of its patient tell it that hold statements about it. */
export async function subjectNamed(entries: EntryLog, subject: string): Promise<SubjectState | undefined> {
  const [statements, place] = await Promise.all([
    entries.statementsAbout([subject]),
    entries.documentOf(subject),
  ])
  return place === undefined ? undefined : subjectIn(statements, subject, place)
}

/** A subject as these statements tell it that stand in documents of the same patient as `place`. */
export function subjectIn(
  statements: readonly CommittedEntry[],
  subject: string,
  place: string,
): SubjectState | undefined {
  const patient = patientIn(place)
  const about = statements.filter(
    ({ entry }) => entry.subject === subject && patientIn(entry.document) === patient,
  )
  return subjectsOf(about).get(subject)
}

/** Whose document this is, if it is a patient's. */
export function patientIn(name: string): string | undefined {
  const document = parseDocumentName(name)
  return isDocumentName(document) ? patientOf(document) : undefined
}
