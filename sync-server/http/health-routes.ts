import { Hono } from 'hono'
import type { RegionVectors } from '../store/ports.ts'
import type { HttpDeps, HttpEnv } from './context.ts'

/** A store that does not answer within this time, in milliseconds, is reported as not answering. */
const patience = 2000

/** What a load balancer, an app that looks for its region, and an operator ask first. */
export function healthRoutes({ config, store, peers, metrics }: HttpDeps) {
  const routes = new Hono<HttpEnv>()

  routes.get('/health', async (c) => {
    const health = store.health()
    const vectors = await vectorsInTime(store.vectors())
    const takesWrites = health.writes && vectors !== undefined
    const degraded = !takesWrites || peers().some((peer) => !peer.reachable)
    const body = {
      region: config.region,
      origin: store.entries.origin(),
      status: degraded ? 'degraded' : 'ok',
      vectors: vectors ?? { flushed: {}, servable: {} },
      ...(health.writes ? {} : { detail: health.detail }),
    }
    return c.json(body, takesWrites ? 200 : 503, { 'cache-control': 'no-store' })
  })

  routes.get('/metrics', async (c) => {
    observe()
    c.header('content-type', metrics.registry.contentType)
    return c.body(await metrics.registry.metrics())
  })

  function observe(): void {
    metrics.storeWrites.set(store.health().writes ? 1 : 0)
    metrics.peerLagRows.reset()
    for (const { region: peer, reachable, lagRows } of peers()) {
      metrics.peerReachable.set({ peer }, reachable ? 1 : 0)
      if (lagRows !== null) metrics.peerLagRows.set({ peer }, lagRows)
    }
  }

  return routes
}

async function vectorsInTime(vectors: Promise<RegionVectors>): Promise<RegionVectors | undefined> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), patience)
  })
  try {
    return await Promise.race([vectors.catch(() => undefined), late])
  } finally {
    clearTimeout(timer)
  }
}
