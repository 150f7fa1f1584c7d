import {
  createCipheriv,
  createDecipheriv,
  createSecretKey,
  type KeyObject,
  randomFillSync,
} from 'node:crypto'

/**
 * AES-256-GCM over the bytes of one row: 12 bytes of random nonce, the ciphertext, 16 bytes of tag. What the row says
 * in clear about where it belongs is authenticated, so that no sealed bytes can be moved to another row.
 */

export type Place = { origin: string; document: string; entryId: string }

const nonceBytes = 12
const tagBytes = 16

export function seal(key: Uint8Array, place: Place, plain: Uint8Array): Uint8Array {
  const nonce = freshNonce()
  const cipher = createCipheriv('aes-256-gcm', keyObjectOf(key), nonce).setAAD(placeBytes(place))
  return Buffer.concat([nonce, cipher.update(plain), cipher.final(), cipher.getAuthTag()])
}

/** Throws if the bytes were altered, belong elsewhere, or were sealed under another key. */
export function open(key: Uint8Array, place: Place, sealed: Uint8Array): Uint8Array {
  if (sealed.length < nonceBytes + tagBytes) throw new RangeError('sealed bytes are too short')
  const decipher = createDecipheriv('aes-256-gcm', keyObjectOf(key), sealed.subarray(0, nonceBytes))
    .setAAD(placeBytes(place))
    .setAuthTag(sealed.subarray(-tagBytes))
  return Buffer.concat([decipher.update(sealed.subarray(nonceBytes, -tagBytes)), decipher.final()])
}

/** Keys made ready for the cipher: that takes longer than sealing a row. They go with the bytes that they are made of. */
const keyObjects = new WeakMap<Uint8Array, KeyObject>()

function keyObjectOf(key: Uint8Array): KeyObject {
  const known = keyObjects.get(key)
  if (known) return known
  const made = createSecretKey(key)
  keyObjects.set(key, made)
  return made
}

/** Random bytes are fetched for many nonces at a time. Each is used once. */
const pool = Buffer.alloc(nonceBytes * 512)
let taken = pool.length

function freshNonce(): Buffer {
  if (taken === pool.length) {
    randomFillSync(pool)
    taken = 0
  }
  const nonce = Buffer.from(pool.subarray(taken, taken + nonceBytes))
  taken += nonceBytes
  return nonce
}

function placeBytes({ origin, document, entryId }: Place): Uint8Array {
  return Buffer.from(JSON.stringify([origin, document, entryId]))
}
