import * as Y from 'yjs'
import { type CommittedEntry, entryIdPattern, isReadable } from '../../domain/entries/entry.ts'
import { entriesMap } from '../../domain/entries/items.ts'
import { documentsOf } from '../sync/catch-up.ts'
import type { Copies } from '../sync/copies.ts'
import type { DocumentState } from '../sync/documents.ts'
import { joinItem } from '../sync/items.ts'

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

async function readDocument(
  copies: Copies,
  name: string,
): Promise<{ state: DocumentState; unreadable: number }> {
  const doc = new Y.Doc()
  const copy = copies.open(name, doc)
  try {
    const confirmedAt = await copy.read()
    const entries = new Map<string, CommittedEntry>()
    let unreadable = 0
    for (const [key, value] of doc.getMap<unknown>(entriesMap)) {
      joinItem(entries, key, value)
      const id = key.slice(0, key.indexOf('@'))
      if (!entryIdPattern.test(id) || !entries.has(id)) unreadable += 1
    }
    for (const { entry } of entries.values()) if (!isReadable(entry)) unreadable += 1
    return {
      state: {
        complete: confirmedAt !== undefined,
        confirmedAt,
        connection: 'connecting',
        entries: [...entries.values()],
        held: new Set(entries.keys()),
      },
      unreadable,
    }
  } finally {
    await copy.close()
    doc.destroy()
  }
}
