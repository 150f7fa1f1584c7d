import { createAdmission } from '../documents/admission.ts'
import { createNotes } from '../documents/notes.ts'
import { createHttpApp } from '../http/app.ts'
import { sampleConfig, sampleSigningKey } from '../identity/sample-config.ts'
import { createTokens, type Identity } from '../identity/tokens.ts'
import { createLogger } from '../observability/logger.ts'
import { createMetrics } from '../observability/metrics.ts'
import { oneHistory } from '../replication/alarms.ts'
import { createMemoryStore } from '../store/memory-store.ts'
import type { PeerState, Vector } from '../store/ports.ts'
import { createGateway, type GatewayDeps } from './gateway.ts'
import { type ListenLimits, listen } from './listen.ts'

/**
 * A whole region for tests, on a free port of 127.0.0.1 and in memory: everything in front of the store, wired as in
 * production. `clock.ahead` moves its wall clock, in milliseconds; its log lines are kept in `lines`.
 */
export async function startSampleRegion({
  over = {} as { [field: string]: unknown },
  gateway: gatewayDeps = {} as Partial<GatewayDeps>,
  peers = [] as PeerState[],
  replicated = {} as { [region: string]: Vector },
  histories = oneHistory,
  limits = {} as Partial<ListenLimits>,
} = {}) {
  const config = { ...sampleConfig({ over }), http: { host: '127.0.0.1', port: 0 } }
  const store = createMemoryStore()
  const clock = { ahead: 0 }
  const now = () => new Date(Date.now() + clock.ahead)
  const monotonic = () => performance.now()
  const lines: string[] = []
  const logger = createLogger({ region: config.region }, { write: (line: string) => void lines.push(line) })
  const metrics = createMetrics({ processMetrics: false })
  const tokens = createTokens({ config, signingKey: sampleSigningKey().private, now })
  const admission = createAdmission({ config, store, logger, metrics, monotonic })
  const notes = createNotes({ store, logger, metrics, monotonic })
  const app = createHttpApp({
    config,
    store,
    tokens,
    admission,
    logger,
    metrics,
    peers: () => peers,
    histories: () => histories,
    replicated: { current: () => replicated },
    now,
    monotonic,
  })
  const gateway = createGateway({
    config,
    store,
    notes,
    admission,
    tokens,
    logger,
    metrics,
    now,
    monotonic,
    peers: () => peers,
    replicated: {
      current: () => replicated,
      said: (name) => replicated[name],
      onChange: () => () => undefined,
    },
    ...gatewayDeps,
  })
  const server = await listen({ config, app, gateway, limits })

  async function tokenOf(username = 'physician.frankfurt'): Promise<string> {
    return (await tokens.issue(accountOf(username))).token
  }

  function accountOf(username: string): Omit<Identity, 'region' | 'expiresAt'> {
    const account = config.accounts.find((a) => a.username === username)
    if (!account) throw new Error(`no account ${username}`)
    const { name, role, organisation, homeGroups, sources } = account
    return { user: username, name, role, organisation, homeGroups, sources }
  }

  /** The author that entries of this account must name. */
  function authorOf(username = 'physician.frankfurt') {
    const { user, role, organisation } = accountOf(username)
    return { user, role, organisation }
  }

  async function request(path: string, init: RequestInit & { as?: string | null } = {}): Promise<Response> {
    const { as = 'physician.frankfurt', headers, ...rest } = init
    const authorization = as === null ? {} : { authorization: `Bearer ${await tokenOf(as)}` }
    return fetch(`http://127.0.0.1:${server.port}${path}`, {
      ...rest,
      headers: { ...authorization, ...(headers as { [name: string]: string }) },
    })
  }

  return {
    config,
    store,
    clock,
    lines,
    metrics,
    gateway,
    notes,
    tokenOf,
    authorOf,
    request,
    postJson: (path: string, body: unknown, init: RequestInit & { as?: string | null } = {}) =>
      request(path, {
        method: 'POST',
        body: JSON.stringify(body),
        ...init,
        headers: { 'content-type': 'application/json', ...(init.headers as { [name: string]: string }) },
      }),
    http: `http://127.0.0.1:${server.port}`,
    sync: `ws://127.0.0.1:${server.port}/sync`,
    async close() {
      await server.close()
      admission.close()
      notes.close()
      await store.close()
    },
  }
}

export type SampleRegion = Awaited<ReturnType<typeof startSampleRegion>>
