import type { EndState } from '../store/ends.ts'
import { parseStrand } from '../store/line.ts'

/** Something about the histories of an origin that an operator must know, in words without patient data. */
export type Alarm = { origin: string; words: string }

export type HistoriesState = {
  alarms: readonly Alarm[]
  /** Origin → rows of both lines that are set aside here. */
  setAside: ReadonlyMap<string, number>
}

export const oneHistory: HistoriesState = { alarms: [], setAside: new Map() }

/**
 * @param unfit strand → peers whose rows of it were not taken, because they do not fit those that are here
 * @param differing strand → peers that hold another history of it, or have not set theirs aside
 * @param ends strand → what has become here of strands that have ended
 */
export function historiesState(
  region: string,
  differing: ReadonlyMap<string, readonly string[]>,
  ends: ReadonlyMap<string, EndState>,
  unfit: ReadonlyMap<string, readonly string[]> = new Map(),
): HistoriesState {
  const strands = [...new Set([...differing.keys(), ...ends.keys()])].sort()
  const setAside = new Map<string, number>()
  for (const [strand, { setAside: rows }] of ends) {
    const { origin } = parseStrand(strand)
    if (rows > 0) setAside.set(origin, rows + (setAside.get(origin) ?? 0))
  }
  const alarms = strands.flatMap((strand) => {
    const end = ends.get(strand)
    const peers = differing.get(strand) ?? []
    const words = end
      ? [...endWords(strand, end, end.settling ? [region, ...peers] : peers)]
      : [
          `two histories of ${strand} are about, ${peers.join(' and ')} holding the other one: it is being looked for where they part`,
        ]
    return words.map((text) => ({ origin: parseStrand(strand).origin, words: text }))
  })
  const damaged = [...unfit]
    .filter(([strand]) => !differing.has(strand) && !ends.get(strand)?.settling)
    .map(([strand, peers]) => ({
      origin: parseStrand(strand).origin,
      words: `rows of ${strand} that ${peers.join(' and ')} sends are not what their hashes say, and are not taken: look at the disk there`,
    }))
  return { alarms: [...alarms, ...damaged], setAside }
}

function* endWords(strand: string, { last, waiting }: EndState, busy: readonly string[]): Generator<string> {
  if (busy.length > 0)
    yield `two histories of ${strand} were found and it ended behind row ${last}: what stood behind is committed again, ${busy.join(' and ')} not having finished`
  if (waiting > 0)
    yield `${waiting} rows behind the end of ${strand} wait for their key, or for a newer version, to be committed again`
}
