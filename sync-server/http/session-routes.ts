import { Hono } from 'hono'
import { z } from 'zod'
import type { Sessions } from '../identity/sessions.ts'
import { readJson } from './body.ts'
import type { HttpDeps, HttpEnv } from './context.ts'
import { problem } from './problem.ts'

const credentials = z.strictObject({ username: z.string().max(256), password: z.string().max(1024) })
const refreshing = z.strictObject({ refreshToken: z.string().max(8192) })

/** Anybody may call these: a body is no larger than it can be, in bytes. */
const bodyLimit = 32 * 1024

/** Signing in, going on, and where the regions are: the calls that need no token. */
export function sessionRoutes({ config }: Pick<HttpDeps, 'config'>, sessions: Sessions) {
  const routes = new Hono<HttpEnv>()

  routes.post('/', async (c) => {
    const { username, password } = await readJson(c, credentials, bodyLimit)
    const session = await sessions.signIn(username, password)
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
