/**
 * Keys without which rows that are here cannot be opened: for each origin which ones, and from which row on. What can
 * be served of an origin ends before the first such row.
 */
export type LackingKey = {
  origin: string
  keyId: string
  scope: string
  /** First row of this origin under this key. */
  seq: number
}

export type LackingKeys = {
  add(lacking: LackingKey): void
  delete(lacking: LackingKey): void
  /** Rows of this origin above a sequence are gone. */
  cut(origin: string, seq: number): void
  all(): LackingKey[]
  /** Lowest row of an origin that waits for its key. */
  first(origin: string): number | undefined
}

export function createLackingKeys(known: Iterable<LackingKey>): LackingKeys {
  const origins = new Map<string, Map<string, LackingKey>>()
  /** Origin → its lowest row, as long as that is known. */
  const firsts = new Map<string, number>()

  function add(lacking: LackingKey): void {
    const keys = origins.get(lacking.origin) ?? new Map<string, LackingKey>()
    origins.set(lacking.origin, keys)
    if ((keys.get(lacking.keyId)?.seq ?? Number.POSITIVE_INFINITY) <= lacking.seq) return
    keys.set(lacking.keyId, lacking)
    firsts.delete(lacking.origin)
  }

  function remove({ origin, keyId }: LackingKey): void {
    const keys = origins.get(origin)
    keys?.delete(keyId)
    if (keys?.size === 0) origins.delete(origin)
    firsts.delete(origin)
  }

  for (const lacking of known) add(lacking)
  return {
    add,
    delete: remove,
    cut(origin, seq) {
      for (const lacking of [...(origins.get(origin)?.values() ?? [])]) if (lacking.seq > seq) remove(lacking)
    },
    all: () => [...origins.values()].flatMap((keys) => [...keys.values()]),
    first(origin) {
      const keys = origins.get(origin)
      if (!keys) return undefined
      const first = firsts.get(origin) ?? Math.min(...[...keys.values()].map((lacking) => lacking.seq))
      firsts.set(origin, first)
      return first
    },
  }
}
