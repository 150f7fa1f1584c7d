import type { StoredChange } from '../replica/stored-change.ts'
import type { Change, Ladder } from '../sync/ladder.ts'

/**
 * What has not reached its last rung: the changes of this window's ladder of which a rung is missing, and what the outbox
 * holds besides, from another window or from a file. The latest statement first.
 */
export function unsentOf(ladder: Ladder, stored: readonly StoredChange[]): StoredChange[] {
  const here = [...ladder.values()].filter(missesARung).map(asStored)
  const beside = stored.filter(({ id }) => !ladder.has(id))
  return [...here, ...beside].sort(
    (a, b) => Date.parse(b.entry.recordedAt) - Date.parse(a.entry.recordedAt) || (a.id < b.id ? -1 : 1),
  )
}

export function isRefused(change: StoredChange): boolean {
  return change.rung.at === 'refused'
}

function missesARung({ rung }: Change): boolean {
  return rung.at !== 'saved' || rung.also.length === 0
}

const stored = new WeakMap<Change, StoredChange>()

/** The same object for the same change, so that a row is drawn anew only when its change has changed. */
function asStored(change: Change): StoredChange {
  const known = stored.get(change)
  if (known) return known
  const { id, entry, patientId, about, rung, since } = change
  const made: StoredChange = {
    id,
    entry,
    patientId,
    about,
    at: since,
    rung: rung.at === 'saved' ? { at: 'saved', region: rung.region } : rung,
  }
  stored.set(change, made)
  return made
}
