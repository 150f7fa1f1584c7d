import { z } from 'zod'
import { chartOf, journalOf } from '../../domain/documents/document-name.ts'
import type { Replica } from '../replica/open-replica.ts'
import {
  type CatchUpAction,
  type CatchUpCore,
  type Cursor,
  createCatchUpCore,
  noCursor,
} from './catch-up-core.ts'
import type { Connection, Send } from './connection.ts'
import type { Windows } from './windows.ts'

/**
 * Keeps this device's copies of every patient on the list current, over the one connection, so that a chart that was never
 * opened here can be read when no region answers. The window that leads does it for all.
 *
 * Invariants
 * 1. The cursor is kept behind everything that it covers.
 * 2. A copy that any window has given up is not held any more, whatever an answer that was under way says.
 */
export type CatchUp = {
  /** These patients are on the list. */
  patients(ids: readonly string[]): void
  /** When all of a document was confirmed last, ms since 1970; undefined if it is not among what is kept current. */
  confirmedAt(document: string): number | undefined
  /** Something of what `confirmedAt` answers has changed. */
  onChange(listener: () => void): () => void
  /** The copy of a document is no good: it goes, and is asked for anew. */
  forget(document: string): Promise<void>
  /** The stored copy of a document has gone, whichever window gave it up. */
  onForgotten(listener: (document: string) => void): () => void
  /** This window does it for all, until the answer is called. */
  lead(connection: Pick<Connection, 'join'>): () => void
}

export type CatchUpDeps = {
  replica: Pick<Replica, 'documents' | 'values'>
  windows: Pick<Windows, 'tell' | 'onTold' | 'exclusively'>
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
const namesShape = z.array(z.string())
/** A connection that lives long asks again, in ms. */
const askEveryMs = 30_000
/** Journals of this year and so many before, and of no year. */
const yearsBefore = 4

/** Begins where the last window of this person ended. */
export async function createCatchUp({ replica, windows, now, every }: CatchUpDeps): Promise<CatchUp> {
  const { documents, values } = replica
  let held: ReadonlySet<string> = new Set()
  let confirmedAt: number | undefined
  let wanted: readonly string[] = []
  let leading: { core: CatchUpCore; run: (actions: readonly CatchUpAction[]) => void } | undefined
  const listeners = new Set<() => void>()

  const tellHere = () => {
    for (const listener of listeners) listener()
  }
  /** What is kept of it. */
  const read = async () => {
    const cursor = await values.get('cursor', cursorShape)
    held = new Set((cursor && (await values.get('held', namesShape))) ?? [])
    confirmedAt = cursor?.confirmedAt
    tellHere()
    return cursor
  }
  await read()

  const forgotten = async () => (await values.get('forgotten', namesShape)) ?? []

  const forgetters = new Set<(document: string) => void>()
  const tellForgotten = (document: string) => {
    for (const listener of [...forgetters]) listener(document)
  }

  const want = (ids: readonly string[]) => {
    wanted = chartsFirst(ids, new Date(now()).getFullYear())
    leading?.run(leading.core.want(wanted))
  }

  windows.onTold((news) => {
    if (news.type === 'patients') want(news.ids)
    if (news.type === 'forgotten') tellForgotten(news.document)
    if (leading && news.type === 'forgotten') {
      leading.core.forget(news.document)
      leading.run(leading.core.ask())
    } else if (!leading && (news.type === 'caught-up' || news.type === 'forgotten'))
      void read().catch(() => undefined)
  })

  /**
   * Written down before anything goes, for whoever keeps the next cursor. On a device without room for that nothing
   * is held any more, and whoever leads begins anew: to take something away needs no room.
   */
  const unhold = async (document: string) => {
    held = new Set([...held].filter((name) => name !== document))
    // Whoever leads keeps the next cursor itself, and knows.
    const lost = leading ? undefined : [...new Set([...(await forgotten()), document])]
    const isTold = !lost || (await values.put('forgotten', lost)).outcome === 'written'
    if (isTold && (await values.put('held', [...held])).outcome === 'written') return
    for (const name of ['leader', 'cursor', 'held']) await values.remove(name)
    held = new Set()
    confirmedAt = undefined
  }

  /** First nothing says any more that it is whole, also to a window that begins in between; then it goes. Has it gone? */
  const drop = (document: string) =>
    windows.exclusively('cursor', async () => {
      await unhold(document)
      await values.remove(copyRecord(document))
      const { outcome } = await documents.drop(document)
      tellForgotten(document)
      windows.tell({ type: 'forgotten', document })
      return outcome === 'written'
    })

  /** From where the device really is: what is kept, without what was given up since. Whatever led before keeps nothing more. */
  const takeLead = (leader: string) =>
    windows.exclusively('cursor', async () => {
      const cursor = await read()
      const lost = await forgotten()
      await values.put('leader', leader)
      const here = [...held].filter((document) => !lost.includes(document))
      return createCatchUpCore(cursor ? { ...cursor, held: here } : noCursor)
    })

  /** The documents first: what is held may be ahead of the cursor, never behind it. False if this leads no more. */
  const keep = (leader: string, core: CatchUpCore, request: number, { held: next, ...at }: Cursor) =>
    windows.exclusively('cursor', async () => {
      if ((await values.get('leader', z.string())) !== leader) return false
      const lost = await forgotten()
      for (const document of lost) core.forget(document)
      const names = next.filter((document) => !core.wasForgotten(document, request))
      const same = names.length === held.size && names.every((document) => held.has(document))
      if (!same && (await values.put('held', names)).outcome !== 'written') return true
      if (lost.length > 0) await values.remove('forgotten')
      held = new Set(names)
      const kept = { ...at, confirmedAt: now() }
      if ((await values.put('cursor', kept)).outcome !== 'written') return true
      confirmedAt = kept.confirmedAt
      tellHere()
      windows.tell({ type: 'caught-up' })
      return true
    })

  function lead(connection: Pick<Connection, 'join'>): () => void {
    /** Something could not be written: the cursor stays where it was, and what it does not cover is asked for again. */
    let incomplete = false
    let leader = ''
    let ended = false
    let send: Send | undefined
    let end = () => {}
    /** One action after the other: a cursor is kept behind what it covers. */
    let carried: Promise<unknown> = Promise.resolve()

    const carryOut = async (core: CatchUpCore, action: Exclude<CatchUpAction, { do: 'send' }>) => {
      if (ended || leading?.core !== core) return
      switch (action.do) {
        case 'store':
          if ((await documents.append(action.document, [action.update])).outcome !== 'written')
            incomplete = true
          return
        case 'drop':
          // What the disk has kept is asked for again, and is void again then.
          if (!(await drop(action.document))) incomplete = true
          return
        case 'keep-cursor':
          if (incomplete || !(await keep(leader, core, action.request, action.cursor))) await goBack()
      }
    }

    /** Asks at the next turn. */
    const goBack = async () => {
      leader = crypto.randomUUID()
      const core = await takeLead(leader)
      if (ended) return
      incomplete = false
      const run = (actions: readonly CatchUpAction[]) => {
        if (leading?.core !== core) return
        for (const action of actions)
          if (action.do === 'send') send?.(action.bytes)
          else
            carried = carried
              .then(() => carryOut(core, action))
              .catch(() => {
                incomplete = true
              })
      }
      leading = { core, run }
      run(core.want(wanted))
    }

    const begin = async () => {
      // Another window may have led until now.
      await goBack()
      if (ended) return
      /** Who has been told that there is a connection. */
      let told: CatchUpCore | undefined
      const ask = () => {
        if (!send || !leading) return
        const isNew = told !== leading.core
        told = leading.core
        leading.run(isNew ? told.opened() : told.ask())
      }
      const leave = connection.join({
        opened(over) {
          send = over
          ask()
        },
        hear: (frame) => leading?.run(leading.core.hear(frame)),
        closed() {
          send = undefined
          told = undefined
          leading?.core.closed()
        },
      })
      const stop = every(askEveryMs, ask)
      end = () => {
        leave()
        stop()
        leading = undefined
      }
    }
    void begin().catch(() => undefined)

    return () => {
      ended = true
      end()
    }
  }

  return {
    async forget(document) {
      leading?.core.forget(document)
      await drop(document)
      // Where it has begun anew meanwhile, from what was kept before.
      leading?.core.forget(document)
    },
    onForgotten(listener) {
      forgetters.add(listener)
      return () => forgetters.delete(listener)
    },
    confirmedAt: (document) => (held.has(document) ? confirmedAt : undefined),
    onChange(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    patients(ids) {
      want(ids)
      if (!leading) windows.tell({ type: 'patients', ids: [...ids] })
    },
    lead,
  }
}

/**
 * What is asked for, in the order in which it is to come: first every patient's chart. Of a list that is too long for one
 * question the oldest journals are left out.
 */
function chartsFirst(patients: readonly string[], thisYear: number): string[] {
  const all = patients.map((id) => documentsOf(id, thisYear))
  return (all[0] ?? []).flatMap((_, rank) => all.flatMap((documents) => documents[rank] ?? []))
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
