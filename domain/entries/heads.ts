import type { Commit, CommittedEntry, Entry } from './entry.ts'

/**
 * The heads of an aspect: the entries about it that no other entry supersedes. Supersession counts for the aspects
 * that the superseding entry itself asserts and for its own subject only.
 */
export type Subjects = ReadonlyMap<string, SubjectState>
export type SubjectState = {
  subject: string
  /** Every entry about this subject, by id. */
  entries: ReadonlyMap<string, CommittedEntry>
  /** Aspect → its heads, the one to show first. */
  heads: ReadonlyMap<string, readonly CommittedEntry[]>
}

/**
 * Sorts entries by subject and finds the heads of every aspect. A function of the set of entries: order and
 * repetition change nothing; commits of the same entry are joined.
 */
export function subjectsOf(entries: Iterable<CommittedEntry>): Map<string, SubjectState> {
  const bySubject = new Map<string, Map<string, CommittedEntry>>()
  for (const entry of entries) {
    const about = bySubject.get(entry.entry.subject) ?? new Map<string, CommittedEntry>()
    const known = about.get(entry.id)
    about.set(entry.id, { ...entry, commits: joinCommits(known?.commits ?? [], entry.commits) })
    bySubject.set(entry.entry.subject, about)
  }
  return new Map(
    [...bySubject].map(([subject, about]) => [subject, { subject, entries: about, heads: headsOf(about) }]),
  )
}

/** Each commit once, in one order, whichever was heard of first. */
function joinCommits(a: readonly Commit[], b: readonly Commit[]): Commit[] {
  const joined = new Map([...a, ...b].map((commit) => [`${commit.origin} ${commit.seq}`, commit]))
  return [...joined.values()].sort((x, y) =>
    x.origin === y.origin ? x.seq - y.seq : x.origin < y.origin ? -1 : 1,
  )
}

function headsOf(about: ReadonlyMap<string, CommittedEntry>): Map<string, CommittedEntry[]> {
  const superseded = new Map<string, Set<string>>()
  for (const { entry } of about.values())
    for (const aspect of Object.keys(entry.aspects)) {
      const gone = superseded.get(aspect) ?? new Set()
      for (const id of entry.supersedes) gone.add(id)
      superseded.set(aspect, gone)
    }
  const heads = new Map<string, CommittedEntry[]>()
  for (const candidate of about.values())
    for (const aspect of Object.keys(candidate.entry.aspects)) {
      if (superseded.get(aspect)?.has(candidate.id)) continue
      const list = heads.get(aspect) ?? []
      list.push(candidate)
      heads.set(aspect, list)
    }
  for (const list of heads.values()) list.sort(shownFirst)
  return heads
}

/** Until the merge by clinical meaning: the highest Lamport number, then the highest id. Never a clock. */
function shownFirst(a: CommittedEntry, b: CommittedEntry): number {
  return b.entry.lamport - a.entry.lamport || (a.id < b.id ? 1 : -1)
}

/** Ids that a new entry about these aspects must supersede to replace everything that its author sees. */
export function seenHeads(state: SubjectState | undefined, aspects: Iterable<string>): string[] {
  const ids = new Set<string>()
  for (const aspect of aspects) for (const head of state?.heads.get(aspect) ?? []) ids.add(head.id)
  return [...ids].sort()
}

/** The Lamport number of the next entry: one above the highest that its author has seen in the document. */
export function nextLamport(entries: Iterable<{ entry: Pick<Entry, 'lamport'> }>): number {
  let highest = 0
  for (const { entry } of entries) highest = Math.max(highest, entry.lamport)
  return highest + 1
}
