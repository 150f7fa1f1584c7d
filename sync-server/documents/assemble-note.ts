import * as Y from 'yjs'
import type { StoredNote } from '../store/ports.ts'

/**
 * Puts a note together from what the log holds. A row that Yjs cannot digest is left out, so that the rest can be shown
 * and written on: whoever has what it held sends it again, as something that the note lacks.
 */
export type Assembled = {
  doc: Y.Doc
  /** Rows that were left out. */
  misfits: { origin: string; seq: number }[]
}

/** A document that was half changed cannot be gone on with: for each such row everything is applied anew. */
const mostRows = 8

/**
 * @param origin what Yjs tells listeners as the origin of the change
 * Throws if the state, or more than a few rows, cannot be digested.
 */
export function assembleNote(stored: StoredNote, createDoc: () => Y.Doc, origin: unknown): Assembled {
  const left = new Set<number>()
  for (let tries = 0; ; tries++) {
    const doc = createDoc()
    let at = -1
    try {
      // Applied one by one to a document: merging updates is quadratic.
      doc.transact(() => {
        if (stored.state) Y.applyUpdate(doc, stored.state, origin)
        for (at = 0; at < stored.updates.length; at++)
          if (!left.has(at)) Y.applyUpdate(doc, stored.updates[at]!.update, origin)
      }, origin)
      return { doc, misfits: [...left].sort((a, b) => a - b).map((i) => placeOf(stored, i)) }
    } catch (error) {
      doc.destroy()
      if (at < 0 || at >= stored.updates.length || tries === mostRows) throw error
      left.add(at)
      if (tries === 0) for (const i of undecodable(stored)) left.add(i)
    }
  }
}

function undecodable({ updates }: StoredNote): number[] {
  return updates.flatMap(({ update }, i) => {
    try {
      Y.decodeUpdate(update)
      return []
    } catch {
      return [i]
    }
  })
}

function placeOf({ updates }: StoredNote, at: number) {
  const { origin, seq } = updates[at]!
  return { origin, seq }
}
