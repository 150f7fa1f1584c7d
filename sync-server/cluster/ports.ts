import { createServer } from 'node:net'

/**
 * Where everything listens, counted from the base port. A region is known by its index, which the data folder
 * keeps, so that a region's ports stay when the list of regions changes.
 *
 * ```
 * base                      control port
 * base + 10 (i + 1)         region i: HTTP and WebSocket
 * base + 10 (i + 1) + 1     region i: replication, reached by other regions only through their link proxies
 * base + 10 (i + 1) + 2     region i: PostgreSQL
 * base + 110 + 9 a + b'     link proxy that region a dials to reach region b; b' = b, less 1 if b > a
 * ```
 */

export const mostRegions = 10
export const highestBasePort = 65535 - 200
const host = '127.0.0.1'

export type RegionPorts = { http: number; replication: number; postgres: number }

/** Ports of the region with this index, 0 to 9. */
export function portsOfRegion(basePort: number, index: number): RegionPorts {
  const first = basePort + 10 * (index + 1)
  return { http: first, replication: first + 1, postgres: first + 2 }
}

/** The port that region `from` dials to reach region `to`. */
export function portOfLink(basePort: number, from: number, to: number): number {
  return basePort + 10 * (mostRegions + 1) + (mostRegions - 1) * from + (to > from ? to - 1 : to)
}

/** Every port that a cluster of these regions (name → index) will use, and for what. */
export function portsOfCluster(basePort: number, regions: ReadonlyMap<string, number>): Map<number, string> {
  const ports = new Map([[basePort, 'the control port']])
  for (const [region, index] of regions) {
    const own = portsOfRegion(basePort, index)
    ports.set(own.http, `HTTP of ${region}`)
    ports.set(own.replication, `replication of ${region}`)
    ports.set(own.postgres, `the database of ${region}`)
    for (const [other, otherIndex] of regions)
      if (other !== region)
        ports.set(portOfLink(basePort, index, otherIndex), `the link from ${region} to ${other}`)
  }
  return ports
}

/** The first of these ports that cannot be listened on, and why (`EADDRINUSE`, `EACCES`, …). */
export async function firstUnusable(
  ports: Iterable<number>,
): Promise<{ port: number; code: string } | undefined> {
  for (const port of ports) {
    const code = await tryPort(port)
    if (code) return { port, code }
  }
  return undefined
}

function tryPort(port: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const probe = createServer()
    probe.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message))
    probe.listen({ port, host, exclusive: true }, () => probe.close(() => resolve(undefined)))
  })
}
