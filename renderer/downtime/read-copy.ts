import { documentsOf } from '../sync/catch-up.ts'
import type { Copies } from '../sync/copies.ts'
import type { DocumentState } from '../sync/documents.ts'
import { readDocument } from '../sync/read-document.ts'

/** What this device has of one patient. No region is asked. */
export type PatientCopy = {
  /** Name → document, of all of which copies are kept. */
  documents: ReadonlyMap<string, DocumentState>
  /** Statements that this app cannot read, damaged ones and those that need a newer app. */
  unreadable: number
}

/** Opens the copies of one patient, reads them and closes them again. */
export async function readCopy(copies: Copies, patientId: string, thisYear: number): Promise<PatientCopy> {
  const read = await Promise.all(
    documentsOf(patientId, thisYear).map(async (name) => ({ name, ...(await readDocument(copies, name)) })),
  )
  return {
    documents: new Map(read.map(({ name, state }) => [name, state])),
    unreadable: read.reduce((sum, { unreadable }) => sum + unreadable, 0),
  }
}
