import { Hono } from 'hono'
import { z } from 'zod'
import type { Sessions } from '../identity/sessions.ts'
import { readJson } from './body.ts'
import type { HttpDeps, HttpEnv } from './context.ts'
import { createGate } from './gate.ts'
import { problem } from './problem.ts'

const credentials = z.strictObject({ username: z.string().max(256), password: z.string().max(1024) })
const refreshing = z.strictObject({ refreshToken: z.string().max(8192) })

/**
 * Checking a password takes a thread for a tenth of a second, by design, and anybody may ask for it. Two threads are left for
 * what clinicians do.
 */
const passwords = { checkedAtATime: 2, waiting: 200 }

/** Anybody may call these: a body is no larger than it can be, in bytes. */
const bodyLimit = 32 * 1024

/** Signing in, going on, and where the regions are: the calls that need no token. */
export function sessionRoutes({ config }: Pick<HttpDeps, 'config'>, sessions: Sessions) {
  const routes = new Hono<HttpEnv>()
  const gate = createGate(passwords.checkedAtATime, passwords.waiting)

  routes.post('/', async (c) => {
    const { username, password } = await readJson(c, credentials, bodyLimit)
    const session = await gate.pass(() => sessions.signIn(username, password))
    if (session === 'full')
      return problem('unavailable', 'too many people are signing in at this moment; try again', {
        retryAfterSeconds: 2,
      })
    return session
      ? c.json(session)
      : problem('wrong-credentials', 'no account of this region has this name and password')
  })

  routes.post('/refresh', async (c) => {
    const { refreshToken } = await readJson(c, refreshing, bodyLimit)
    const session = await sessions.refresh(refreshToken)
    return session ? c.json(session) : problem('unauthorized', 'this refresh token has ended; sign in again')
  })

  routes.get('/regions', (c) => c.json({ region: config.region, regions: config.directory }))

  return routes
}
