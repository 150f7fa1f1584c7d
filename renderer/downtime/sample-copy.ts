import type { CommittedEntry, Entry } from '../../domain/entries/entry.ts'
import { entryId } from '../../domain/entries/entry.ts'
import type { FhirResource } from '../../domain/fhir/resource.ts'
import { type Author, entryOf } from '../chart/author.ts'
import type { PatientRow } from '../patients/worklist.ts'
import { documentsOf } from '../sync/catch-up.ts'
import type { DocumentState } from '../sync/documents.ts'
import type { Ladder, Rung } from '../sync/ladder.ts'
import { words } from '../words/words.ts'
import type { PatientCopy } from './read-copy.ts'
import type { SheetInput } from './sheet-of.ts'

/** Copies of a patient's documents for tests: each resource is one statement of a clinician who saw no other. */

export const readAt = Date.parse('2026-11-24T12:00:00Z')
const confirmedAt = Date.parse('2026-11-24T11:00:00Z')
let count = 0

const author: Author = {
  user: { id: 'physician.london', name: 'Dr Amelia Hart', role: 'physician', organisation: 'London Royal' },
  device: 'sample',
  nextDeviceSeq: () => ++count,
  now: '2026-11-20T09:30:00+00:00',
  newId: () => `sample-${++count}`,
}

export const row: PatientRow = {
  id: 'p1',
  name: 'SMITH, John (Mr)',
  born: '1985-03-04',
  gender: 'male',
  identifier: 'LRH-1',
  home: 'london',
  homeGroup: 'london-royal',
  timeZone: 'Europe/London',
  deceased: false,
}

export const patient: FhirResource = {
  resourceType: 'Patient',
  id: 'p1',
  name: [{ use: 'official', family: 'Smith', given: ['John'], prefix: ['Mr'] }],
  birthDate: '1985-03-04',
  gender: 'male',
  identifier: [{ type: { coding: [{ code: 'MR' }] }, value: 'LRH-1' }],
}

export function entryFor(resource: FhirResource): Entry {
  const id = resource.id ?? `r${++count}`
  return entryOf({ ...resource, id }, 'p1', { entries: new Map(), subjects: new Map() }, author)
}

/** What a device has: documents of which nothing is known to it are confirmed empty, or not there at all. */
export function copyOf(
  resources: readonly FhirResource[],
  change: (name: string) => Partial<DocumentState> = () => ({}),
): PatientCopy {
  const entries = resources.map((resource): CommittedEntry => {
    const entry = entryFor(resource)
    return { id: entryId(entry), entry, commits: [{ origin: 'london.1', seq: ++count, epoch: 1 }] }
  })
  const documents = new Map(
    documentsOf('p1', 2026).map((name): [string, DocumentState] => {
      const mine = entries.filter(({ entry }) => entry.document === name)
      const state: DocumentState = {
        complete: true,
        confirmedAt,
        connection: 'connecting',
        entries: mine,
        held: new Set(mine.map(({ id }) => id)),
      }
      return [name, { ...state, ...change(name) }]
    }),
  )
  return { documents, unreadable: 0 }
}

/** The changes of this person, all on one rung. */
export function ladderOf(resources: readonly FhirResource[], rung: Rung): Ladder {
  return new Map(
    resources.map((resource) => {
      const entry = entryFor(resource)
      const id = entryId(entry)
      return [id, { id, entry, patientId: 'p1', about: 'sample', rung, since: readAt }]
    }),
  )
}

export function inputOf(copy: PatientCopy, more: Partial<SheetInput> = {}): SheetInput {
  return {
    row,
    similar: false,
    copy,
    ladder: new Map(),
    readAt,
    listedAt: readAt,
    deviceZone: 'Europe/London',
    t: words.t,
    ...more,
  }
}
