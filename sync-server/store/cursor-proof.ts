import type { Fence } from './fence.ts'
import type { LineTable } from './line-table.ts'
import type { CursorProof, Vector } from './ports.ts'

/** What a device was told, with the hashes by which it can be compared with what this region holds. */
export type CursorProofs = {
  /** The proof of a vector: the hash of every row that it names and that is here. */
  of(vector: Vector): Promise<CursorProof>
  /**
   * Hears of a proven cursor. Rows of this region's own that were lost, or written twice, fence it; when this resolves it
   * has left that origin. Returns the origins of which another row stands here.
   */
  hear(proof: CursorProof): Promise<string[]>
}

export function createCursorProofs(table: Pick<LineTable, 'hashAt'>, fence: Fence): CursorProofs {
  async function hashesAt(vector: Vector): Promise<Map<string, string>> {
    const found = await Promise.all(
      Object.entries(vector).map(async ([origin, seq]) => [origin, await table.hashAt(origin, seq)] as const),
    )
    return new Map(
      found.flatMap(([origin, hash]) => (hash ? [[origin, Buffer.from(hash).toString('base64url')]] : [])),
    )
  }

  return {
    of: async (vector) => ({ vector, hashes: Object.fromEntries(await hashesAt(vector)) }),
    async hear({ vector, hashes }) {
      const here = await hashesAt(vector)
      const differ = Object.entries(hashes).filter(([origin, hash]) => (here.get(origin) ?? hash) !== hash)
      await fence.heard(
        new Map(Object.entries(vector)),
        new Map(Object.entries(hashes).map(([origin, hash]) => [origin, Buffer.from(hash, 'base64url')])),
      )
      return differ.map(([origin]) => origin)
    },
  }
}
