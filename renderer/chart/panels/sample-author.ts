import { canonicalJson, type Json } from '../../../domain/entries/canonical.ts'
import {
  type CommittedEntry,
  type Entry,
  entryId,
  isParsedEntry,
  parseEntry,
} from '../../../domain/entries/entry.ts'
import { type SubjectState, subjectsOf } from '../../../domain/entries/heads.ts'
import { isKept } from '../../../domain/fhir/kept.ts'
import { resourceOf } from '../../../domain/fhir/present.ts'
import type { FhirResource } from '../../../domain/fhir/resource.ts'
import { shapeProblem } from '../../../domain/fhir/shape.ts'
import { type Author, entryOf, type Seen } from '../author.ts'

/** Authors, and what is on the chart, for the tests of the panels. */

let count = 0
const pad = () => String(++count).padStart(12, '0')

export const author: Author = {
  user: { id: 'physician.london', name: 'Dr Amelia Hart', role: 'physician', organisation: 'London Royal' },
  device: 'window-1',
  nextDeviceSeq: () => ++count,
  now: '2026-11-24T14:02:05+00:00',
  newId: () => `00000000-0000-4000-8000-${pad()}`,
}

export const colleague: Author = {
  ...author,
  user: { ...author.user, id: 'nurse.nairobi', name: 'Grace Wanjiru' },
}

export const nothing: Seen = { entries: new Map(), subjects: new Map() }

/** Entries as a region has committed them. */
export function committed(...entries: Entry[]): CommittedEntry[] {
  return entries.map((entry) => ({ id: entryId(entry), entry, commits: [] }))
}

export function seenOf(...entries: Entry[]): Seen {
  const all = committed(...entries)
  return { entries: new Map([['chart/p1', all]]), subjects: subjectsOf(all) }
}

/** The first statement about a resource, and what the chart then shows. */
export function onChart(resource: FhirResource): { entry: Entry; seen: Seen; state: SubjectState } {
  const entry = entryOf(resource, 'p1', nothing, author)
  return { entry, ...after(entry) }
}

/** What the chart shows after these entries about one subject. */
export function after(...entries: Entry[]): { seen: Seen; state: SubjectState; shown: FhirResource } {
  const seen = seenOf(...entries)
  const [state] = seen.subjects.values()
  if (!state) throw new Error('these entries have a subject')
  return { seen, state, shown: resourceOf(state) }
}

/** Why a region, or FHIR as this product checks it, would not take an entry; nothing if both would. */
export function problemOf(entry: Entry, ...before: Entry[]): string | undefined {
  const parsed = parseEntry(JSON.parse(canonicalJson(entry as unknown as Json)))
  if (!isParsedEntry(parsed)) return parsed.detail
  const { shown } = after(...before, entry)
  return isKept(shown) ? shapeProblem(shown) : 'is not kept'
}
