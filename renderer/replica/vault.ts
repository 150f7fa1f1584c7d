import { z } from 'zod'
import { base64url } from '../../domain/entries/canonical.ts'
import { type PasswordCost, passwordCost, passwordCostShape, passwordKey, saltBytes } from './password-key.ts'
import { type Bytes, openBytes, sealBytes, sealing } from './sealed.ts'

/**
 * The keys of what a device keeps of one user. They come from a secret of 32 random bytes, made once, which the device
 * keeps only wrapped under a key from the user's password: another password costs one small record, and no row is
 * sealed anew.
 *
 * ```
 * password ──Argon2id──▶ key ──opens──▶ secret ──HKDF──▶ AES-256-GCM key of all rows, HMAC key of their names
 * ```
 */
export type Vault = {
  /** Seals bytes for one place: the row's table and key. */
  seal(place: string, bytes: Uint8Array): Promise<Bytes>
  /** Undefined for what was altered, moved from another place, or sealed in another vault. */
  open(place: string, sealed: Uint8Array): Promise<Bytes | undefined>
  /** The key under which a thing of that name is kept: base64url of an HMAC, always the same. */
  rowKey(kind: string, name: string): Promise<string>
}

/** The wrapped secret, as the device keeps it. */
export type Wrapped = {
  version: 1
  cost: PasswordCost
  salt: Uint8Array
  sealed: Uint8Array
  /** SHA-256 of all of the above: tells a damaged record from a wrong password. */
  check: Uint8Array
}

export type OpenedVault = { outcome: 'opened'; vault: Vault } | VaultProblem
export type Rewrapped = { outcome: 'rewrapped'; wrapped: Wrapped } | VaultProblem
export type VaultProblem = { outcome: 'wrong-password' } | { outcome: 'damaged' }

const secretBytes = 32
const ofLength = (length: number) =>
  z.instanceof(Uint8Array).refine((bytes) => bytes.length === length, `${length} bytes`)

const wrappedShape = z.strictObject({
  version: z.literal(1),
  cost: passwordCostShape,
  salt: ofLength(saltBytes),
  sealed: ofLength(sealing.nonceBytes + secretBytes + sealing.tagBytes),
  check: ofLength(32),
})

/** A new vault, and its secret wrapped for this password. */
export async function createVault(
  password: string,
  cost: PasswordCost = passwordCost,
): Promise<{ vault: Vault; wrapped: Wrapped }> {
  const secret = crypto.getRandomValues(new Uint8Array(secretBytes))
  try {
    return { wrapped: await wrap(secret, password, cost), vault: await vaultOf(secret) }
  } finally {
    secret.fill(0)
  }
}

/** Opens what {@link createVault} wrapped, as it was read back: it is parsed here, and costs out of bounds are damage. */
export async function openVault(wrapped: unknown, password: string): Promise<OpenedVault> {
  return withSecret(wrapped, password, async (secret) => ({
    outcome: 'opened',
    vault: await vaultOf(secret),
  }))
}

/** The same secret for another password. The vault stays the same, and so does every row. */
export async function rewrap(
  wrapped: unknown,
  oldPassword: string,
  newPassword: string,
  cost: PasswordCost = passwordCost,
): Promise<Rewrapped> {
  return withSecret(wrapped, oldPassword, async (secret) => ({
    outcome: 'rewrapped',
    wrapped: await wrap(secret, newPassword, cost),
  }))
}

async function withSecret<T>(
  wrapped: unknown,
  password: string,
  use: (secret: Bytes) => Promise<T>,
): Promise<T | VaultProblem> {
  const parsed = wrappedShape.safeParse(wrapped)
  if (!parsed.success) return { outcome: 'damaged' }
  const { cost, salt, sealed, check } = parsed.data
  if (!sameBytes(check, await checkOf(cost, salt, sealed))) return { outcome: 'damaged' }
  const secret = await openBytes(await passwordKey(password, salt, cost), placeOf(cost), sealed)
  if (!secret) return { outcome: 'wrong-password' }
  try {
    return await use(secret)
  } finally {
    secret.fill(0)
  }
}

async function wrap(secret: Bytes, password: string, cost: PasswordCost): Promise<Wrapped> {
  const salt = crypto.getRandomValues(new Uint8Array(saltBytes))
  const sealed = await sealBytes(await passwordKey(password, salt, cost), placeOf(cost), secret)
  return { version: 1, cost, salt, sealed, check: await checkOf(cost, salt, sealed) }
}

function placeOf({ memoryKiB, passes, lanes }: PasswordCost): string {
  return `vault/1/${memoryKiB}/${passes}/${lanes}`
}

async function checkOf(cost: PasswordCost, salt: Uint8Array, sealed: Uint8Array): Promise<Bytes> {
  const head = new TextEncoder().encode(placeOf(cost))
  const all = Uint8Array.from([...head, ...salt, ...sealed])
  return new Uint8Array(await crypto.subtle.digest('SHA-256', all))
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i])
}

async function vaultOf(secret: Bytes): Promise<Vault> {
  const source = await crypto.subtle.importKey('raw', secret, 'HKDF', false, ['deriveKey'])
  const from = (info: string): HkdfParams => ({
    name: 'HKDF',
    hash: 'SHA-256',
    salt: new Uint8Array(),
    info: new TextEncoder().encode(info),
  })
  const rows = await crypto.subtle.deriveKey(
    from('meridian replica 1: rows'),
    source,
    { name: 'AES-GCM', length: 256 },
    false,
    ['encrypt', 'decrypt'],
  )
  const names = await crypto.subtle.deriveKey(
    from('meridian replica 1: names'),
    source,
    { name: 'HMAC', hash: 'SHA-256', length: 256 },
    false,
    ['sign'],
  )
  return {
    seal: (place, bytes) => sealBytes(rows, place, bytes),
    open: (place, sealed) => openBytes(rows, place, sealed),
    async rowKey(kind, name) {
      // As JSON, so that no two pairs make one text.
      const text = new TextEncoder().encode(JSON.stringify([kind, name]))
      return base64url(new Uint8Array(await crypto.subtle.sign('HMAC', names, text)))
    },
  }
}
