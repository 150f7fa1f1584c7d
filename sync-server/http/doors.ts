import { cors } from 'hono/cors'
import { createMiddleware } from 'hono/factory'
import type { HttpContext, HttpDeps, HttpEnv } from './context.ts'
import { failed } from './fhir/outcome.ts'
import { problem } from './problem.ts'

/** What every request passes before it is served. */

/** Calls under `/v1` and `/fhir/R4` that anybody may make. */
const open = /^\/v1\/session(?:\/(?:refresh|regions))?\/?$/

/** Asks for a valid token on everything but signing in. FHIR clients get their kind of error. */
export function tokenDoor({ tokens }: Pick<HttpDeps, 'tokens'>) {
  return createMiddleware<HttpEnv>(async (c, next) => {
    if (open.test(c.req.path)) return next()
    const token = /^Bearer +([\w.~+/-]+=*)$/i.exec(c.req.header('authorization') ?? '')?.[1]
    const identity = token === undefined ? undefined : await tokens.verify(token)
    if (!identity) return noToken(c)
    c.set('identity', identity)
    return next()
  })
}

function noToken(c: HttpContext): Response {
  const words = 'send Authorization: Bearer <token>, with a token of POST /v1/session that has not ended'
  return c.req.path.startsWith('/fhir/') ? failed(401, 'login', words) : problem('unauthorized', words)
}

/**
 * Other origins that may call: the web editions of the regions, and the desktop app. Tokens travel in a header, never
 * as cookies, so no credentials are allowed.
 */
export function originDoor({ config }: Pick<HttpDeps, 'config'>) {
  const allowed = new Set([
    'app://meridian',
    ...Object.values(config.directory).map(({ http }) => new URL(http).origin),
  ])
  return cors({
    origin: (origin) => (allowed.has(origin) ? origin : null),
    allowMethods: ['GET', 'POST', 'PUT'],
    allowHeaders: ['authorization', 'content-type', 'if-match', 'if-none-match', 'if-none-exist', 'prefer'],
    exposeHeaders: ['date', 'etag', 'last-modified', 'location', 'retry-after'],
    maxAge: 600,
  })
}

/** Answers hold patient data: nobody between keeps them. */
export const keepOut = createMiddleware<HttpEnv>(async (c, next) => {
  await next()
  c.header('x-content-type-options', 'nosniff')
  c.header('referrer-policy', 'no-referrer')
  if (!c.res.headers.has('cache-control')) c.header('cache-control', 'no-store')
})

/** So much of each body counts for nothing, in bytes: what clinicians send always finds room. */
const smallBody = 256 * 1024

/** Bodies that lie in memory at the same time have at most so many bytes together. */
export function bodyDoor(most: number) {
  let held = 0
  return createMiddleware<HttpEnv>(async (c, next) => {
    let own = 0
    let counted = 0
    c.set('holdBody', (bytes) => {
      own += bytes
      const grown = Math.max(0, own - smallBody) - counted
      if (held + grown > most) return false
      counted += grown
      held += grown
      return true
    })
    try {
      await next()
    } finally {
      held -= counted
    }
  })
}
