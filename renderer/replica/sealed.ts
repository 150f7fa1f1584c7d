/**
 * Sealed bytes: 12 random bytes of nonce, then what AES-256-GCM made of the text, its tag of 16 bytes at the end. The
 * place at which they are kept is authenticated with them: what was moved elsewhere cannot be opened there.
 */
export const sealing = { nonceBytes: 12, tagBytes: 16 } as const

export type Bytes = Uint8Array<ArrayBuffer>

export async function sealBytes(key: CryptoKey, place: string, bytes: Uint8Array): Promise<Bytes> {
  const nonce = crypto.getRandomValues(new Uint8Array(sealing.nonceBytes))
  const text = await crypto.subtle.encrypt(parametersOf(nonce, place), key, new Uint8Array(bytes))
  const sealed = new Uint8Array(nonce.length + text.byteLength)
  sealed.set(nonce)
  sealed.set(new Uint8Array(text), nonce.length)
  return sealed
}

/** What was sealed for this place; undefined if the bytes were altered, moved, or sealed under another key. */
export async function openBytes(
  key: CryptoKey,
  place: string,
  sealed: Uint8Array,
): Promise<Bytes | undefined> {
  if (sealed.length < sealing.nonceBytes + sealing.tagBytes) return undefined
  const nonce = new Uint8Array(sealed.subarray(0, sealing.nonceBytes))
  const text = new Uint8Array(sealed.subarray(sealing.nonceBytes))
  try {
    return new Uint8Array(await crypto.subtle.decrypt(parametersOf(nonce, place), key, text))
  } catch (error) {
    if (error instanceof Error && error.name === 'OperationError') return undefined
    throw error
  }
}

function parametersOf(nonce: Bytes, place: string): AesGcmParams {
  const tagLength = sealing.tagBytes * 8
  return { name: 'AES-GCM', iv: nonce, additionalData: new TextEncoder().encode(place), tagLength }
}
