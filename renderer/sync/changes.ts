import { canonicalJson, type Json } from '../../domain/entries/canonical.ts'
import { type CommittedEntry, type Entry, entryId } from '../../domain/entries/entry.ts'
import type { Outbox, StoredChange, StoredRung, Written } from '../replica/outbox.ts'
import { type Change, climb, type Ladder, type LadderEvent } from './ladder.ts'
import { createSubmitter, type Submitter, type SubmitterDeps } from './submit.ts'

/**
 * The changes of this person on this device: keeps them, proposes them, and knows how far each got.
 *
 * Invariants
 * 1. A change is in the outbox before it is on the ladder, and so before any screen shows it.
 * 2. It leaves the outbox when a second region has flushed it, or when a person puts it aside; nothing else removes it.
 * 3. What an earlier window left there is proposed again.
 */
export type Changes = {
  ladder(): Ladder
  onChange(listener: () => void): () => void
  /** Keeps statements about one patient and proposes them. Resolves when they are kept, or with why they are not. */
  propose(patientId: string, statements: readonly { entry: Entry; about: string }[]): Promise<Proposed>
  retry(id: string): void
  dismiss(id: string): void
  stop(): void
}

/** Ids of the entries; or why the device could not keep them: then nothing was proposed. */
export type Proposed = { outcome: 'kept'; ids: string[] } | Exclude<Written, { outcome: 'written' }>

export type ChangesDeps = {
  outbox: Outbox
  sync: string
  token: () => Promise<string | undefined>
  now: () => number
  random: () => number
  catchUp: SubmitterDeps['also']
}

/** Begins with what the outbox holds. */
export async function createChanges(deps: ChangesDeps): Promise<Changes> {
  const { outbox, now } = deps
  const { changes: left } = await outbox.all()
  let ladder: Ladder = new Map(left.map((stored) => [stored.id, onLadder(stored)]))
  const listeners = new Set<() => void>()
  const step = (event: LadderEvent) => {
    ladder = climb(ladder, event, now())
    for (const listener of listeners) listener()
  }
  /** Writes down which rungs these have reached. A device that cannot write proposes again what it knows less of. */
  const keep = (ids: readonly string[]) => {
    for (const id of ids) {
      const change = ladder.get(id)
      if (change) void outbox.set(inOutbox(change))
    }
  }
  const submitter: Submitter = createSubmitter({
    sync: deps.sync,
    token: deps.token,
    random: deps.random,
    also: deps.catchUp,
    onAcked(acks) {
      step({ type: 'acked', acks })
      keep(acks.map(({ id }) => id))
    },
    onElsewhere(ids, regions) {
      step({ type: 'elsewhere', ids, regions })
      void outbox.remove(ids)
    },
    onRefused(refusals) {
      step({ type: 'refused', refusals })
      keep(refusals.map(({ id }) => id))
    },
  })
  const submit = ({ id, entry }: Pick<Change, 'id' | 'entry'>) =>
    submitter.propose({ id, text: canonicalJson(entry as unknown as Json) })
  for (const change of ladder.values()) if (change.rung.at !== 'refused') submit(change)

  return {
    ladder: () => ladder,
    onChange(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    async propose(patientId, statements) {
      const fresh = statements.map(({ entry, about }) => ({ id: entryId(entry), entry, patientId, about }))
      const at = now()
      const written = await outbox.put(
        fresh.map((one) => inOutbox({ ...one, rung: { at: 'device' }, since: at })),
      )
      if (written.outcome !== 'written') return written
      for (const change of fresh) {
        // On the ladder first: the answer must find it there.
        step({ type: 'proposed', change })
        submit(change)
      }
      return { outcome: 'kept', ids: fresh.map(({ id }) => id) }
    },
    retry(id) {
      const change = ladder.get(id)
      if (change?.rung.at !== 'refused') return
      step({ type: 'retried', id })
      keep([id])
      submit(change)
    },
    dismiss(id) {
      if (ladder.get(id)?.rung.at !== 'refused') return
      step({ type: 'dismissed', id })
      void outbox.remove([id])
    },
    stop: () => submitter.stop(),
  }
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
