import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { getRequestListener } from '@hono/node-server'
import type { RegionConfig } from '../config/config.ts'
import type { HttpApp } from '../http/context.ts'
import type { Gateway } from './gateway.ts'

export type Listening = {
  /** The port that is listened on. */
  port: number
  /** Stops taking requests, closes WebSockets with 4512, lets requests under way end for up to 5 s. */
  close(): Promise<void>
}

export type ListenLimits = {
  /** Longest time to send the head of a request, in ms, from the moment at which the connection is there. */
  head: number
  /** Longest time to send all of a request, in ms: 64 MiB over a thin line. */
  request: number
  /** How often these two are looked at, in ms. */
  check: number
  /** How long a connection is kept on which all requests are answered, in ms. */
  idle: number
  /** A connection on which no byte moves for so long is ended, in ms: nobody takes the answer. */
  silence: number
  /** Connections at the same time, of all kinds. More are closed at once. */
  connections: number
}

const usual: ListenLimits = {
  head: 10_000,
  request: 300_000,
  check: 2_000,
  idle: 30_000,
  silence: 300_000,
  connections: 20_000,
}
const headBytes = 32 * 1024
/** How long requests under way may take when the region ends, and how often their connections are looked at, in ms. */
const lastRequests = 5000
const idleRound = 25

/** One server for HTTP and WebSockets. Rejects with the error of Node if the address cannot be had. */
export async function listen(deps: {
  config: Pick<RegionConfig, 'http'>
  app: HttpApp
  gateway: Gateway
  limits?: Partial<ListenLimits>
}): Promise<Listening> {
  const { config, app, gateway } = deps
  const limits = { ...usual, ...deps.limits }
  const server = createServer(
    {
      headersTimeout: limits.head,
      requestTimeout: limits.request,
      connectionsCheckingInterval: limits.check,
      keepAliveTimeout: limits.idle,
      maxHeaderSize: headBytes,
      // Java's HTTP client and `curl --http2` offer h2c with every request: who offers it takes HTTP/1.1 as well.
      shouldUpgradeCallback: ({ headers }) => /\bwebsocket\b/i.test(headers.upgrade ?? ''),
    },
    getRequestListener(app.fetch, { overrideGlobalObjects: false }),
  )
  server.maxConnections = limits.connections
  server.timeout = limits.silence
  server.on('upgrade', gateway.handleUpgrade)
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(config.http.port, config.http.host, () => {
      server.off('error', reject)
      // A connection that cannot be taken, for want of file descriptors, is that client's trouble.
      server.on('error', () => undefined)
      resolve()
    })
  })

  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        // A connection is idle only when its last request has been answered: they are looked at again and again.
        const idle = setInterval(() => server.closeIdleConnections(), idleRound)
        const late = setTimeout(() => server.closeAllConnections(), lastRequests)
        server.close(() => {
          clearInterval(idle)
          clearTimeout(late)
          resolve()
        })
        void gateway.drain()
      }),
  }
}
