import { Hono } from 'hono'
import { HTTPException } from 'hono/http-exception'
import { methodNotAllowed } from 'hono/method-not-allowed'
import { routePath } from 'hono/route'
import { createSessions } from '../identity/sessions.ts'
import { plainError } from '../observability/logger.ts'
import { isOutOfReach } from '../store/database.ts'
import { authorityRoutes } from './authority-routes.ts'
import type { HttpApp, HttpContext, HttpDeps, HttpEnv } from './context.ts'
import { bodyDoor, keepOut, originDoor, tokenDoor } from './doors.ts'
import { entriesRoutes } from './entries-routes.ts'
import { eraseRoutes } from './erase-routes.ts'
import { failed } from './fhir/outcome.ts'
import { fhirRoutes } from './fhir/routes.ts'
import { healthRoutes } from './health-routes.ts'
import { importRoutes } from './import-routes.ts'
import { patientsRoutes } from './patients-routes.ts'
import { problem } from './problem.ts'
import { quarantineRoutes } from './quarantine-routes.ts'
import { sessionRoutes } from './session-routes.ts'
import { webEdition } from './web.ts'

export type { HttpDeps } from './context.ts'

/** Everything that a region answers over HTTP. */
export function createHttpApp(deps: HttpDeps): HttpApp {
  const app = new Hono<HttpEnv>()
  const sessions = createSessions(deps)

  app.use(measure(deps))
  app.use(originDoor(deps))
  app.use(keepOut)
  app.use(bodyDoor(largeImports * deps.config.limits.importBytes))
  app.use(
    methodNotAllowed({
      app,
      onMethodNotAllowed: (c, methods) => wrongMethod(c, methods),
    }),
  )
  app.route('/', healthRoutes(deps))
  app.use('/v1/*', tokenDoor(deps))
  app.use('/fhir/*', tokenDoor(deps))
  app.route('/v1/session', sessionRoutes(deps, sessions))
  app.route('/v1/entries', entriesRoutes(deps))
  app.route('/v1', patientsRoutes(deps))
  app.route('/v1', eraseRoutes(deps))
  app.route('/v1', quarantineRoutes(deps))
  app.route('/v1', importRoutes(deps))
  app.route('/v1', authorityRoutes(deps))
  app.route('/fhir/R4', fhirRoutes(deps))
  if (deps.config.web !== undefined) app.route('/', webEdition(deps.config.web, deps.config))

  app.notFound((c) => nowhere(c))
  app.onError((error, c) => {
    if (error instanceof HTTPException) return error.getResponse()
    if (isOutOfReach(error))
      return isFhir(c)
        ? failed(503, 'transient', away, retryLater)
        : problem('unavailable', away, { retryAfterSeconds })
    // The route's pattern, never the path: paths hold ids of patients.
    deps.logger.error({ route: routePath(c, -1), error: plainError(error) }, 'a request failed')
    return isFhir(c)
      ? failed(500, 'exception', 'something went wrong in this region; it has been logged')
      : problem('internal', 'something went wrong in this region; it has been logged')
  })
  return app
}

/** Imports of the largest size that may be read at the same time. */
const largeImports = 2

const away = 'this region cannot reach its store now; try again later, or in another region'
const retryAfterSeconds = 5
const retryLater = { 'retry-after': String(retryAfterSeconds) }

/** Paths whose errors are OperationOutcomes. */
function isFhir(c: { req: { path: string } }): boolean {
  return c.req.path.startsWith('/fhir/') || c.req.path === '/v1/import'
}

function nowhere(c: HttpContext): Response {
  return isFhir(c)
    ? failed(404, 'not-found', 'nothing is served at this address; GET metadata says what is')
    : problem('not-found', 'nothing is served at this address')
}

function wrongMethod(c: HttpContext, methods: string[]): Response {
  const allow = { allow: methods.join(', ') }
  const words = `this address takes ${methods.join(', ')}`
  return isFhir(c)
    ? failed(405, 'not-supported', words, allow)
    : problem('method-not-allowed', words, { headers: allow })
}

function measure({ metrics, monotonic }: HttpDeps) {
  return async (c: HttpContext, next: () => Promise<void>): Promise<void> => {
    const began = monotonic()
    await next()
    const route = c.res.status === 404 ? 'none' : routePath(c, -1)
    metrics.httpSeconds.observe(
      { method: c.req.method, route, status: c.res.status },
      (monotonic() - began) / 1000,
    )
  }
}
