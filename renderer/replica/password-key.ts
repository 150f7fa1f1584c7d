import { argon2idAsync } from '@noble/hashes/argon2.js'
import { z } from 'zod'

/**
 * A key from a password, by Argon2id. Its cost is written beside what the key protects, so that it can be raised without
 * touching old records.
 */
export type PasswordCost = {
  memoryKiB: number
  passes: number
  lanes: number
}

/** A minimum of the OWASP password storage cheat sheet: 19 MiB, 2 passes. About a second on an office computer. */
export const passwordCost: PasswordCost = { memoryKiB: 19_456, passes: 2, lanes: 1 }

/** KiB written in all. What asks for more is refused: a record that was tampered with must not hold up a sign-in. */
const mostWork = 2 ** 18

export const passwordCostShape = z
  .strictObject({
    memoryKiB: z
      .int()
      .min(8)
      .max(128 * 1024),
    passes: z.int().min(1).max(16),
    lanes: z.int().min(1).max(4),
  })
  .refine(({ memoryKiB, lanes }) => memoryKiB >= 8 * lanes, 'Argon2 needs 8 KiB a lane')
  .refine(({ memoryKiB, passes }) => memoryKiB * passes <= mostWork, 'this would take too long')

export const saltBytes = 16

/** An AES-256-GCM key that cannot be taken out again. The password is normalised (NFKC), as the region does. */
export async function passwordKey(
  password: string,
  salt: Uint8Array,
  { memoryKiB: m, passes: t, lanes: p }: PasswordCost,
): Promise<CryptoKey> {
  const text = new TextEncoder().encode(password.normalize('NFKC'))
  const derived = new Uint8Array(await argon2idAsync(text, salt, { m, t, p, dkLen: 32 }))
  text.fill(0)
  const key = await crypto.subtle.importKey('raw', derived, 'AES-GCM', false, ['encrypt', 'decrypt'])
  derived.fill(0)
  return key
}
