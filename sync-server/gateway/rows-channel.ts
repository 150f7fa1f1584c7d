import * as Y from 'yjs'
import {
  type AuthoredItem,
  decodeStateVector,
  emptyUpdate,
  encodeItems,
  encodeStateVector,
} from '../../domain/entries/items.ts'
import { clientIdOf, firstOriginClientId } from '../../domain/entries/origin.ts'
import { closeCodes } from '../../domain/wire/wire.ts'
import { inParts } from './item-parts.ts'
import {
  awarenessMessage,
  decodeMessage,
  deniedMessage,
  step1Message,
  step2Message,
  updateMessage,
} from './messages.ts'

/**
 * One reader of one grow-only document, over the plain y-websocket protocol. No I/O: events come in, effects go out.
 *
 * 1. A reader is told each origin's items in the order of their clocks, without a gap. `have` is how far it has been told.
 *    Behind an item that this region cannot read nothing of that origin is told, until it can.
 * 2. A sync step 1 is answered from rows, in parts of bounded size, the last one as step 2.
 * 3. What is flushed meanwhile waits in the rows, not in a queue: after an answer, or when a slow reader has caught up
 *    with what lies in its socket, what it lacks is read again. So its queue never grows beyond one part.
 * 4. What a reader changes is not applied. It is told so, if there is anything that this document does not have.
 */

export type RowsEvent =
  | { type: 'opened' }
  | { type: 'message'; bytes: Uint8Array }
  /** Items were flushed. `message` is the whole update message, made once for all readers; without it they are read. */
  | { type: 'flushed'; message: Uint8Array | undefined; ranges: ReadonlyMap<number, Range> }
  /** The answer to `read`: items, behind the document's beginning where that was encoded before. */
  | { type: 'rows'; items: readonly AuthoredItem[]; start?: readonly EncodedPart[] }
  /** The answer to `count`: how many items of each origin the document has. */
  | { type: 'clocks'; clocks: ReadonlyMap<string, number> }
  /** The store could not be read. */
  | { type: 'failed' }
  /** There is room in the socket again. */
  | { type: 'drained' }

/** A part of an answer as it was encoded before, and how many items of each origin there are with it. */
export type EncodedPart = { update: Uint8Array; ends: ReadonlyMap<string, number> }

/** Items of one Yjs client in one update: clocks from `from` up to, not including, `to`. */
export type Range = { from: number; to: number }

export type RowsEffect =
  | { do: 'send'; bytes: Uint8Array }
  /** Read the items that a holder of this state vector lacks. There is never more than one `read` on its way. */
  | { do: 'read'; since: ReadonlyMap<number, number> }
  | { do: 'count' }
  | { do: 'resynced' }
  | { do: 'close'; code: number; reason: string }

export type RowsChannel = {
  /** @param room whether the socket takes more now. */
  step(event: RowsEvent, room: boolean): RowsEffect[]
}

type Clocks = Map<number, number>

export function createRowsChannel(): RowsChannel {
  /** How far the reader has been told; unknown until it says so itself. */
  let have: Clocks | undefined
  /** How far the document has been seen to go. */
  const horizon: Clocks = new Map()
  /** A sync step 1 that waits for its answer. */
  let asked: Clocks | undefined
  let reading: 'nothing' | 'answer' | 'rest' = 'nothing'
  /** How far the document had been seen to go when the last read began. */
  let readUpTo: Clocks = new Map()
  /** How far rows have been looked for. Beyond what was told there is something that cannot be read here now. */
  let looked: Clocks = new Map()
  let parts: (AuthoredItem[] | EncodedPart)[] = []
  let partsAnswer = false
  /** Highest clocks that the reader's own updates went up to, waiting for `clocks`. */
  let claimed: Clocks | undefined
  let greeted = false

  function onMessage(bytes: Uint8Array): RowsEffect[] {
    const message = decodeMessage(bytes)
    switch (message?.type) {
      case 'step1':
        return onStep1(message.stateVector)
      case 'step2':
      case 'update':
        return onUpdate(message.update)
      case 'awareness':
      case 'auth':
        return []
      case 'query-awareness':
        return [{ do: 'send', bytes: awarenessMessage(new Uint8Array([0])) }]
      default:
        return malformed
    }
  }

  function onStep1(stateVector: Uint8Array): RowsEffect[] {
    const vector = regionsOnly(stateVector)
    if (!vector) return malformed
    asked = vector
    // What is left of an older answer is part of the new one.
    parts = []
    return []
  }

  function onUpdate(update: Uint8Array): RowsEffect[] {
    const ends = endsOf(update)
    if (ends === 'malformed') return malformed
    if (ends === 'foreign') return denied
    if (ends.size === 0) return []
    const counting = claimed !== undefined
    claimed = farthest(claimed ?? new Map(), ends)
    return counting ? [] : [{ do: 'count' }]
  }

  function onClocks(clocks: ReadonlyMap<string, number>): RowsEffect[] {
    const effects: RowsEffect[] = []
    if (!greeted) {
      greeted = true
      effects.push({ do: 'send', bytes: step1Message(encodeStateVector(clocks)) })
    }
    if (claimed) {
      const known = new Map([...clocks].map(([origin, clock]) => [clientIdOf(origin), clock]))
      const isNew = [...claimed].some(
        ([client, end]) => end > Math.max(known.get(client) ?? 0, horizon.get(client) ?? 0),
      )
      claimed = undefined
      if (isNew) effects.push(...denied)
    }
    return effects
  }

  function onFlushed(
    message: Uint8Array | undefined,
    ranges: ReadonlyMap<number, Range>,
    room: boolean,
  ): RowsEffect[] {
    for (const [client, { from, to }] of ranges) {
      horizon.set(client, Math.max(to, horizon.get(client) ?? 0))
      // What could not be read is there after all: what lies behind it is looked for again.
      for (const seen of [looked, readUpTo]) if (from < (seen.get(client) ?? 0)) seen.set(client, from)
    }
    const told = have
    if (!told) {
      // Somebody who listens without ever asking is told what happens, as long as the socket takes it.
      if (room && !asked && message) return [{ do: 'send', bytes: message }]
      if (!asked) have = new Map()
      return []
    }
    const inOrder = [...ranges].every(([client, { from }]) => from <= (told.get(client) ?? 0))
    const isNew = [...ranges].some(([client, { to }]) => to > (told.get(client) ?? 0))
    if (!message || !inOrder || !isNew || !room || asked || reading !== 'nothing' || parts.length > 0)
      return []
    for (const [client, { to }] of ranges) told.set(client, Math.max(to, told.get(client) ?? 0))
    return [{ do: 'send', bytes: message }]
  }

  function onRows(items: readonly AuthoredItem[], start: readonly EncodedPart[]): RowsEffect[] {
    const answer = reading === 'answer'
    reading = 'nothing'
    if (asked) return []
    parts = [...start, ...inParts(items)]
    partsAnswer = answer
    if (parts.length > 0) return []
    lookedAll()
    // Nothing to tell is an answer too.
    return answer ? [{ do: 'send', bytes: step2Message(emptyUpdate) }] : []
  }

  function sendPart(): RowsEffect[] {
    const part = parts.shift()
    if (!part) return []
    have ??= new Map()
    if ('update' in part) for (const [origin, end] of part.ends) have.set(clientIdOf(origin), end)
    else for (const item of part) have.set(clientIdOf(item.origin), item.clock + 1)
    const update = 'update' in part ? part.update : encodeItems(part)
    const isLast = parts.length === 0
    if (isLast) lookedAll()
    return [{ do: 'send', bytes: isLast && partsAnswer ? step2Message(update) : updateMessage(update) }]
  }

  function lookedAll(): void {
    have ??= new Map()
    looked = farthest(looked, readUpTo)
  }

  /** Looks at the state, and decides what to do next. */
  function evaluate(room: boolean): RowsEffect[] {
    if (parts.length > 0) return room ? sendPart() : []
    if (reading !== 'nothing') return []
    if (asked) {
      have = asked
      asked = undefined
      reading = 'answer'
      readUpTo = new Map(horizon)
      return [{ do: 'read', since: new Map(have) }]
    }
    const told = have
    if (!told || !room) return []
    const isNew = ([client, end]: [number, number]) =>
      end > Math.max(told.get(client) ?? 0, looked.get(client) ?? 0)
    if (![...horizon].some(isNew)) return []
    reading = 'rest'
    readUpTo = new Map(horizon)
    return [{ do: 'resynced' }, { do: 'read', since: new Map(told) }]
  }

  return {
    step(event, room) {
      const effects = react(event, room)
      // A message was just sent: how much room is left is for the next event to say.
      const sent = effects.some((effect) => effect.do === 'send')
      return [...effects, ...evaluate(room && !sent)]
    },
  }

  function react(event: RowsEvent, room: boolean): RowsEffect[] {
    switch (event.type) {
      case 'opened':
        return [{ do: 'count' }]
      case 'message':
        return onMessage(event.bytes)
      case 'flushed':
        return onFlushed(event.message, event.ranges, room)
      case 'rows':
        return onRows(event.items, event.start ?? [])
      case 'clocks':
        return onClocks(event.clocks)
      case 'failed':
        return [{ do: 'close', code: closeCodes.busy, reason: 'this region cannot read its store now' }]
      case 'drained':
        return []
    }
  }
}

const malformed: RowsEffect[] = [
  { do: 'close', code: closeCodes.malformed, reason: 'this is no y-websocket message' },
]

const denied: RowsEffect[] = [
  {
    do: 'send',
    bytes: deniedMessage(
      'this document is written by regions only: propose entries, by submit or POST /v1/entries',
    ),
  },
]

/** Origins that a reader may name: regions and their incarnations. */
const mostOrigins = 10_000

/**
 * What a reader has of what regions wrote. A Yjs document that was written to by others, which is not told here, may have
 * many more clients: they would lie in memory for as long as the reader stays.
 */
function regionsOnly(stateVector: Uint8Array): Clocks | undefined {
  let all: Clocks
  try {
    all = decodeStateVector(stateVector)
  } catch {
    return undefined
  }
  const regions = new Map([...all].filter(([client]) => client >= firstOriginClientId))
  return regions.size <= mostOrigins ? regions : undefined
}

/**
 * How far an update goes for each client; `foreign` if it holds what no region could have written: other clients'
 * items, or anything deleted.
 */
function endsOf(update: Uint8Array): Clocks | 'malformed' | 'foreign' {
  let decoded: ReturnType<typeof Y.decodeUpdate>
  try {
    decoded = Y.decodeUpdate(update)
  } catch {
    return 'malformed'
  }
  const ends: Clocks = new Map()
  for (const struct of decoded.structs) {
    if (struct instanceof Y.Skip) continue
    const { client, clock } = struct.id
    if (client < firstOriginClientId) return 'foreign'
    ends.set(client, Math.max(clock + struct.length, ends.get(client) ?? 0))
  }
  for (const deletes of decoded.ds.clients.values()) if (deletes.length > 0) return 'foreign'
  return ends
}

function farthest(a: Clocks, b: Clocks): Clocks {
  const all = new Map(a)
  for (const [client, end] of b) all.set(client, Math.max(end, all.get(client) ?? 0))
  return all
}
