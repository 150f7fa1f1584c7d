import * as Y from 'yjs'
import { type CommittedEntry, entryIdPattern, isReadable } from '../../domain/entries/entry.ts'
import { entriesMap } from '../../domain/entries/items.ts'
import type { Copies } from './copies.ts'
import type { DocumentState } from './documents.ts'
import { joinItem } from './items.ts'

/** Opens this device's copy of a document, reads it and closes it again; and how many of its statements cannot be read. */
export async function readDocument(
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
