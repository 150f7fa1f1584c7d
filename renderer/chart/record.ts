import { chartOf } from '../../domain/documents/document-name.ts'
import type { CommittedEntry, Entry } from '../../domain/entries/entry.ts'
import { type SubjectState, subjectsOf } from '../../domain/entries/heads.ts'
import { resourceOf } from '../../domain/fhir/present.ts'
import { asText, type FhirResource } from '../../domain/fhir/resource.ts'
import { overlayOf } from '../sync/changes.ts'
import type { DocumentState } from '../sync/documents.ts'
import type { Ladder } from '../sync/ladder.ts'

/** A patient's record as this window shows it: what regions committed, with what this window proposed on top. */
export type PatientRecord = {
  patient: FhirResource | undefined
  /** Type → its items, without the patient. */
  items: ReadonlyMap<string, readonly Item[]>
  subjects: ReadonlyMap<string, SubjectState>
  /** Document → its entries, the proposed ones included. */
  entries: ReadonlyMap<string, readonly CommittedEntry[]>
  /** The chart document has arrived whole: what it lacks is not there. */
  complete: boolean
  /** So have all journals that are open. */
  journalsComplete: boolean
  /**
   * When a region last confirmed all that is shown, ms since 1970: the oldest of the copies that are shown. `now` while all
   * are live, undefined if some were never confirmed.
   */
  confirmedAt: number | 'now' | undefined
}

/** One clinical thing. */
export type Item = {
  subject: string
  resource: FhirResource
  state: SubjectState
  /** Ids of entries of this window that it shows; the ladder knows their rungs. */
  mine: readonly string[]
  /** At least one of them has reached no region yet. */
  onItsWay: boolean
}

export function readRecord(
  patientId: string,
  documents: ReadonlyMap<string, DocumentState>,
  ladder: Ladder,
): PatientRecord {
  const entries = new Map<string, readonly CommittedEntry[]>()
  for (const [name, { entries: committed, held }] of documents)
    entries.set(name, [...committed, ...overlayOf(ladder, name, held)])
  const subjects = subjectsOf([...entries.values()].flat())
  const items = new Map<string, Item[]>()
  let patient: FhirResource | undefined
  for (const state of subjects.values()) {
    const resource = resourceOf(state)
    if (resource.resourceType === 'Patient') {
      if (resource.id === patientId) patient = resource
      continue
    }
    const mine = [...state.entries.keys()].filter((id) => ladder.has(id))
    const list = items.get(resource.resourceType) ?? []
    list.push({
      subject: state.subject,
      resource,
      state,
      mine,
      onItsWay: mine.some((id) => ladder.get(id)?.rung.at === 'device'),
    })
    items.set(resource.resourceType, list)
  }
  const states = [...documents]
  return {
    patient,
    items,
    subjects,
    entries,
    complete: documents.get(chartOf(patientId))?.complete ?? false,
    journalsComplete: states.every(([, { complete }]) => complete),
    confirmedAt: confirmed(states.map(([, state]) => state)),
  }
}

function confirmed(states: readonly DocumentState[]): number | 'now' | undefined {
  if (!states.every(({ complete }) => complete)) return undefined
  const copies = states.flatMap(({ confirmedAt }) => confirmedAt ?? [])
  return copies.length === 0 ? 'now' : Math.min(...copies)
}

export function itemsOf(record: PatientRecord, type: string): readonly Item[] {
  return record.items.get(type) ?? []
}

/**
 * Who made the statement that is shown about an aspect, and when. Of what a system sent nobody knows the person: it is
 * the source that says so, and the time is that of its arrival.
 */
export type Stated = { by: 'user' | 'source'; who: string; when: string }

export function statedBy(item: Item, aspect: string): Stated | undefined {
  return statedIn(item.state.heads.get(aspect)?.[0]?.entry)
}

/** The same of the first statement about it. */
export function firstStated(item: Item): Stated | undefined {
  return statedIn(item.state.entries.values().next().value?.entry)
}

/** The last statement of a person about something that had been stated before, with their reason. */
export function lastChanged(item: Item): { stated: Stated; reason: string | undefined } | undefined {
  let last: Entry | undefined
  for (const heads of item.state.heads.values())
    for (const { entry } of heads)
      if (entry.supersedes.length > 0 && entry.source === undefined && entry.lamport > (last?.lamport ?? 0))
        last = entry
  const stated = statedIn(last)
  return stated && { stated, reason: last?.reason }
}

export function statedIn(entry: Entry | undefined): Stated | undefined {
  if (!entry) return undefined
  return entry.source === undefined
    ? { by: 'user', who: entry.author.user, when: entry.recordedAt }
    : { by: 'source', who: entry.source, when: entry.recordedAt }
}

/** Sorts by a FHIR date that is read from each, the latest first, undated last. */
export function latestFirst<T>(list: readonly T[], dateOf: (one: T) => string | undefined): T[] {
  const at = (one: T) => {
    const date = dateOf(one)
    const ms = date === undefined ? Number.NaN : Date.parse(date)
    return Number.isNaN(ms) ? Number.NEGATIVE_INFINITY : ms
  }
  return [...list].sort((a, b) => {
    const [x, y] = [at(a), at(b)]
    return x === y ? 0 : x < y ? 1 : -1
  })
}

/** A date of a resource in any of these elements, or the start of a period. */
export function dateIn(resource: FhirResource, ...elements: string[]): string | undefined {
  for (const element of elements) {
    const value = resource[element]
    const text =
      asText(value) ??
      (typeof value === 'object' && value !== null && !Array.isArray(value)
        ? asText(value['start'])
        : undefined)
    if (text !== undefined) return text
  }
  return undefined
}
