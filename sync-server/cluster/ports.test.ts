import { createServer } from 'node:net'
import { expect, test } from 'vitest'
import {
  firstUnusable,
  highestBasePort,
  mostRegions,
  portOfLink,
  portsOfCluster,
  portsOfRegion,
} from './ports.ts'

const everyRegion = new Map(Array.from({ length: mostRegions }, (_, i) => [`region-${i}`, i]))

test('CL5 the ports of the first region are those of the documentation', () => {
  expect(portsOfRegion(9000, 0)).toEqual({ http: 9010, replication: 9011, postgres: 9012 })
})

test('CL5 ten regions fit between base and base + 200, each port for one thing', () => {
  const ports = portsOfCluster(9000, everyRegion)
  expect(ports.size).toBe(1 + 3 * mostRegions + mostRegions * (mostRegions - 1))
  expect(Math.min(...ports.keys())).toBe(9000)
  expect(Math.max(...ports.keys())).toBeLessThanOrEqual(9200)
  expect(highestBasePort + 200).toBe(65535)
})

test('CL5 a link has a port for each direction of dialling', () => {
  expect(new Set([portOfLink(9000, 0, 1), portOfLink(9000, 1, 0), portOfLink(9000, 1, 2)]).size).toBe(3)
})

test('CL6 a port that somebody listens on is found', async () => {
  const server = createServer()
  const port = await new Promise<number>((resolve) =>
    server.listen(0, '127.0.0.1', () => resolve((server.address() as { port: number }).port)),
  )
  expect(await firstUnusable([port])).toEqual({ port, code: 'EADDRINUSE' })
  await new Promise((resolve) => server.close(resolve))
  expect(await firstUnusable([port])).toBeUndefined()
})
