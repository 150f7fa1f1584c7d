import { Hono } from 'hono'
import type { RegionStore, RegionVectors } from '../store/ports.ts'
import type { HttpDeps, HttpEnv } from './context.ts'

/** A store that does not answer within this time, in milliseconds, is reported as not answering. */
const patience = 2000

/** What a load balancer, an app that looks for its region, and an operator ask first. */
export function healthRoutes({ config, store, peers, histories, metrics }: HttpDeps) {
  const routes = new Hono<HttpEnv>()

  routes.get('/health', async (c) => {
    const health = store.health()
    const vectors = await vectorsInTime(store.vectors())
    const takesWrites = health.writes && vectors !== undefined
    const quarantined = store.quarantine.size()
    const alarms = histories().alarms.map(({ words }) => words)
    const degraded =
      !takesWrites || quarantined > 0 || alarms.length > 0 || peers().some((peer) => !peer.reachable)
    const body = {
      region: config.region,
      origin: store.entries.origin(),
      status: degraded ? 'degraded' : 'ok',
      vectors: vectors ?? { flushed: {}, servable: {} },
      ...(quarantined === 0 ? {} : { quarantined }),
      ...(alarms.length === 0 ? {} : { alarms }),
      ...detailOf(health, quarantined),
    }
    return c.json(body, takesWrites ? 200 : 503, { 'cache-control': 'no-store' })
  })

  routes.get('/metrics', async (c) => {
    await observe()
    c.header('content-type', metrics.registry.contentType)
    return c.body(await metrics.registry.metrics())
  })

  async function observe(): Promise<void> {
    metrics.documentsQuarantined.set(store.quarantine.size())
    metrics.storeWrites.set(store.health().writes ? 1 : 0)
    metrics.peerLagRows.reset()
    for (const { region: peer, reachable, lagRows } of peers()) {
      metrics.peerReachable.set({ peer }, reachable ? 1 : 0)
      if (lagRows !== null) metrics.peerLagRows.set({ peer }, lagRows)
    }
    const { alarms, setAside } = histories()
    metrics.historiesDiffer.reset()
    for (const { origin } of alarms) metrics.historiesDiffer.set({ origin }, 1)
    metrics.rowsSetAside.reset()
    for (const [origin, rows] of setAside) metrics.rowsSetAside.set({ origin }, rows)
    metrics.rowsWithoutKey.reset()
    const { flushed, servable } = (await vectorsInTime(store.vectors())) ?? { flushed: {}, servable: {} }
    for (const [origin, seq] of Object.entries(flushed)) {
      const rows = seq - (servable[origin] ?? 0)
      if (rows > 0) metrics.rowsWithoutKey.set({ origin }, rows)
    }
  }

  return routes
}

/** The most urgent thing that an operator must know, in words. */
function detailOf(health: ReturnType<RegionStore['health']>, quarantined: number): { detail?: string } {
  if (!health.writes) return { detail: health.detail }
  if (quarantined === 0) return {}
  return {
    detail: `${quarantined} ${quarantined === 1 ? 'document is' : 'documents are'} in quarantine: this region cannot read all of what it holds; GET /v1/quarantine`,
  }
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
