import { canonicalJson, type Json } from '../../domain/entries/canonical.ts'
import { type CommittedEntry, type Entry, entryId } from '../../domain/entries/entry.ts'
import { type Change, climb, type Ladder, onTheWay } from './ladder.ts'
import { createSubmitter, type Submitter } from './submit.ts'

/** The changes of this window: proposes them, and keeps how far each got. */
export type Changes = {
  ladder(): Ladder
  onChange(listener: () => void): () => void
  /** Proposes entries of one patient. Answers with their ids. */
  propose(patientId: string, statements: readonly { entry: Entry; about: string }[]): string[]
  /** Proposes again what an earlier session of the same person could not send. */
  resume(waiting: readonly Change[]): void
  retry(id: string): void
  dismiss(id: string): void
  stop(): void
}

export type ChangesDeps = {
  sync: string
  token: () => Promise<string | undefined>
  now: () => number
  random: () => number
}

export function createChanges(deps: ChangesDeps): Changes {
  let ladder: Ladder = new Map()
  const listeners = new Set<() => void>()
  const step = (event: Parameters<typeof climb>[1]) => {
    ladder = climb(ladder, event, deps.now())
    for (const listener of listeners) listener()
  }
  const submitter: Submitter = createSubmitter({
    sync: deps.sync,
    token: deps.token,
    random: deps.random,
    onAcked: (acks) => step({ type: 'acked', acks }),
    onRefused: (refusals) => step({ type: 'refused', refusals }),
  })
  const submit = ({ id, entry }: Pick<Change, 'id' | 'entry'>) =>
    submitter.propose({ id, text: canonicalJson(entry as unknown as Json) })

  return {
    ladder: () => ladder,
    onChange(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    propose(patientId, statements) {
      return statements.map(({ entry, about }) => {
        const id = entryId(entry)
        // On the ladder first: the answer must find it there.
        step({ type: 'proposed', change: { id, entry, patientId, about } })
        submit({ id, entry })
        return id
      })
    },
    resume(waiting) {
      for (const { rung: _, since: __, ...change } of waiting) {
        step({ type: 'proposed', change })
        submit(change)
      }
    },
    retry(id) {
      const change = ladder.get(id)
      if (change?.rung.at !== 'refused') return
      step({ type: 'retried', id })
      submit(change)
    },
    dismiss: (id) => step({ type: 'dismissed', id }),
    stop: () => submitter.stop(),
  }
}

/**
 * The entries of this window that a document does not hold yet: on their way, or saved and not yet come back.
 * They are shown on top of the document, marked; a refused one is not among them.
 */
export function overlayOf(ladder: Ladder, document: string, held: ReadonlySet<string>): CommittedEntry[] {
  return [...ladder.values()]
    .filter(({ id, entry, rung }) => entry.document === document && rung.at !== 'refused' && !held.has(id))
    .map(({ id, entry }) => ({ id, entry, commits: [] }))
}

/** True while closing the window would lose something. */
export function wouldBeLost(ladder: Ladder): boolean {
  return onTheWay(ladder).length > 0
}
