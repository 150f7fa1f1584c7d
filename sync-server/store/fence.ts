import { isLaterIncarnation } from '../../domain/entries/origin.ts'
import { nextOrigin } from './incarnation.ts'
import { type Line, lines, parseStrand, strandOf } from './line.ts'
import type { LineLog } from './line-log.ts'
import { sameBytes } from './log-row.ts'

/**
 * Whether this region may go on under its origin. It may not once anybody holds more of it than this region's own disk,
 * or another row at a place that both have, or has seen a later incarnation, or once the origin has ended: then rows were lost
 * here, or written twice. The next incarnation begins at once, without waiting for anybody, in both lines.
 */
export type Fence = {
  /**
   * To be told of every strand and sequence that anybody names, with the hash there where it is known. Resolves when the
   * region has left an origin that it must not continue; rejects if it could not yet, and must be told again then.
   */
  heard(strands: ReadonlyMap<string, number>, hashes?: ReadonlyMap<string, Uint8Array>): Promise<void>
}

export type FenceDeps = {
  region: string
  logs: { [line in Line]: Pick<LineLog, 'writer' | 'beginIncarnation' | 'ends' | 'flushed'> }
  hashAt(line: Line, origin: string, seq: number): Promise<Uint8Array | undefined>
  warn(message: string, detail: object): void
}

export function createFence({ region, logs, hashAt, warn }: FenceDeps): Fence {
  let turning: Promise<void> = Promise.resolve()
  /** The incarnation that has been decided on and not begun in every line yet. */
  let due: string | undefined
  const own = () => logs.entries.writer.origin()

  async function contradiction(
    strands: ReadonlyMap<string, number>,
    hashes: ReadonlyMap<string, Uint8Array>,
  ): Promise<string | undefined> {
    const origin = own()
    if ([...strands.keys()].some((strand) => isLaterIncarnation(parseStrand(strand).origin, origin)))
      return 'somebody knows a later incarnation of this region'
    for (const line of lines) {
      const strand = strandOf(line, origin)
      const head = logs[line].writer.head()
      const seq = strands.get(strand) ?? 0
      if (seq > head.seq) return 'somebody holds more of this region than its own disk'
      const theirs = hashes.get(strand)
      if (!theirs || seq === 0) continue
      const ours = seq === head.seq ? head.hash : await hashAt(line, origin, seq)
      if (ours && !sameBytes(ours, theirs)) return 'somebody holds another history of this region'
    }
    return undefined
  }

  async function leave(because: string, named: Iterable<string>): Promise<void> {
    const inLog = lines.flatMap((line) => [...logs[line].flushed().keys()])
    const known = [...named, ...inLog].map((strand) => parseStrand(strand).origin)
    due ??= nextOrigin(region, [...known, ...lines.map((line) => logs[line].writer.origin())])!
    warn('a new incarnation begins', { origin: due, because })
    for (const line of lines) if (logs[line].writer.origin() !== due) await logs[line].beginIncarnation(due)
    due = undefined
  }

  /** One decision after the other; one that failed is in nobody's way. */
  function inTurn(decide: () => Promise<void>): Promise<void> {
    turning = turning.catch(() => {}).then(decide)
    return turning
  }

  for (const line of lines)
    logs[line].ends.leaveBy((origin) =>
      inTurn(async () => {
        if (due !== undefined || logs[line].writer.origin() === origin)
          await leave('another history of this region is about', [])
      }),
    )

  return {
    heard: (strands, hashes = new Map()) =>
      inTurn(async () => {
        const because = due ? 'it was decided before' : await contradiction(strands, hashes)
        if (because !== undefined) await leave(because, strands.keys())
      }),
  }
}
