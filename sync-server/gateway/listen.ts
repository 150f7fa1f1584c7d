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

/** Longest time to send the head of a request, and all of it (64 MiB over a thin line), in milliseconds. */
const limits = {
  head: 10_000,
  request: 300_000,
  idle: 30_000,
  headBytes: 32 * 1024,
  lastRequests: 5000,
  idleRound: 25,
}

/** One server for HTTP and WebSockets. Rejects with the error of Node if the address cannot be had. */
export async function listen(deps: {
  config: Pick<RegionConfig, 'http'>
  app: HttpApp
  gateway: Gateway
}): Promise<Listening> {
  const { config, app, gateway } = deps
  const server = createServer(
    {
      headersTimeout: limits.head,
      requestTimeout: limits.request,
      keepAliveTimeout: limits.idle,
      maxHeaderSize: limits.headBytes,
      // Java's HTTP client and `curl --http2` offer h2c with every request: who offers it takes HTTP/1.1 as well.
      shouldUpgradeCallback: ({ headers }) => /\bwebsocket\b/i.test(headers.upgrade ?? ''),
    },
    getRequestListener(app.fetch, { overrideGlobalObjects: false }),
  )
  server.on('upgrade', gateway.handleUpgrade)
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(config.http.port, config.http.host, () => {
      server.off('error', reject)
      resolve()
    })
  })

  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        // A connection is idle only when its last request has been answered: they are looked at again and again.
        const idle = setInterval(() => server.closeIdleConnections(), limits.idleRound)
        const late = setTimeout(() => server.closeAllConnections(), limits.lastRequests)
        server.close(() => {
          clearInterval(idle)
          clearTimeout(late)
          resolve()
        })
        void gateway.drain()
      }),
  }
}
