import { once } from 'node:events'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createLink, openLink } from './link.ts'
import { createLinkProxy, type LinkProxy } from './link-proxy.ts'

// A server that answers every piece with itself, behind a proxy.
let echo: Server
let proxy: LinkProxy
let port = 0
let forward = createLink()
let backward = createLink()
let accepted: Socket[] = []
const opened: Socket[] = []

beforeEach(async () => {
  accepted = []
  echo = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
    accepted.push(socket)
    socket.on('error', () => undefined)
    socket.pipe(socket)
  })
  const target = await listen(echo)
  const free = createServer()
  port = await listen(free)
  await new Promise((resolve) => free.close(resolve))
  forward = createLink()
  backward = createLink()
  proxy = createLinkProxy({ port, target, forward, backward })
  await proxy.listen()
})

afterEach(async () => {
  for (const socket of [...opened, ...accepted]) socket.destroy()
  await proxy.close()
  await new Promise((resolve) => echo.close(resolve))
})

test('CL15 a connection passes bytes both ways and ends in order', async () => {
  const client = dial()
  client.end(Buffer.alloc(3_000_000, 7))
  let got = 0
  client.on('data', (bytes) => {
    got += bytes.length
  })
  await once(client, 'close')
  expect(got).toBe(3_000_000)
})

test('CL15 latency is felt by an established connection, in the direction that has it', async () => {
  const client = dial()
  expect(await roundTrip(client)).toBeLessThan(50)
  forward.set({ ...openLink, latencyMs: 120 })
  expect(await roundTrip(client)).toBeGreaterThanOrEqual(115)
  backward.set({ ...openLink, latencyMs: 120 })
  expect(await roundTrip(client)).toBeGreaterThanOrEqual(235)
  forward.set(openLink)
  backward.set(openLink)
  expect(await roundTrip(client)).toBeLessThan(50)
})

test.each(['forward', 'backward'] as const)(
  'CL16 a cut of %s resets what is there and what comes',
  async (side) => {
    const client = dial()
    await roundTrip(client)
    const link = side === 'forward' ? forward : backward
    const reset = errorOf(client)
    const begun = Date.now()
    link.set({ ...openLink, state: 'cut' })
    expect(await reset).toBe('ECONNRESET')
    expect(await errorOf(dial())).toBe('ECONNRESET')
    expect(Date.now() - begun).toBeLessThan(500)
    expect(accepted).toHaveLength(1)
    link.set(openLink)
    expect(await roundTrip(dial())).toBeLessThan(100)
  },
)

test('CL17 a blackhole is silent: no bytes, no error, no end; afterwards the stream goes on whole', async () => {
  const client = dial()
  await roundTrip(client)
  backward.set({ ...openLink, state: 'blackhole' })
  const events: string[] = []
  for (const event of ['data', 'end', 'error', 'close']) client.once(event, () => events.push(event))
  client.write('swallowed')
  await sleep(100)
  expect(events).toEqual([])
  const late = once(client, 'data')
  backward.set(openLink)
  expect(String((await late)[0])).toBe('swallowed')
})

test('CL17 through a blackhole nobody is reached, and nobody learns that the other is gone', async () => {
  const known = dial()
  await roundTrip(known)
  forward.set({ ...openLink, state: 'blackhole' })
  const stranger = dial()
  stranger.write('hello')
  known.destroy()
  await sleep(100)
  expect(accepted).toHaveLength(1)
  expect(accepted[0]?.destroyed).toBe(false)
  forward.set(openLink)
  expect(String((await once(stranger, 'data'))[0])).toBe('hello')
  await expect.poll(() => accepted[0]?.destroyed).toBe(true)
})

test('CL18 a sender is held back: what waits for a slow link is bounded', async () => {
  forward.set({ ...openLink, state: 'blackhole' })
  const client = dial()
  await once(client, 'connect')
  const block = Buffer.alloc(1024 * 1024)
  let written = 0
  while (written < 64 && client.write(block)) written += 1
  for (let i = 0; i < 63; i++) client.write(block)
  await sleep(300)
  // The proxy holds 4 MiB and the two kernels' buffers some more; the rest waits with the sender.
  expect(client.writableLength).toBeGreaterThan(32 * 1024 * 1024)
})

test('CL14 a slow link is as slow as it says', async () => {
  const client = dial()
  await roundTrip(client)
  backward.set({ ...openLink, bandwidthKBps: 500 })
  const begun = performance.now()
  client.write(Buffer.alloc(150_000))
  let got = 0
  for await (const bytes of client) {
    got += (bytes as Buffer).length
    if (got === 150_000) break
  }
  expect(performance.now() - begun).toBeGreaterThan(250)
  expect(performance.now() - begun).toBeLessThan(1500)
})

test('CL15 a target that refuses resets the one who dials', async () => {
  await new Promise((resolve) => echo.close(resolve))
  expect(await errorOf(dial())).toBe('ECONNRESET')
  echo.listen(0, '127.0.0.1')
  await once(echo, 'listening')
})

function listen(server: Server): Promise<number> {
  return new Promise((resolve) =>
    server.listen(0, '127.0.0.1', () => resolve((server.address() as { port: number }).port)),
  )
}

function dial(): Socket {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true })
  socket.on('error', () => undefined)
  opened.push(socket)
  return socket
}

async function roundTrip(socket: Socket): Promise<number> {
  const begun = performance.now()
  const answer = once(socket, 'data')
  socket.write('x')
  await answer
  return performance.now() - begun
}

function errorOf(socket: Socket): Promise<string | undefined> {
  return new Promise((resolve) => {
    socket.once('error', (error: NodeJS.ErrnoException) => resolve(error.code))
    socket.once('close', () => resolve(undefined))
  })
}
