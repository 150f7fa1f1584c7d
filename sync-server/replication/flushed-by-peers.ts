import { parseStrand } from '../store/line.ts'
import type { Vector } from '../store/ports.ts'

/**
 * What each peer has said that its database flushed: the rung *also in London* stands on nothing else. A peer says it on
 * two connections, the one that it dialled and the one that it was dialled on; each word replaces the one before on
 * that connection. When a connection is made, what was said on one that has ended counts no more: a region that comes
 * back may have lost rows.
 */
export type FlushedByPeers = {
  opened(region: string, way: Way): Wire
  /** Region → what it has flushed of the entries' lines, as far as that is believed; only regions of which anything is. */
  current(): { [region: string]: Vector }
  /** What a region that can be reached has said, believed or not. */
  said(region: string): Vector | undefined
  onChange(listener: () => void): () => void
}

/** Who dialled: the peer, to follow this region, or this region, to follow the peer. */
export type Way = 'follows' | 'followed'

/** One connection with a peer. */
export type Wire = {
  said(strands: ReadonlyMap<string, number>): void
  /** As much of it as means the rows that are here; see `histories.ts`. */
  believed(strands: ReadonlyMap<string, number>): void
  closed(): void
}

type Word = { open: boolean; said: Vector | undefined; vector: Vector }

export function createFlushedByPeers(): FlushedByPeers {
  const words = new Map<string, Map<Way, Word>>()
  const listeners = new Set<() => void>()

  function wordsOf(region: string): Map<Way, Word> {
    const known = words.get(region) ?? new Map<Way, Word>()
    words.set(region, known)
    return known
  }

  return {
    opened(region, way) {
      const known = wordsOf(region)
      for (const [other, { open }] of known) if (!open) known.delete(other)
      const word: Word = { open: true, said: undefined, vector: {} }
      known.set(way, word)
      return {
        said(strands) {
          word.said = entriesOnly(strands)
        },
        believed(strands) {
          const vector = entriesOnly(strands)
          if (sameVector(vector, word.vector)) return
          word.vector = vector
          for (const listener of [...listeners]) listener()
        },
        closed() {
          word.open = false
        },
      }
    },
    current() {
      const all: { [region: string]: Vector } = {}
      for (const [region, known] of words) {
        const vector = highest([...known.values()].map((word) => word.vector))
        if (Object.keys(vector).length > 0) all[region] = vector
      }
      return all
    },
    said(region) {
      const open = [...(words.get(region)?.values() ?? [])].filter((word) => word.open)
      const said = open.flatMap((word) => (word.said ? [word.said] : []))
      return said.length > 0 ? highest(said) : undefined
    },
    onChange(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  }
}

function highest(vectors: readonly Vector[]): Vector {
  const all: Vector = {}
  for (const vector of vectors)
    for (const [origin, seq] of Object.entries(vector)) all[origin] = Math.max(seq, all[origin] ?? 0)
  return all
}

function entriesOnly(strands: ReadonlyMap<string, number>): Vector {
  const vector: Vector = {}
  for (const [strand, seq] of strands) {
    const { line, origin } = parseStrand(strand)
    if (line === 'entries') vector[origin] = seq
  }
  return vector
}

function sameVector(a: Vector, b: Vector): boolean {
  const names = Object.keys(a)
  return names.length === Object.keys(b).length && names.every((name) => a[name] === b[name])
}
