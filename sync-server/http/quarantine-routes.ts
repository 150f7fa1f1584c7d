import { Hono } from 'hono'
import type { HttpDeps, HttpEnv } from './context.ts'
import { problem } from './problem.ts'

/** `GET /v1/quarantine`, for operators: documents of which this region cannot read everything that it holds. */
export function quarantineRoutes({ store }: Pick<HttpDeps, 'store'>) {
  const routes = new Hono<HttpEnv>()

  routes.get('/quarantine', (c) =>
    c.get('identity').role === 'operator'
      ? c.json({ documents: store.quarantine.documents() })
      : problem('forbidden', 'only an operator can see what is in quarantine'),
  )

  return routes
}
