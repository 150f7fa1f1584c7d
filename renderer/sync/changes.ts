import { canonicalJson, type Json } from '../../domain/entries/canonical.ts'
import { type CommittedEntry, type Entry, entryId } from '../../domain/entries/entry.ts'
import type { Outbox, StoredChange, StoredRung, Written } from '../replica/outbox.ts'
import { packChange, unpackChange } from '../replica/stored-change.ts'
import type { Connection } from './connection.ts'
import { type Change, climb, type Ladder, type LadderEvent } from './ladder.ts'
import { createSubmitter, type Submitter } from './submit.ts'
import { worthAnotherTry } from './submit-core.ts'
import type { News, Windows } from './windows.ts'

/**
 * The changes of this person on this device: keeps them, has them proposed, and knows how far each got, in whichever
 * window it was made.
 *
 * Invariants
 * 1. A change is in the outbox before it is on the ladder, and so before any screen shows it.
 * 2. It leaves the outbox when a second region has flushed it, or when a person puts it aside; nothing else removes it.
 * 3. Whatever is in the outbox is proposed by the window that leads, and by the next one when that one has gone.
 *    So is what a window has kept and could not tell of any more.
 * 4. A rung is written down and told to the other windows by the window that climbed it.
 */
export type Changes = {
  ladder(): Ladder
  onChange(listener: () => void): () => void
  /** Keeps statements about one patient and proposes them. Resolves when they are kept, or with why they are not. */
  propose(patientId: string, statements: readonly { entry: Entry; about: string }[]): Promise<Proposed>
  /** Keeps changes that were made elsewhere, on the rung that they had there. Those that are here already stay as they are. */
  adopt(changes: readonly StoredChange[]): Promise<Proposed>
  retry(id: string): void
  dismiss(id: string): void
  /** This window proposes for all, until the answer is called. */
  lead(connection: Pick<Connection, 'join' | 'want' | 'region'>): () => void
}

/** Ids of the entries; or why the device could not keep them: then nothing was proposed. */
export type Proposed = { outcome: 'kept'; ids: string[] } | Exclude<Written, { outcome: 'written' }>

export type ChangesDeps = {
  outbox: Pick<Outbox, 'put' | 'set' | 'remove' | 'all'>
  windows: Pick<Windows, 'tell' | 'onTold'>
  /** Milliseconds since 1970. */
  now: () => number
  random: () => number
  /** Calls back once after so many ms; the answer takes it back. */
  after: (ms: number, then: () => void) => () => void
}

/**
 * How often the window that leads looks into the outbox, in ms: a window that was killed, or signed out of, between its
 * write and its word has told nobody.
 */
const lookAgainMs = 10_000

/** Begins with what the outbox holds. */
export async function createChanges(deps: ChangesDeps): Promise<Changes> {
  const { outbox, windows, now } = deps
  let ladder: Ladder = new Map()
  let submitter: Submitter | undefined
  /** A second region has flushed these: they have left the outbox. */
  const safe = new Set<string>()
  /** These have left the ladder, and leave the outbox: who reads it meanwhile does not bring them back. */
  const dismissed = new Set<string>()
  const listeners = new Set<() => void>()
  // What other windows say while the outbox is read comes after what was read.
  const early: News[] = []
  let begun = false
  windows.onTold((news) => (begun ? hear(news) : early.push(news)))

  const step = (event: LadderEvent) => {
    ladder = climb(ladder, event, now())
    for (const listener of listeners) listener()
  }

  /** Puts what is in the outbox on the ladder, where it is not there yet. Resolves to what was not. */
  const readOutbox = async () => {
    const { changes } = await outbox.all()
    const fresh = changes.filter(({ id }) => !ladder.has(id) && !dismissed.has(id))
    if (fresh.length === 0) return fresh
    ladder = new Map([...ladder, ...fresh.map((stored) => [stored.id, onLadder(stored)] as const)])
    for (const listener of listeners) listener()
    return fresh
  }

  /** One write after the other, and told after it: a window that begins meanwhile reads it, or hears it. */
  let writing: Promise<unknown> = Promise.resolve()
  const writeAndTell = (write: () => Promise<unknown>, news: News) => {
    writing = writing
      .then(write)
      .catch(() => undefined)
      .then(() => windows.tell(news))
  }
  /** Writes down which rungs these have reached. A device that cannot write proposes again what it knows less of. */
  const keep = (ids: readonly string[], news: News) =>
    writeAndTell(async () => {
      const changes = ids.flatMap((id) => ladder.get(id) ?? [])
      await Promise.all(changes.map((change) => outbox.set(inOutbox(change))))
    }, news)

  const submit = ({ id, entry }: Pick<Change, 'id' | 'entry'>) =>
    submitter?.propose({ id, text: canonicalJson(entry as unknown as Json) })
  const submitAll = (ids: readonly string[]) => {
    for (const id of ids) {
      const change = ladder.get(id)
      if (change && change.rung.at !== 'refused' && !safe.has(id)) submit(change)
    }
  }
  const retry = (ids: readonly string[]) => {
    step({ type: 'retried', ids })
    keep(ids, { type: 'retried', ids: [...ids] })
  }

  const hear = (news: News) => {
    switch (news.type) {
      case 'proposed': {
        const changes = news.changes.flatMap((text) => unpackChange(text) ?? [])
        step({ type: 'proposed', changes: changes.map(onLadder) })
        submitAll(changes.map(({ id }) => id))
        return
      }
      case 'retried':
        step(news)
        submitAll(news.ids)
        return
      case 'dismissed':
        for (const id of news.ids) dismissed.add(id)
        step(news)
        for (const id of news.ids) submitter?.takeBack(id)
        return
      case 'elsewhere':
        for (const id of news.ids) safe.add(id)
        step(news)
        return
      case 'acked':
      case 'refused':
        step(news)
    }
  }

  const tellProposed = (stored: readonly StoredChange[]) => {
    const packed = stored.map(packChange).flatMap((one) => ('text' in one ? one.text : []))
    windows.tell({ type: 'proposed', changes: packed })
  }

  const put = async (stored: readonly StoredChange[]): Promise<Proposed> => {
    const written = await outbox.put(stored)
    if (written.outcome !== 'written') return written
    for (const { id } of stored) dismissed.delete(id)
    tellProposed(stored)
    // On the ladder first: the answer must find it there.
    step({ type: 'proposed', changes: stored.map(onLadder) })
    const ids = stored.map(({ id }) => id)
    submitAll(ids)
    return { outcome: 'kept', ids }
  }

  await readOutbox()
  begun = true
  for (const news of early) hear(news)

  return {
    ladder: () => ladder,
    onChange(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    propose(patientId, statements) {
      const at = now()
      const made = statements.map(
        ({ entry, about }): StoredChange => ({
          id: entryId(entry),
          entry,
          patientId,
          about,
          at,
          rung: { at: 'device' },
        }),
      )
      return put(made)
    },
    adopt: put,
    retry(id) {
      if (ladder.get(id)?.rung.at !== 'refused') return
      retry([id])
      submitAll([id])
    },
    dismiss(id) {
      if (ladder.get(id)?.rung.at !== 'refused') return
      dismissed.add(id)
      step({ type: 'dismissed', ids: [id] })
      writeAndTell(() => outbox.remove([id]), { type: 'dismissed', ids: [id] })
      submitter?.takeBack(id)
    },
    lead(connection) {
      const mine = createSubmitter({
        connection,
        random: deps.random,
        after: deps.after,
        onAcked(acks, by) {
          step({ type: 'acked', acks, by })
          const ids = acks.map(({ id }) => id)
          keep(ids, { type: 'acked', acks: [...acks], by })
        },
        onElsewhere(ids, regions) {
          for (const id of ids) safe.add(id)
          step({ type: 'elsewhere', ids, regions })
          const news: News = { type: 'elsewhere', ids: [...ids], regions: [...regions] }
          writeAndTell(() => outbox.remove(ids), news)
        },
        onRefused(refusals) {
          step({ type: 'refused', refusals })
          const ids = refusals.map(({ id }) => id)
          keep(ids, { type: 'refused', refusals: [...refusals] })
        },
        onRetried: retry,
      })
      submitter = mine
      const proposeAll = () => {
        if (submitter !== mine) return
        const forNow = [...ladder.values()].filter(isRefusedForNow).map(({ id }) => id)
        if (forNow.length > 0) retry(forNow)
        submitAll([...ladder.keys()])
      }
      proposeAll()
      // The window that led before may have gone with something unsaid.
      void readOutbox()
        .then(proposeAll)
        .catch(() => undefined)
      const look = async () => {
        const fresh = await readOutbox()
        if (submitter !== mine || fresh.length === 0) return
        tellProposed(fresh)
        submitAll(fresh.map(({ id }) => id))
      }
      let cancelLook = () => {}
      const lookLater = () => {
        cancelLook = deps.after(lookAgainMs, () => {
          void look().catch(() => undefined)
          lookLater()
        })
      }
      lookLater()
      return () => {
        cancelLook()
        mine.stop()
        if (submitter === mine) submitter = undefined
      }
    },
  }
}

/** Another region, or the same one later, may take it. */
function isRefusedForNow({ rung }: Change): boolean {
  return rung.at === 'refused' && worthAnotherTry.has(rung.code)
}

function inOutbox({ id, entry, patientId, about, rung, since }: Change): StoredChange {
  const stored: StoredRung = rung.at === 'saved' ? { at: 'saved', region: rung.region } : rung
  return { id, entry, patientId, about, at: since, rung: stored }
}

function onLadder({ rung, at, ...change }: StoredChange): Change {
  return { ...change, since: at, rung: rung.at === 'saved' ? { ...rung, also: [] } : rung }
}

/**
 * The entries of this device that a document does not hold yet: on their way, or saved and not yet come back.
 * They are shown on top of the document, marked; a refused one is not among them.
 */
export function overlayOf(ladder: Ladder, document: string, held: ReadonlySet<string>): CommittedEntry[] {
  return [...ladder.values()]
    .filter(({ id, entry, rung }) => entry.document === document && rung.at !== 'refused' && !held.has(id))
    .map(({ id, entry }) => ({ id, entry, commits: [] }))
}
