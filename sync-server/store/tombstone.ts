import { z } from 'zod'
import { open, seal } from '../keys/sealing.ts'
import type { LogRow } from './log-row.ts'

/**
 * What a tombstone holds beside the scope whose keys it destroys: why, and when that was asked for. Sealed under a key of the
 * home group, and without naming the origin, so that it can be stated again by another one.
 */
export type Erasure = { reason: string; requestedAt: string }

const erasureShape = z.strictObject({ reason: z.string(), requestedAt: z.iso.datetime() })

export const erasureBytes = (erasure: Erasure): Uint8Array => Buffer.from(JSON.stringify(erasure))

export function sealReason(key: Uint8Array, scope: string, plain: Uint8Array): Uint8Array {
  return seal(key, placeOf(scope), plain)
}

/** Undefined if the bytes are not what was sealed under one of these keys. */
export function openErasure(keys: readonly Uint8Array[], { document, bytes }: LogRow): Erasure | undefined {
  for (const key of keys)
    try {
      return erasureShape.parse(
        JSON.parse(Buffer.from(open(key, placeOf(document), bytes ?? new Uint8Array(0))).toString('utf8')),
      )
    } catch {
      // Another key of that name, or none of them.
    }
  return undefined
}

function placeOf(scope: string) {
  return { origin: 'tombstone', document: scope, entryId: '' }
}
