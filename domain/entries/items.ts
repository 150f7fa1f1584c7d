import * as decoding from 'lib0/decoding'
import * as encoding from 'lib0/encoding'
import { readUint } from '../wire/uint.ts'
import type { Commit, Entry } from './entry.ts'
import { clientIdOf } from './origin.ts'

/**
 * The Yjs items that a region authors, written by hand in Yjs' update format, version 1.
 *
 * Every committed entry is one item: a value in the root `Y.Map` named `entries`, under the key
 * `<entryId>@<origin>`, by the client id of its origin, at the clock that the log gave it. No item has a
 * neighbour, none is ever overwritten or deleted, so any order of delivery gives the same document.
 *
 * ```
 * update    varuint clients, then for each client, highest id first: structs; then varuint 0 (nothing deleted)
 * structs   varuint how many, varuint client, varuint clock of the first, then the items
 * item      byte 0x28 (0x08 ContentAny, 0x20 has a key), varuint 1 (parent is a root type), string "entries",
 *           string key, varuint 1 (one value), any value
 * value     the entry with its keys in canonical order, then commit {origin, seq, epoch}
 * ```
 */

export type AuthoredItem = {
  origin: string
  /** Position among this origin's items in this document, from 0, without gaps. */
  clock: number
  id: string
  entry: Entry
  commit: Commit
}

/** Name of the root map of every grow-only document. */
export const entriesMap = 'entries'
const itemInfo = 0x28

export function itemKey(entryId: string, origin: string): string {
  return `${entryId}@${origin}`
}

/**
 * One Yjs update of these items. Items of one origin must be in the order of their clocks and without a gap
 * between them; origins may come in any order. No items give the empty update.
 */
export function encodeItems(items: readonly AuthoredItem[]): Uint8Array {
  const byClient = new Map<number, AuthoredItem[]>()
  for (const item of items) {
    const client = clientIdCached(item.origin)
    const list = byClient.get(client)
    if (list) {
      if (list.at(-1)!.clock + 1 !== item.clock)
        throw new RangeError(`items of ${item.origin} jump from clock ${list.at(-1)!.clock} to ${item.clock}`)
      list.push(item)
    } else byClient.set(client, [item])
  }
  const encoder = encoding.createEncoder()
  encoding.writeVarUint(encoder, byClient.size)
  for (const client of [...byClient.keys()].sort((a, b) => b - a)) {
    const list = byClient.get(client)!
    encoding.writeVarUint(encoder, list.length)
    encoding.writeVarUint(encoder, client)
    encoding.writeVarUint(encoder, list[0]!.clock)
    for (const item of list) writeItem(encoder, item)
  }
  encoding.writeVarUint(encoder, 0)
  return encoding.toUint8Array(encoder)
}

function writeItem(encoder: encoding.Encoder, item: AuthoredItem): void {
  encoding.writeUint8(encoder, itemInfo)
  encoding.writeVarUint(encoder, 1)
  encoding.writeVarString(encoder, entriesMap)
  encoding.writeVarString(encoder, itemKey(item.id, item.origin))
  encoding.writeVarUint(encoder, 1)
  const { origin, seq, epoch } = item.commit
  encoding.writeAny(encoder, { ...item.entry, commit: { origin, seq, epoch } })
}

/** The empty update: what a server says when it has nothing to say. */
export const emptyUpdate = new Uint8Array([0, 0])

/** The empty state vector. */
export const emptyStateVector = new Uint8Array([0])

/** Client id → number of items, as a Yjs state vector carries it. Throws on bytes that are none. */
export function decodeStateVector(bytes: Uint8Array): Map<number, number> {
  const decoder = decoding.createDecoder(bytes)
  const vector = new Map<number, number>()
  for (let left = readUint(decoder); left > 0; left--) vector.set(readUint(decoder), readUint(decoder))
  if (decoding.hasContent(decoder)) throw new RangeError('bytes behind a state vector')
  return vector
}

/** State vector of a document of which `clocks` items of each origin exist. */
export function encodeStateVector(clocks: ReadonlyMap<string, number>): Uint8Array {
  const encoder = encoding.createEncoder()
  const clients = [...clocks].filter(([, clock]) => clock > 0)
  encoding.writeVarUint(encoder, clients.length)
  for (const [client, clock] of clients
    .map(([o, c]) => [clientIdCached(o), c] as const)
    .sort((a, b) => b[0] - a[0])) {
    encoding.writeVarUint(encoder, client)
    encoding.writeVarUint(encoder, clock)
  }
  return encoding.toUint8Array(encoder)
}

const clientIds = new Map<string, number>()

function clientIdCached(origin: string): number {
  const known = clientIds.get(origin)
  if (known !== undefined) return known
  const id = clientIdOf(origin)
  clientIds.set(origin, id)
  return id
}
