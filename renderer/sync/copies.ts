import * as Y from 'yjs'
import { z } from 'zod'
import { isDocumentName, parseDocumentName } from '../../domain/documents/document-name.ts'
import type { Replica } from '../replica/open-replica.ts'
import { type CatchUp, copyRecord } from './catch-up.ts'

/**
 * This device's copies of documents: exactly what regions handed over, nothing of this device's own. They are sealed in
 * the replica and opened for the screen.
 *
 * Invariants
 * 1. A copy counts as complete only once a region has said that it handed over everything, and only while all of it can
 *    be opened. What cannot be opened is given up, and asked for anew.
 * 2. A device that can write nothing more shows what it has; the next connection brings what is missing.
 */
export type Copies = { open(name: string, doc: Y.Doc): Copy }

export type Copy = {
  /** Puts the copy into the document. Resolves to when a region confirmed it last (ms since 1970), if one ever did. */
  read(): Promise<number | undefined>
  /** A region has handed over everything it has. */
  confirm(at: number): void
  /** What is held is void. */
  drop(): Promise<void>
  /** Writes what is left. */
  close(): Promise<void>
}

const aboutShape = z.object({ confirmedAt: z.number() })
const fromCopy = Symbol("from this device's copy")
/** What arrives together is written together, in ms. */
const gatherMs = 250
/** More stored updates than this are put together when a document is opened. */
const manyUpdates = 40

export function createCopies(
  { documents, values }: Pick<Replica, 'documents' | 'values'>,
  catchUp: Pick<CatchUp, 'confirmedAt' | 'forget' | 'onForgotten'>,
): Copies {
  return {
    open(name, doc) {
      const about = copyRecord(name)
      let arrived: Uint8Array[] = []
      let confirmed: number | undefined
      let timer: ReturnType<typeof setTimeout> | undefined
      let writing: Promise<unknown> = Promise.resolve()
      let isVoid = false

      const write = () => {
        clearTimeout(timer)
        timer = undefined
        writing = writing.then(async () => {
          if (isVoid) return
          const [updates, at] = [arrived, confirmed]
          arrived = []
          confirmed = undefined
          if (updates.length > 0 && (await documents.append(name, updates)).outcome !== 'written') {
            // Without these nothing that comes later is whole: they go first, when there is room.
            arrived = [...updates, ...arrived]
            confirmed ??= at
          } else if (at !== undefined) await values.put(about, { confirmedAt: at })
        })
        return writing
      }
      const soon = () => {
        timer ??= setTimeout(write, gatherMs)
      }
      const onUpdate = (update: Uint8Array, origin: unknown) => {
        if (origin === fromCopy) return
        arrived.push(update)
        soon()
      }

      /** Is all that was kept in the document now? */
      const putIn = (updates: readonly Uint8Array[]): boolean => {
        try {
          for (const update of updates) Y.applyUpdate(doc, update, fromCopy)
          return true
        } catch {
          return false
        }
      }

      // Given up by another window, or by catch-up: what this one has is kept again, before anything says that it is whole.
      const stopListening = catchUp.onForgotten((gone) => {
        if (gone !== name || isVoid) return
        arrived.unshift(Y.encodeStateAsUpdate(doc))
        soon()
      })

      doc.on('update', onUpdate)
      return {
        async read() {
          const loaded = await documents.load(name)
          const isWhole = loaded && putIn(loaded.updates)
          if (!isWhole) await catchUp.forget(name)
          if (!isWhole || (loaded.updates.length === 0 && isNeverEmpty(name))) return undefined
          if (loaded.updates.length > manyUpdates)
            void documents.compact(name, loaded, Y.encodeStateAsUpdate(doc))
          const opened = (await values.get(about, aboutShape))?.confirmedAt
          const caughtUp = catchUp.confirmedAt(name)
          return opened === undefined ? caughtUp : Math.max(opened, caughtUp ?? 0)
        },
        confirm(at) {
          confirmed = at
          soon()
        },
        async drop() {
          isVoid = true
          await writing
          await catchUp.forget(name)
        },
        async close() {
          doc.off('update', onUpdate)
          stopListening()
          await write()
        },
      }
    },
  }
}

/** A chart holds its patient at least. Nothing of it on this device is a loss, not an answer. */
function isNeverEmpty(name: string): boolean {
  const parsed = parseDocumentName(name)
  return isDocumentName(parsed) && parsed.kind === 'chart'
}
