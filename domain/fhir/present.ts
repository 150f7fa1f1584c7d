import type { Json } from '../entries/canonical.ts'
import type { CommittedEntry } from '../entries/entry.ts'
import type { SubjectState } from '../entries/heads.ts'
import { compose } from './compose.ts'
import { narrativeOf } from './narrative.ts'
import { asObject, type FhirResource } from './resource.ts'
import { versionIdOf } from './version-id.ts'

/**
 * A resource as the chart shows it: of every aspect the first head, with `text`, `meta.versionId` and
 * `meta.lastUpdated` made anew. A function of the set of entries, equal byte for byte in every region.
 */
export function resourceOf(state: SubjectState): FhirResource {
  const shown = new Map<string, Json>()
  for (const [aspect, [head]] of state.heads) {
    const value = head?.entry.aspects[aspect]
    if (value !== undefined) shown.set(aspect, value)
  }
  const resource = compose(state.subject, shown)
  const entries = [...state.entries.values()]
  return {
    ...resource,
    meta: {
      ...asObject(resource['meta']),
      versionId: versionIdOf(entries),
      lastUpdated: lastUpdatedOf(entries),
    },
    text: { status: 'generated', div: narrativeOf(resource) },
  }
}

/**
 * The latest `recordedAt` of these entries, as it was written. Instants are compared; of equal ones the highest text
 * is taken. An empty list gives the empty text.
 */
export function lastUpdatedOf(entries: Iterable<Pick<CommittedEntry, 'entry'>>): string {
  let latest = ''
  for (const { entry } of entries) {
    const ahead = latest === '' ? 1 : Date.parse(entry.recordedAt) - Date.parse(latest)
    if (ahead > 0 || (ahead === 0 && entry.recordedAt > latest)) latest = entry.recordedAt
  }
  return latest
}
