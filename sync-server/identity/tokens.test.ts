import { generateKeyPairSync } from 'node:crypto'
import { importJWK, SignJWT } from 'jose'
import { describe, expect, test } from 'vitest'
import { sampleConfig, sampleSigningKey } from './sample-config.ts'
import { createTokens, type Identity, tokenLife } from './tokens.ts'

const start = Date.parse('2026-11-24T09:00:00Z')
const minutes = 60_000
const physician = {
  user: 'physician.frankfurt',
  name: 'Dr. Ada Muster',
  role: 'physician',
  organisation: 'Frankfurt General',
  homeGroups: ['frankfurt-general'],
  sources: 'any',
} satisfies Omit<Identity, 'region' | 'expiresAt'>

function twoRegions() {
  const keys = { frankfurt: sampleSigningKey(), london: sampleSigningKey() }
  const clock = { at: start }
  const now = () => new Date(clock.at)
  const region = (name: 'frankfurt' | 'london', peer: 'frankfurt' | 'london') =>
    createTokens({
      config: sampleConfig({
        region: name,
        peers: [{ region: peer, signingKey: keys[peer].public }],
      }),
      signingKey: keys[name].private,
      now,
    })
  return {
    keys,
    clock,
    frankfurt: region('frankfurt', 'london'),
    london: region('london', 'frankfurt'),
  }
}

describe('tokens', () => {
  test('ID1 an access token tells who it speaks for, where it was issued and for how long', async () => {
    const { frankfurt } = twoRegions()
    const { token } = await frankfurt.issue(physician)
    expect(await frankfurt.verify(token)).toEqual({
      ...physician,
      region: 'frankfurt',
      expiresAt: start + tokenLife.accessSeconds * 1000,
    })
  })

  test('ID2 a token of one region is good in its peers', async () => {
    const { frankfurt, london } = twoRegions()
    const { token, refreshToken } = await frankfurt.issue(physician)
    expect(await london.verify(token)).toMatchObject({ user: 'physician.frankfurt', region: 'frankfurt' })
    expect(await london.verifyRefresh(refreshToken)).toEqual({ user: 'physician.frankfurt' })
  })

  test('ID3 clocks may differ by five minutes, and a token ends after that', async () => {
    const { frankfurt, london, clock } = twoRegions()
    const { token, refreshToken } = await frankfurt.issue(physician)
    clock.at = start - 4 * minutes
    expect(await london.verify(token)).toBeDefined()
    clock.at = start + 19 * minutes
    expect(await london.verify(token)).toBeDefined()
    clock.at = start + 21 * minutes
    expect(await london.verify(token)).toBeUndefined()
    expect(await london.verifyRefresh(refreshToken)).toBeDefined()
    clock.at = start + (12 * 60 + 6) * minutes
    expect(await london.verifyRefresh(refreshToken)).toBeUndefined()
  })

  test('ID4 a refresh token opens nothing, and an access token refreshes nothing', async () => {
    const { frankfurt } = twoRegions()
    const { token, refreshToken } = await frankfurt.issue(physician)
    expect(await frankfurt.verify(refreshToken)).toBeUndefined()
    expect(await frankfurt.verifyRefresh(token)).toBeUndefined()
  })

  test('ID5 what is forged, altered, unsigned or of another issuer is no token', async () => {
    const { frankfurt, keys } = twoRegions()
    const { token } = await frankfurt.issue(physician)
    const [header, payload, signature] = token.split('.')
    const unsigned = Buffer.from(JSON.stringify({ alg: 'none', typ: 'at+jwt' })).toString('base64url')
    const forger = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey
    const claims = { ...physician, region: 'frankfurt' }
    const sign = (kid: string, issuer: string, key: Parameters<SignJWT['sign']>[0]) =>
      new SignJWT(claims)
        .setProtectedHeader({ alg: 'ES256', kid, typ: 'at+jwt' })
        .setSubject(physician.user)
        .setIssuer(issuer)
        .setAudience('meridian')
        .setIssuedAt(start / 1000)
        .setExpirationTime(start / 1000 + 60)
        .sign(key)
    const london = await importJWK(keys.london.private, 'ES256')
    for (const bad of [
      '',
      'no.token.at-all',
      `${header}.${payload}`,
      `${unsigned}.${payload}.`,
      `${header}.${payload}.${signature?.slice(0, -4)}AAAA`,
      await sign(keys.frankfurt.public.kid, 'frankfurt', forger),
      await sign('unknown', 'frankfurt', forger),
      await sign(keys.london.public.kid, 'frankfurt', london),
    ])
      expect(await frankfurt.verify(bad)).toBeUndefined()
    expect(await frankfurt.verify(await sign(keys.london.public.kid, 'london', london))).toBeDefined()
  })
})
