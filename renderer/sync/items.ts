import { z } from 'zod'
import type { Commit, CommittedEntry, Entry } from '../../domain/entries/entry.ts'
import { entryIdPattern } from '../../domain/entries/entry.ts'

/**
 * Takes one item `<id>@<origin>` of a document's `entries` into a list by id; the commits of one entry in several
 * regions are joined. What is no item is left aside: the region checks entries before it commits them, so this is
 * a look at the shape only.
 */
export function joinItem(entries: Map<string, CommittedEntry>, key: string, value: unknown): void {
  const id = key.slice(0, key.indexOf('@'))
  if (!entryIdPattern.test(id)) return
  const parsed = itemShape.safeParse(value)
  if (!parsed.success) return
  const { commit, ...entry } = parsed.data
  const known = entries.get(id)
  if (known?.commits.some((c) => c.origin === commit.origin && c.seq === commit.seq)) return
  entries.set(id, {
    id,
    // The loose shape keeps every field; those that are read here are checked.
    entry: known?.entry ?? (entry as unknown as Entry),
    commits: [...(known?.commits ?? []), commit satisfies Commit],
  })
}

const itemShape = z.looseObject({
  document: z.string(),
  subject: z.string(),
  aspects: z.record(z.string(), z.unknown()),
  supersedes: z.array(z.string()),
  lamport: z.number(),
  author: z.looseObject({ user: z.string(), role: z.string(), organisation: z.string() }),
  recordedAt: z.string(),
  commit: z.object({ origin: z.string(), seq: z.number(), epoch: z.number() }),
})
