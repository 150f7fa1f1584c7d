import { describe, expect, test } from 'vitest'
import { hashPassword } from './passwords.ts'
import { sampleConfig, sampleSigningKey } from './sample-config.ts'
import { createSessions } from './sessions.ts'
import { createTokens } from './tokens.ts'

function sessions(options: Parameters<typeof sampleConfig>[0] = {}) {
  const config = sampleConfig(options)
  const tokens = createTokens({ config, signingKey: sampleSigningKey().private, now: () => new Date() })
  return { tokens, sessions: createSessions({ config, tokens }) }
}

describe('sessions', () => {
  test('ID6 name and password open a session for 15 minutes', async () => {
    const { sessions: region, tokens } = sessions()
    const session = await region.signIn('physician.frankfurt', 'meridian')
    expect(session).toMatchObject({
      expiresInSeconds: 900,
      user: {
        id: 'physician.frankfurt',
        role: 'physician',
        region: 'frankfurt',
        homeGroups: ['frankfurt-general'],
      },
    })
    expect(await tokens.verify(session!.token)).toMatchObject({ user: 'physician.frankfurt', sources: 'any' })
  })

  test('ID7 a wrong password and an unknown name get the same answer, after a password was hashed', async () => {
    const { sessions: region } = sessions({ passwordHash: await hashPassword('meridian') })
    const timed = async (name: string) => {
      const start = performance.now()
      expect(await region.signIn(name, 'wrong')).toBeUndefined()
      return performance.now() - start
    }
    await timed('physician.frankfurt')
    const known = await timed('physician.frankfurt')
    const unknown = await timed('nobody')
    expect(unknown).toBeGreaterThan(known / 10)
  })

  test('ID8 a refresh token opens a new session for the account as it is now', async () => {
    const { sessions: region } = sessions()
    const first = await region.signIn('nurse.frankfurt', 'meridian')
    expect(await region.refresh(first!.refreshToken)).toMatchObject({ user: { id: 'nurse.frankfurt' } })
    expect(await region.refresh(first!.token)).toBeUndefined()
    expect(await region.refresh('nothing')).toBeUndefined()
  })

  test('ID9 an account that is gone cannot be refreshed', async () => {
    const config = sampleConfig()
    const tokens = createTokens({ config, signingKey: sampleSigningKey().private, now: () => new Date() })
    const session = await createSessions({ config, tokens }).signIn('operator', 'meridian')
    const without = { ...config, accounts: config.accounts.filter((a) => a.username !== 'operator') }
    const later = createSessions({ config: without, tokens })
    expect(await later.refresh(session!.refreshToken)).toBeUndefined()
    expect(
      await createSessions({ config: { ...config, accounts: [] }, tokens }).signIn('x', 'y'),
    ).toBeUndefined()
  })
})
