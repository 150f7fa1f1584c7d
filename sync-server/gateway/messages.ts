import * as decoding from 'lib0/decoding'
import * as encoding from 'lib0/encoding'
import { emptyUpdate } from '../../domain/entries/items.ts'

/**
 * Messages of the plain y-websocket protocol: one in each frame.
 *
 * ```
 * 0 sync             varuint 0 step 1, bytes state vector  |  1 step 2, bytes update  |  2 update, bytes update
 * 1 awareness        bytes awareness update
 * 2 auth             varuint 0 permission denied, string reason
 * 3 query awareness
 * ```
 */

export type StockMessage =
  | { type: 'step1'; stateVector: Uint8Array }
  | { type: 'step2' | 'update'; update: Uint8Array }
  | { type: 'awareness'; update: Uint8Array }
  | { type: 'query-awareness' }
  /** A client has nothing to permit or deny. */
  | { type: 'auth' }

const messageType = { sync: 0, awareness: 1, auth: 2, queryAwareness: 3 } as const
const syncType = { step1: 0, step2: 1, update: 2 } as const

/** Reads a message; undefined if the bytes are none. */
export function decodeMessage(bytes: Uint8Array): StockMessage | undefined {
  try {
    const decoder = decoding.createDecoder(bytes)
    const message = readMessage(decoder)
    return decoding.hasContent(decoder) ? undefined : message
  } catch {
    return undefined
  }
}

function readMessage(decoder: decoding.Decoder): StockMessage | undefined {
  switch (decoding.readVarUint(decoder)) {
    case messageType.sync:
      return readSync(decoder)
    case messageType.awareness:
      return { type: 'awareness', update: decoding.readVarUint8Array(decoder) }
    case messageType.auth:
      decoding.readVarUint(decoder)
      decoding.readVarString(decoder)
      return { type: 'auth' }
    case messageType.queryAwareness:
      return { type: 'query-awareness' }
    default:
      return undefined
  }
}

function readSync(decoder: decoding.Decoder): StockMessage | undefined {
  const kind = decoding.readVarUint(decoder)
  const body = decoding.readVarUint8Array(decoder)
  if (kind === syncType.step1) return { type: 'step1', stateVector: body }
  if (kind === syncType.step2) return { type: 'step2', update: body }
  if (kind === syncType.update) return { type: 'update', update: body }
  return undefined
}

export const step1Message = (stateVector: Uint8Array) => syncMessage(syncType.step1, stateVector)
export const step2Message = (update: Uint8Array) => syncMessage(syncType.step2, update)
export const updateMessage = (update: Uint8Array) => syncMessage(syncType.update, update)

/** Says nothing, so that a client that waits for a sign of life has one. */
export const keepAliveMessage = updateMessage(emptyUpdate)

export function awarenessMessage(update: Uint8Array): Uint8Array {
  const encoder = encoding.createEncoder()
  encoding.writeVarUint(encoder, messageType.awareness)
  encoding.writeVarUint8Array(encoder, update)
  return encoding.toUint8Array(encoder)
}

export function deniedMessage(reason: string): Uint8Array {
  const encoder = encoding.createEncoder()
  encoding.writeVarUint(encoder, messageType.auth)
  encoding.writeVarUint(encoder, 0)
  encoding.writeVarString(encoder, reason)
  return encoding.toUint8Array(encoder)
}

function syncMessage(kind: number, body: Uint8Array): Uint8Array {
  const encoder = encoding.createEncoder()
  encoding.writeVarUint(encoder, messageType.sync)
  encoding.writeVarUint(encoder, kind)
  encoding.writeVarUint8Array(encoder, body)
  return encoding.toUint8Array(encoder)
}
