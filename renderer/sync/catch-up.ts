import { z } from 'zod'
import { chartOf, journalOf } from '../../domain/documents/document-name.ts'
import type { Frame } from '../../domain/wire/wire.ts'
import type { Replica } from '../replica/open-replica.ts'
import { type CatchUpAction, type Cursor, createCatchUpCore, noCursor } from './catch-up-core.ts'

/**
 * Keeps this device's copies of every patient on the list current, over the connection that proposes changes, so that a
 * chart that was never opened here can be read when no region answers.
 */
export type CatchUp = {
  /** These patients are on the list. */
  patients(ids: readonly string[]): void
  /** When all of a document was confirmed last, ms since 1970; undefined if it is not among what is kept current. */
  confirmedAt(document: string): number | undefined
  /** The copy of a document is about to go, or is no good: it is asked for anew. */
  forget(document: string): Promise<void>
  opened(send: (bytes: Uint8Array) => void): void
  hear(frame: Frame): void
  closed(): void
  stop(): void
}

export type CatchUpDeps = {
  replica: Pick<Replica, 'documents' | 'values'>
  /** Milliseconds since 1970. */
  now: () => number
  /** Calls again and again, every so many ms, until the answer is called. */
  every: (ms: number, act: () => void) => () => void
}

const cursorShape = z.object({
  target: z.record(z.string(), z.number()),
  proof: z.string(),
  confirmedAt: z.number(),
})
const heldShape = z.array(z.string())
/** A connection that lives long asks again, in ms. */
const askEveryMs = 30_000
/** Journals of this year and so many before, and of no year. */
const yearsBefore = 4

/** Begins where the last window of this person ended. */
export async function createCatchUp({ replica, now, every }: CatchUpDeps): Promise<CatchUp> {
  const { documents, values } = replica
  const cursor = await values.get('cursor', cursorShape)
  const start = (cursor && (await values.get('held', heldShape))) ?? []
  const core = createCatchUpCore(cursor ? { ...cursor, held: start } : noCursor)
  let held: ReadonlySet<string> = new Set(start)
  let confirmedAt = cursor?.confirmedAt
  let send: ((bytes: Uint8Array) => void) | undefined
  /** One action after the other: a cursor is kept behind what it covers. */
  let carried: Promise<void> = Promise.resolve()
  /** Something could not be written: the cursor stays where it was until the next start. */
  let incomplete = false

  async function carryOut(action: Exclude<CatchUpAction, { do: 'send' }>): Promise<void> {
    switch (action.do) {
      case 'store':
        if ((await documents.append(action.document, [action.update])).outcome !== 'written')
          incomplete = true
        return
      case 'drop':
        // First nothing says any more that it is whole, also to a window that begins in between.
        await unhold(action.document)
        await values.remove(copyRecord(action.document))
        await documents.drop(action.document)
        return
      case 'keep-cursor':
        if (!incomplete) await keep(action.cursor)
    }
  }

  async function unhold(gone: string): Promise<void> {
    held = new Set([...held].filter((document) => document !== gone))
    await values.put('held', [...held])
  }

  /** The documents first: what is held may be ahead of the cursor, never behind it. */
  async function keep({ held: next, ...at }: Cursor): Promise<void> {
    const same = next.length === held.size && next.every((document) => held.has(document))
    if (!same && (await values.put('held', next)).outcome !== 'written') return
    held = new Set(next)
    confirmedAt = now()
    await values.put('cursor', { ...at, confirmedAt })
  }

  const run = (actions: readonly CatchUpAction[]) => {
    for (const action of actions)
      if (action.do === 'send') send?.(action.bytes)
      else
        carried = carried
          .then(() => carryOut(action))
          .catch(() => {
            incomplete = true
          })
  }
  const stop = every(askEveryMs, () => run(core.ask()))

  return {
    async forget(document) {
      core.forget(document)
      await unhold(document)
    },
    confirmedAt: (document) => (held.has(document) ? confirmedAt : undefined),
    patients: (ids) => run(core.want(ids.flatMap((id) => documentsOf(id, new Date(now()).getFullYear())))),
    opened(over) {
      send = over
      run(core.opened())
    },
    hear: (frame) => run(core.hear(frame)),
    closed() {
      send = undefined
      core.closed()
    },
    stop,
  }
}

/** Documents of a patient of which copies are kept: the chart, safety notices, the journals of some years. */
export function documentsOf(patientId: string, thisYear: number): string[] {
  const years = Array.from({ length: yearsBefore + 1 }, (_, i) => String(thisYear - i))
  const journals = [...years, 'undated'].map((year) => journalOf(patientId, year))
  return [chartOf(patientId), `notices/${patientId}`, ...journals]
}

/** The name of the value that says when a document was confirmed while it was open. */
export function copyRecord(document: string): string {
  return `copy ${document}`
}
