import { isDocumentName, parseDocumentName, patientOf } from '../../domain/documents/document-name.ts'
import type { CommittedEntry } from '../../domain/entries/entry.ts'
import { type SubjectState, subjectsOf } from '../../domain/entries/heads.ts'
import { resourceOf } from '../../domain/fhir/present.ts'
import type { FhirResource } from '../../domain/fhir/resource.ts'
import type { EntryLog } from '../store/ports.ts'

/** A patient's resources as they are shown now, made from the entries of all of the patient's documents. */

/** Everything that is kept of a patient: the Patient first, then by type and id. Empty if there is nothing. */
export async function recordOf(entries: EntryLog, patientId: string): Promise<FhirResource[]> {
  const documents = await entries.documentsOf(patientId)
  const all: CommittedEntry[] = []
  for (const document of documents) all.push(...(await entries.entriesOf(document)))
  return [...subjectsOf(all).values()]
    .sort((a, b) => (placeInRecord(a.subject) < placeInRecord(b.subject) ? -1 : 1))
    .map(resourceOf)
}

/** Sorts subjects in a record: a cursor that is one of these words stays right while resources come in. */
export function placeInRecord(subject: string): string {
  return subject.startsWith('Patient/') ? ` ${subject}` : subject
}

/** One resource, or undefined if nobody has stated it here. */
export async function resourceNamed(entries: EntryLog, subject: string): Promise<FhirResource | undefined> {
  const state = await subjectNamed(entries, subject)
  return state && resourceOf(state)
}

/** A subject as all documents of its patient tell it that hold statements about it. */
export async function subjectNamed(entries: EntryLog, subject: string): Promise<SubjectState | undefined> {
  const documents = await entries.documentsAbout(subject)
  const first = documents.length > 1 ? await entries.documentOf(subject) : documents[0]
  const statements: CommittedEntry[] = []
  for (const document of documents.filter((name) => patientIn(name) === patientIn(first)))
    for (const statement of await entries.entriesOf(document))
      if (statement.entry.subject === subject) statements.push(statement)
  return subjectsOf(statements).get(subject)
}

function patientIn(name = ''): string | undefined {
  const document = parseDocumentName(name)
  return isDocumentName(document) ? patientOf(document) : undefined
}
