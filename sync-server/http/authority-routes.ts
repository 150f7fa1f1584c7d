import { Hono } from 'hono'
import type { HttpDeps, HttpEnv } from './context.ts'

/** Who may write what. Until authority is built the home region holds every group and every region may write. */
export function authorityRoutes({ config, peers, now }: Pick<HttpDeps, 'config' | 'peers' | 'now'>) {
  const routes = new Hono<HttpEnv>()
  const started = now().toISOString()

  routes.get('/authority', (c) =>
    c.json({
      groups: config.homeGroups.map(({ name, policy, home }) => ({
        group: name,
        policy,
        home,
        holder: home,
        epoch: 1,
        state: home === config.region ? 'home' : 'follower-writable',
        writable: true,
        since: started,
        // The home is as new as itself; how old other groups are here is not measured yet.
        boundSeconds: home === config.region ? 0 : null,
      })),
      peers: Object.fromEntries(peers().map(({ region, ...state }) => [region, state])),
    }),
  )

  return routes
}
