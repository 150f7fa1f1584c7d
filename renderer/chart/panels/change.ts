import type { Json, JsonObject } from '../../../domain/entries/canonical.ts'
import { type CommittedEntry, type Entry, entrySchema, isReadable } from '../../../domain/entries/entry.ts'
import { nextLamport, type SubjectState, seenHeads } from '../../../domain/entries/heads.ts'
import { orderAspect, restAspect } from '../../../domain/fhir/aspect-table.ts'
import { asObject } from '../../../domain/fhir/resource.ts'
import { type Author, type Seen, statedBy } from '../author.ts'

/**
 * How a change of something that is on the chart becomes an entry. It states whole aspects, only those that changed,
 * and supersedes exactly the heads that its author saw of these (CM1, CM3).
 */

/** The value that the chart shows of each aspect: that of its first head. Removed ones are left out. */
export function shownAspects(state: SubjectState): Map<string, Json> {
  const shown = new Map<string, Json>()
  for (const [aspect, [head]] of state.heads) {
    const value = head?.entry.aspects[aspect]
    if (value !== undefined && value !== null) shown.set(aspect, value)
  }
  return shown
}

/** The elements of one aspect as the chart shows it, an empty object if nothing was stated. */
export function shownGroup(state: SubjectState, aspect: string): JsonObject {
  return asObject(shownAspects(state).get(aspect)) ?? {}
}

/** The items of a list whose items are aspects, by the aspect's name. */
export function shownItems(state: SubjectState, element: string): { aspect: string; item: JsonObject }[] {
  const order = shownGroup(state, orderAspect)[element]
  const place = new Map(Array.isArray(order) ? order.map((id, at) => [`${element}/${id}`, at]) : [])
  return [...shownAspects(state)]
    .flatMap(([aspect, value]) => {
      const item = aspect.startsWith(`${element}/`) ? asObject(value) : undefined
      return item ? [{ aspect, item }] : []
    })
    .sort((a, b) => {
      const [x, y] = [place.get(a.aspect) ?? place.size, place.get(b.aspect) ?? place.size]
      return x - y || (a.aspect < b.aspect ? -1 : 1)
    })
}

/** The aspects of a change: a value, or null to remove it. */
export type Aspects = { [aspect: string]: Json }

/** CM12: what this app cannot read whole it does not change. */
export function canBeChanged({ entries }: SubjectState): boolean {
  return [...entries.values()].every(({ entry }) => isReadable(entry))
}

/** A change of a subject that is on the chart, as an entry of the document in which its first statement lies. */
export function changeOf(
  state: SubjectState,
  aspects: Aspects,
  seen: Seen,
  author: Author,
  reason?: string,
): Entry {
  const first = state.entries.values().next().value
  if (!first) throw new TypeError('a subject on the chart has an entry')
  const { document } = first.entry
  const why = reason?.trim() ?? ''
  return {
    schema: entrySchema,
    minReader: entrySchema,
    document,
    subject: state.subject,
    aspects,
    supersedes: seenHeads(state, Object.keys(aspects)),
    lamport: nextLamport(seen.entries.get(document) ?? []),
    ...statedBy(author),
    ...(why === '' ? {} : { reason: why }),
  }
}

/** Ids of the heads of each aspect, as somebody saw them. */
export type SeenHeads = ReadonlyMap<string, readonly string[]>

export function headsOf(state: SubjectState): SeenHeads {
  return new Map([...state.heads].map(([aspect, heads]) => [aspect, heads.map(({ id }) => id).sort()]))
}

/**
 * What the author of a refused change had seen: of the aspects that it states the heads that it meant to replace, of
 * the others what the chart shows. A head that came since is then news.
 */
export function headsSeenBy(refused: Entry, state: SubjectState): SeenHeads {
  const seen = new Map(headsOf(state))
  for (const aspect of Object.keys(refused.aspects))
    seen.set(
      aspect,
      (seen.get(aspect) ?? []).filter((id) => refused.supersedes.includes(id)),
    )
  return seen
}

/** A part of a form: the aspect's name; all items of a list, and their order, are one. */
export function partOf(aspect: string): string {
  if (aspect === orderAspect) return 'reaction'
  return aspect.split('/')[0] ?? restAspect
}

/** What somebody else changed since: the part, and the statement that is shown now, if it is another one. */
export type News = { part: string; by: CommittedEntry | undefined }

export function newsSince(seen: SeenHeads, state: SubjectState): News[] {
  const news = new Map<string, News>()
  for (const aspect of new Set([...seen.keys(), ...state.heads.keys()])) {
    const before = seen.get(aspect) ?? []
    const heads = state.heads.get(aspect) ?? []
    const now = heads.map(({ id }) => id).sort()
    if (before.length === now.length && before.every((id, at) => id === now[at])) continue
    const part = partOf(aspect)
    news.set(part, { part, by: heads.find(({ id }) => !before.includes(id)) ?? news.get(part)?.by })
  }
  return [...news.values()]
}
