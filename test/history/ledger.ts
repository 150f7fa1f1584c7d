import type { Draft } from '../../sync-server/store/ports.ts'

/** What became of every entry that was proposed, as its proposers heard it. */
export type Ledger = {
  proposed(draft: Draft): void
  acknowledged(id: string, commit: Commit): void
  /** Refused for good: it must be nowhere. */
  refused(id: string): void
  counts(): { proposed: number; acknowledged: number; refused: number; unknown: number }
  acknowledgements(): ReadonlyMap<string, Commit[]>
  refusals(): ReadonlySet<string>
  patients(): string[]
}

export type Commit = { origin: string; seq: number }

export function createLedger(): Ledger {
  const proposed = new Map<string, Draft>()
  const acknowledged = new Map<string, Commit[]>()
  const refused = new Set<string>()
  return {
    proposed: (draft) => void proposed.set(draft.id, draft),
    acknowledged(id, { origin, seq }) {
      const known = acknowledged.get(id) ?? []
      if (!known.some((one) => one.origin === origin && one.seq === seq)) known.push({ origin, seq })
      acknowledged.set(id, known)
    },
    refused: (id) => void refused.add(id),
    counts: () => ({
      proposed: proposed.size,
      acknowledged: acknowledged.size,
      refused: refused.size,
      unknown: proposed.size - acknowledged.size - refused.size,
    }),
    acknowledgements: () => acknowledged,
    // What was taken somewhere else, or later, was not refused in the end.
    refusals: () => new Set([...refused].filter((id) => !acknowledged.has(id))),
    patients: () => {
      const created = [...proposed.values()].filter(({ entry }) => entry.subject.startsWith('Patient/'))
      return created.filter(({ id }) => acknowledged.has(id)).map(({ entry }) => entry.subject.slice(8))
    },
  }
}
