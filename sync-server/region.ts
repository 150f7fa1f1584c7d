import { readFileSync } from 'node:fs'
import type { JWK } from 'jose'
import type { RegionConfig } from './config/config.ts'
import { createAdmission } from './documents/admission.ts'
import { createNotes } from './documents/notes.ts'
import { untilFree } from './free-ports.ts'
import { createGateway } from './gateway/gateway.ts'
import { listen } from './gateway/listen.ts'
import { createHttpApp } from './http/app.ts'
import { createTokens } from './identity/tokens.ts'
import type { Logger } from './observability/logger.ts'
import { createMetrics } from './observability/metrics.ts'
import { tlsWires } from './replication/links.ts'
import { startReplication } from './replication/replication.ts'
import { openRegionStore } from './store/region-store.ts'
import { realTimers } from './store/timers.ts'

/** One running region. */
export type Region = { origin(): string; close(): Promise<void> }

/**
 * Starts a region: store, then replication, then the doors for clients. Rejects with a message for the operator.
 * @param signal ends a start that waits: for the database, or as standby for another process of the region
 * @param overtaken told, with the reason, when another process has taken over: this one knows too little, and must end
 */
export async function startRegion(
  config: RegionConfig,
  logger: Logger,
  signal: AbortSignal,
  overtaken: (why: string) => void,
): Promise<Region> {
  const secrets = readSecrets(config)
  const info = (message: string, detail: object = {}) => logger.info(detail, message)
  const warn = (message: string, detail: object = {}) => logger.warn(detail, message)
  const now = () => new Date()
  const monotonic = () => performance.now()
  const metrics = createMetrics()

  const publicKeys = new Map<string, JWK>([
    [config.region, publicHalf(secrets.wrapping)],
    ...config.peers.map((peer) => [peer.region, peer.wrappingKey] as const),
  ])
  const wrapping = { region: config.region, privateKey: secrets.wrapping, publicKeys }
  const store = await openRegionStore({ config, wrapping, info, warn, signal, overtaken })
  const closers: (() => Promise<void> | void)[] = [() => store.close()]
  const close = async () => {
    for (const closer of closers.splice(0).reverse()) await closer()
  }
  try {
    if (store.stoodBy)
      await untilFree([config.replication, config.http], signal, ({ port }) =>
        warn('waits for a port that the process before still has', { port }),
      )
    const wires = tlsWires(config, secrets.tls)
    const random = Math.random
    const replication = await startReplication({
      config,
      wires,
      timers: realTimers,
      random,
      store,
      info,
      warn,
      alarm: (message, detail) => logger.error(detail, message),
    })
    closers.push(() => replication.close())
    const peers = () => replication.peers()
    const histories = () => replication.histories()
    const tokens = createTokens({ config, signingKey: secrets.signing, now })
    const admission = createAdmission({ config, store, logger, metrics, monotonic })
    const notes = createNotes({ store, logger, metrics, monotonic })
    closers.push(
      () => notes.close(),
      () => admission.close(),
    )
    const replicated = replication.flushedByPeers
    const deps = {
      config,
      store,
      tokens,
      admission,
      notes,
      logger,
      metrics,
      peers,
      histories,
      replicated,
      now,
      monotonic,
    }
    const gateway = createGateway(deps)
    const doors = await listen({ config, app: createHttpApp(deps), gateway })
    closers.push(() => doors.close())
    info('the region is open', { origin: store.entries.origin(), port: doors.port })
    return { origin: () => store.entries.origin(), close }
  } catch (error) {
    await close()
    throw error
  }
}

function readSecrets({ secrets }: RegionConfig) {
  const text = (file: string) => readFileSync(file, 'utf8')
  return {
    tls: { key: text(secrets.tlsKey), certificate: text(secrets.tlsCertificate) },
    wrapping: JSON.parse(text(secrets.wrappingKey)) as JWK,
    signing: JSON.parse(text(secrets.signingKey)) as { [member: string]: unknown },
  }
}

function publicHalf({ d: _, ...open }: JWK): JWK {
  return open
}
