import { randomBytes, type ScryptOptions, scrypt, timingSafeEqual } from 'node:crypto'

/**
 * Password hashes as the configuration holds them: `scrypt$<N>$<r>$<p>$<salt base64url>$<hash base64url>`.
 * A hash carries its own cost, so that the cost can be raised without touching old accounts.
 */

/** One of the equivalent minimum settings of the OWASP password storage cheat sheet: 16 MiB, 5 passes. */
const cost = { N: 2 ** 14, r: 8, p: 5 }
const saltBytes = 16
const hashBytes = 32
/** A hash that asks for more is not computed: it would be a way to exhaust the server. */
const mostMemoryBytes = 256 * 1024 * 1024

/** Hashes a password under a fresh random salt. */
export async function hashPassword(password: string): Promise<string> {
  const salt = randomBytes(saltBytes)
  const hash = await derive(password, salt, hashBytes, cost)
  return ['scrypt', cost.N, cost.r, cost.p, salt.toString('base64url'), hash.toString('base64url')].join('$')
}

/**
 * Is this the password of that hash? The hashes are compared in constant time. A hash that is malformed, or asks for
 * more than 256 MiB, fits no password.
 */
export async function verifyPassword(password: string, hash: string): Promise<boolean> {
  const parsed = parse(hash)
  if (!parsed) return false
  const actual = await derive(password, parsed.salt, parsed.hash.length, parsed.cost)
  return timingSafeEqual(actual, parsed.hash)
}

type Cost = { N: number; r: number; p: number }

const pattern = /^scrypt\$(\d{1,9})\$(\d{1,4})\$(\d{1,4})\$([A-Za-z0-9_-]{11,})\$([A-Za-z0-9_-]{22,})$/

function parse(text: string): { cost: Cost; salt: Buffer; hash: Buffer } | undefined {
  const match = pattern.exec(text)
  if (!match) return undefined
  const [N, r, p] = [Number(match[1]), Number(match[2]), Number(match[3])]
  const powerOfTwo = N > 1 && Number.isInteger(Math.log2(N))
  if (!powerOfTwo || r < 1 || p < 1 || memoryOf({ N, r, p }) > mostMemoryBytes) return undefined
  return {
    cost: { N, r, p },
    salt: Buffer.from(match[4]!, 'base64url'),
    hash: Buffer.from(match[5]!, 'base64url'),
  }
}

function memoryOf({ N, r, p }: Cost): number {
  return 128 * r * (N + p + 2)
}

function derive(password: string, salt: Buffer, length: number, cost: Cost): Promise<Buffer> {
  const options: ScryptOptions = { ...cost, maxmem: memoryOf(cost) + 1024 * 1024 }
  return new Promise((resolve, reject) => {
    scrypt(password.normalize('NFKC'), salt, length, options, (error, key) =>
      error ? reject(error) : resolve(key),
    )
  })
}
