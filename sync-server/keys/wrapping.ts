import { GeneralEncrypt, type GeneralJWE, generalDecrypt, importJWK, type JWK } from 'jose'

/**
 * Document keys on their way to regions: one JWE in general JSON form with a recipient for each region
 * (ECDH-ES+A256KW over P-256, content A256GCM). A region that is no recipient learns nothing but who is.
 */

export type WrappingKeys = {
  /** Public keys of every region of the cluster, this one included. */
  publicKeys: ReadonlyMap<string, JWK>
  privateKey: JWK
  region: string
}

const algorithm = 'ECDH-ES+A256KW'

/** How keys are wrapped. A simulation, which cannot wait for real cryptography, has its own. */
export type KeyCipher = { wrapKey: typeof wrapKey; unwrapKey: typeof unwrapKey }
export const keyCipher: KeyCipher = { wrapKey, unwrapKey }

type Imported = Awaited<ReturnType<typeof importJWK>>
const importedKeys = new WeakMap<JWK, Promise<Imported>>()

/** Keys of regions are few, and importing one takes as long as wrapping under it. */
function imported(jwk: JWK): Promise<Imported> {
  const known = importedKeys.get(jwk)
  if (known) return known
  const key = importJWK(jwk, algorithm)
  importedKeys.set(jwk, key)
  return key
}

/** Wraps a 32-byte key for these regions, of which the public keys must be known. */
async function wrapKey(keys: WrappingKeys, key: Uint8Array, regions: readonly string[]): Promise<Uint8Array> {
  const jwe = new GeneralEncrypt(key).setProtectedHeader({ enc: 'A256GCM' })
  for (const region of regions) {
    const jwk = keys.publicKeys.get(region)
    if (!jwk) throw new Error(`no wrapping key of region ${region} is configured`)
    jwe.addRecipient(await imported(jwk)).setUnprotectedHeader({ alg: algorithm, kid: region })
  }
  return Buffer.from(JSON.stringify(await jwe.encrypt()))
}

/** The key, if this region is a recipient; undefined if it isn't. Throws if the bytes were altered. */
async function unwrapKey(keys: WrappingKeys, wrapped: Uint8Array): Promise<Uint8Array | undefined> {
  const jwe = JSON.parse(Buffer.from(wrapped).toString('utf8')) as GeneralJWE
  const recipients = jwe.recipients.filter((recipient) => recipient.header?.['kid'] === keys.region)
  if (recipients.length === 0) return undefined
  const { plaintext } = await generalDecrypt({ ...jwe, recipients }, await imported(keys.privateKey))
  return plaintext
}
