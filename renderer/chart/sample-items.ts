import type { CommittedEntry } from '../../domain/entries/entry.ts'
import { subjectsOf } from '../../domain/entries/heads.ts'
import { resourceOf } from '../../domain/fhir/present.ts'
import type { FhirResource } from '../../domain/fhir/resource.ts'
import { type Author, entryOf } from './author.ts'
import type { Item } from './record.ts'

/** Items of a chart for tests: each resource as one committed entry of a clinician. */

let count = 0

const author: Author = {
  user: {
    id: 'physician.london',
    name: 'Dr Amelia Hart',
    role: 'physician',
    organisation: 'London Royal Infirmary',
  },
  device: 'sample',
  nextDeviceSeq: () => ++count,
  now: '2026-11-20T09:30:00+00:00',
  newId: () => `sample-${++count}`,
}

export function itemFor(resource: FhirResource, concurrent: readonly FhirResource[] = []): Item {
  const id = resource.id ?? `r${++count}`
  const entries = [resource, ...concurrent].map((one): CommittedEntry => {
    const entry = entryOf({ ...one, id }, 'p1', { entries: new Map(), subjects: new Map() }, author)
    return { id: `entry-${++count}`, entry, commits: [{ origin: 'london.1', seq: count, epoch: 1 }] }
  })
  const [state] = subjectsOf(entries).values()
  if (!state) throw new Error('a sample has one subject')
  return { subject: state.subject, resource: resourceOf(state), state, mine: [], onItsWay: false }
}
