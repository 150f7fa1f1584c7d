import type { Json } from '../entries/canonical.ts'
import { type Commit, type CommittedEntry, type Entry, entryId } from '../entries/entry.ts'
import { type SubjectState, subjectsOf } from '../entries/heads.ts'

/** What a test wants to say about an entry; the rest is filled in. */
export type Told = Partial<Entry> & { aspects: { [aspect: string]: Json }; commits?: Commit[] }

/** An entry for tests, with its id, committed once in `frankfurt.1` unless told otherwise. */
export function committed({ commits, ...told }: Told): CommittedEntry {
  const entry: Entry = {
    schema: 1,
    minReader: 1,
    document: 'chart/p1',
    subject: 'AllergyIntolerance/a1',
    supersedes: [],
    lamport: 1,
    author: { user: 'physician.frankfurt', role: 'physician', organisation: 'Frankfurt General' },
    device: 'test-device',
    deviceSeq: 1,
    recordedAt: '2026-11-24T09:00:00Z',
    rules: 1,
    ...told,
  }
  return { id: entryId(entry), entry, commits: commits ?? [{ origin: 'frankfurt.1', seq: 1, epoch: 1 }] }
}

/** The state of the one subject that these entries are about. */
export function stateOf(entries: Iterable<CommittedEntry>): SubjectState {
  const [state, ...others] = subjectsOf(entries).values()
  if (!state || others.length > 0) throw new Error('these entries are not about one subject')
  return state
}
