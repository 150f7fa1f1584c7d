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
  /** Returns what stands for this key and origin: the lowest row. */
  add(lacking: LackingKey): LackingKey
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

  function add(lacking: LackingKey): LackingKey {
    const keys = origins.get(lacking.origin) ?? new Map<string, LackingKey>()
    origins.set(lacking.origin, keys)
    const known = keys.get(lacking.keyId)
    if (known && known.seq <= lacking.seq) return known
    keys.set(lacking.keyId, lacking)
    firsts.delete(lacking.origin)
    return lacking
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
