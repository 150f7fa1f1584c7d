import { createPrivateKey, createPublicKey, type KeyObject, randomUUID } from 'node:crypto'
import { decodeProtectedHeader, errors, jwtVerify, SignJWT } from 'jose'
import { LRUCache } from 'lru-cache'
import { z } from 'zod'
import type { RegionConfig } from '../config/config.ts'
import type { ProvenCursor } from '../store/ports.ts'

/**
 * Tokens of a region: JWTs signed with ES256. Every region knows the public keys of its peers, so that a clinician
 * whose region is gone goes on in the next one with the token at hand. Nothing is looked up to verify one.
 */

/** Who a valid access token speaks for. */
export type Identity = {
  /** Name of the account. */
  user: string
  /** What people call this person. */
  name: string
  role: 'physician' | 'nurse' | 'operator'
  organisation: string
  /** The region that issued the token. */
  region: string
  homeGroups: string[]
  /** Sources for which this account may speak in an import. */
  sources: 'any' | string[]
  /** When the token ends, in milliseconds since 1970, clock tolerance not included. */
  expiresAt: number
}

export type Tokens = {
  /** A new access token and the refresh token that goes with it. */
  issue(identity: Omit<Identity, 'region' | 'expiresAt'>): Promise<{ token: string; refreshToken: string }>
  /** Who an access token speaks for, or undefined if it is none of ours, has ended, or is of another kind. */
  verify(token: string): Promise<Identity | undefined>
  /** The account that a refresh token belongs to, or undefined. */
  verifyRefresh(token: string): Promise<{ user: string } | undefined>
  /** This region's signature under what it has told a device, which shows it with its cursor. */
  signCursor(cursor: ProvenCursor): Promise<string>
  /** What stands under the signature of a region of this cluster, or undefined. */
  readCursor(signed: string): Promise<ProvenCursor | undefined>
}

export type TokenDeps = {
  config: RegionConfig
  /** Private JWK (ES256) with `kid`, as it stands in the file `config.secrets.signingKey`. */
  signingKey: { [member: string]: unknown }
  now(): Date
}

export const tokenLife = {
  accessSeconds: 15 * 60,
  refreshSeconds: 12 * 60 * 60,
  /** A device that was away for longer catches up all the same; its cursor just proves nothing any more. */
  proofSeconds: 400 * 24 * 60 * 60,
  /** Clocks of two regions may differ by this much. */
  toleranceSeconds: 5 * 60,
} as const

const audience = 'meridian'
const accessType = 'at+jwt'
const refreshType = 'refresh'
const cursorType = 'cursor'

const claims = z.object({
  sub: z.string().min(1),
  exp: z.number(),
  name: z.string(),
  role: z.enum(['physician', 'nurse', 'operator']),
  organisation: z.string(),
  region: z.string(),
  homeGroups: z.array(z.string()),
  sources: z.union([z.literal('any'), z.array(z.string())]),
})

const cursorProof = z.object({
  vector: z.record(z.string(), z.int().min(0)),
  hashes: z.record(z.string(), z.base64url()),
})
const cursorClaims = z.object({ held: cursorProof, furthest: cursorProof })

/** Throws if the signing key is no private P-256 key with a `kid`. */
export function createTokens({ config, signingKey, now }: TokenDeps): Tokens {
  const own = readSigningKey(signingKey)
  const verifiers = new Map<string, { region: string; key: KeyObject }>([
    ...config.peers.flatMap(({ region, signingKey: jwk }) => {
      const { kid } = jwk as { kid?: unknown }
      if (typeof kid !== 'string') return []
      return [[kid, { region, key: createPublicKey({ key: jwk, format: 'jwk' }) }] as const]
    }),
    [own.kid, { region: config.region, key: createPublicKey(own.key) }],
  ])

  function sign(type: string, subject: string, seconds: number, payload: object): Promise<string> {
    const issuedAt = Math.floor(now().getTime() / 1000)
    return new SignJWT({ ...payload })
      .setProtectedHeader({ alg: 'ES256', kid: own.kid, typ: type })
      .setSubject(subject)
      .setIssuer(config.region)
      .setAudience(audience)
      .setIssuedAt(issuedAt)
      .setExpirationTime(issuedAt + seconds)
      .setJti(randomUUID())
      .sign(own.key)
  }

  async function read(token: string, type: string): Promise<object | undefined> {
    try {
      const { kid } = decodeProtectedHeader(token)
      const verifier = kid === undefined ? undefined : verifiers.get(kid)
      if (!verifier) return undefined
      // The issuer is pinned to the key, so that no region can speak as another.
      const { payload } = await jwtVerify(token, verifier.key, {
        algorithms: ['ES256'],
        typ: type,
        issuer: verifier.region,
        audience,
        clockTolerance: tokenLife.toleranceSeconds,
        currentDate: now(),
        requiredClaims: ['sub', 'exp', 'iat'],
      })
      return payload
    } catch (error) {
      if (error instanceof errors.JOSEError || error instanceof TypeError) return undefined
      throw error
    }
  }

  /** After a cut a thousand apps come back with the tokens that they had: each signature is checked once. */
  const verified = new LRUCache<string, Identity>({ max: 10_000 })
  const isOver = ({ expiresAt }: Identity) => now().getTime() >= expiresAt + tokenLife.toleranceSeconds * 1000

  return {
    async issue({ user, ...rest }) {
      const [token, refreshToken] = await Promise.all([
        sign(accessType, user, tokenLife.accessSeconds, { ...rest, region: config.region }),
        sign(refreshType, user, tokenLife.refreshSeconds, {}),
      ])
      return { token, refreshToken }
    },
    async verify(token) {
      const known = verified.get(token)
      if (known) return isOver(known) ? undefined : known
      const parsed = claims.safeParse(await read(token, accessType))
      if (!parsed.success) return undefined
      const { sub, exp, name, role, organisation, region, homeGroups, sources } = parsed.data
      const expiresAt = exp * 1000
      const identity: Identity = {
        user: sub,
        name,
        role,
        organisation,
        region,
        homeGroups,
        sources,
        expiresAt,
      }
      verified.set(token, identity)
      return identity
    },
    async verifyRefresh(token) {
      const parsed = z.object({ sub: z.string().min(1) }).safeParse(await read(token, refreshType))
      return parsed.success ? { user: parsed.data.sub } : undefined
    },
    signCursor: (cursor) => sign(cursorType, 'cursor', tokenLife.proofSeconds, cursor),
    async readCursor(signed) {
      if (signed === '') return undefined
      const parsed = cursorClaims.safeParse(await read(signed, cursorType))
      return parsed.success ? { held: parsed.data.held, furthest: parsed.data.furthest } : undefined
    },
  }
}

function readSigningKey(jwk: { [member: string]: unknown }): { kid: string; key: KeyObject } {
  const { kid } = jwk
  if (typeof kid !== 'string') throw new TypeError('the signing key has no kid: make it anew')
  const key = createPrivateKey({ key: jwk, format: 'jwk' })
  if (key.asymmetricKeyDetails?.namedCurve !== 'prime256v1')
    throw new TypeError('the signing key is no P-256 key: make it anew')
  return { kid, key }
}
