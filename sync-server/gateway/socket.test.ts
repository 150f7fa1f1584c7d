import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { WebSocket, WebSocketServer } from 'ws'
import { createSocket, type Socket } from './socket.ts'

let server: WebSocketServer
let client: WebSocket
let socket: Socket
let now = 0
const heard: number[] = []
const closes: (number | undefined)[] = []

beforeEach(async () => {
  now = 0
  heard.length = 0
  closes.length = 0
  server = new WebSocketServer({ port: 0, host: '127.0.0.1' })
  await once(server, 'listening')
  const connected = once(server, 'connection')
  client = new WebSocket(`ws://127.0.0.1:${(server.address() as AddressInfo).port}`)
  const [ws] = (await connected) as [WebSocket]
  socket = createSocket(ws, { monotonic: () => now, bufferedBound: 1024 })
  socket.serve({
    message: (bytes) => void heard.push(bytes?.[0] ?? -1),
    drained: () => undefined,
    closed: (own) => void closes.push(own),
  })
  if (client.readyState !== WebSocket.OPEN) await once(client, 'open')
})
afterEach(() => {
  client.terminate()
  server.close()
})

test('HO66 while too much that came from a connection is worked on nothing more is read from it, and nothing is lost', async () => {
  let done = () => {}
  const work = new Promise<void>((resolve) => {
    done = resolve
  })
  socket.busy(Promise.resolve(), 100)
  client.send(Uint8Array.of(1))
  while (heard.length === 0) await sleep(1)
  socket.busy(work, 5 * 1024 * 1024)
  for (const number of [2, 3, 4]) client.send(Uint8Array.of(number))
  await sleep(50)
  expect(heard).toEqual([1])
  // Its silence is not its own doing: it does not count as gone.
  now = 1_000_000
  expect(now - socket.times.heard).toBeLessThan(0)
  done()
  while (heard.length < 4) await sleep(1)
  expect(heard).toEqual([1, 2, 3, 4])
  expect(now - socket.times.heard).toBe(0)
})

test('HO67 a ping is a sign of life', async () => {
  now = 500
  client.ping()
  while (socket.times.heard < 500) await sleep(1)
  expect(socket.times.heard).toBe(500)
})

test('HO68 who closes is not closed by this region, whatever code it closes with', async () => {
  client.close(1009)
  while (closes.length === 0) await sleep(1)
  expect(closes).toEqual([undefined])
})
