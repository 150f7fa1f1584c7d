import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { connect as connectTls } from 'node:tls'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { regionFolder } from '../../sync-server/cluster/region-folder.ts'
import { makeSecrets } from '../../sync-server/cluster/secrets.ts'
import type { PeerConfig } from '../../sync-server/config/config.ts'
import { type Identity, tlsWires, type Wires } from '../../sync-server/replication/links.ts'
import { encodePeerMessage, type PeerMessage, peerProtocol } from '../../sync-server/replication/peer-wire.ts'

/** The port on which a region waits for its peers: everybody can reach it, and only peers are spoken to. */

const folder = mkdtempSync(join(tmpdir(), 'meridian-hostile-'))
const heard: PeerMessage[] = []
const identities: { [region: string]: Identity } = {}
let wires: Wires
let listening: { close(): Promise<void> }
let port = 0
let opened = 0
const open: { destroy(): void }[] = []

beforeAll(async () => {
  for (const region of ['frankfurt', 'london', 'stranger']) {
    const { secrets } = regionFolder(folder, region)
    await makeSecrets(region, secrets)
    identities[region] = {
      key: readFileSync(secrets.tlsKey, 'utf8'),
      certificate: readFileSync(secrets.tlsCertificate, 'utf8'),
    }
  }
  port = await freePort()
  wires = tlsWires(
    { replication: { host: '127.0.0.1', port }, peers: [peer('london')] },
    identities['frankfurt']!,
  )
  listening = await wires.listen(() => {
    opened += 1
    return { received: (message) => void heard.push(message), closed: () => undefined }
  })
})
afterEach(async () => {
  for (const one of open.splice(0)) one.destroy()
  await isServed()
})
afterAll(async () => {
  await listening.close()
  rmSync(folder, { recursive: true })
})

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port: free } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return free
}

function peer(region: string): PeerConfig {
  return {
    region,
    url: `wss://127.0.0.1:${port}`,
    certificate: identities[region]!.certificate,
    wrappingKey: { kty: 'EC' },
    signingKey: { kty: 'EC' },
  }
}

/** A peer gets through, whatever else is at the door. */
async function isServed(): Promise<void> {
  const before = heard.length
  const london = tlsWires({ replication: { host: '127.0.0.1', port: 0 }, peers: [] }, identities['london']!)
  const dialled = london.dial(
    peer('frankfurt'),
    (link) => {
      link.send({ type: 'unfollow', strand: 'frankfurt.1' })
      return { received: () => undefined, closed: () => undefined }
    },
    () => undefined,
  )
  expect(await until(() => heard.length > before)).toBe(true)
  dialled.close()
}

async function until(condition: () => boolean, patienceMs = 10_000): Promise<boolean> {
  for (const end = performance.now() + patienceMs; performance.now() < end && !condition(); ) await sleep(10)
  return condition()
}

async function tcp(): Promise<{ socket: Socket; closed(): boolean }> {
  const socket = connect({ port, host: '127.0.0.1' })
  open.push(socket)
  let closed = false
  socket.on('close', () => {
    closed = true
  })
  socket.on('error', () => undefined)
  socket.resume()
  await new Promise((resolve) => socket.once('connect', resolve))
  return { socket, closed: () => closed }
}

/** A WebSocket to the port, by whoever holds these secrets, and how it ended. */
async function webSocket(who: Identity | undefined, protocol = peerProtocol) {
  const socket = new WebSocket(`wss://127.0.0.1:${port}`, protocol, {
    ...(who ? { key: who.key, cert: who.certificate } : {}),
    ca: [identities['frankfurt']!.certificate],
    minVersion: 'TLSv1.3',
    checkServerIdentity: () => false as never,
    perMessageDeflate: true,
  })
  open.push({ destroy: () => socket.terminate() })
  let isOpen = false
  let closed = false
  socket.on('open', () => {
    isOpen = true
  })
  socket.on('close', () => {
    closed = true
  })
  socket.on('error', () => undefined)
  await until(() => isOpen || closed)
  return { socket, isOpen: () => isOpen, closed: () => closed }
}

describe('the replication port', () => {
  test('HO70 who is silent, speaks no TLS, or never ends its greeting is ended', async () => {
    const [silent, garbage, slow] = [await tcp(), await tcp(), await tcp()]
    garbage.socket.write('GET / HTTP/1.1\r\nhost: x\r\n\r\n')
    expect(await until(garbage.closed)).toBe(true)
    const hello = Buffer.from('160301020001000', 'hex')
    const drip = setInterval(() => slow.socket.write(hello.subarray(0, 1)), 200)
    await isServed()
    expect(await until(() => silent.closed() && slow.closed(), 15_000)).toBe(true)
    clearInterval(drip)
    for (let times = 0; times < 30; times++) {
      const one = await tcp()
      one.socket.write(Buffer.from(Array.from({ length: 400 }, (_, at) => (at * 7919 + times * 31) & 255)))
      if (times % 2 === 0)
        one.socket.write(Buffer.concat([Buffer.from('1603030200', 'hex'), Buffer.alloc(512)]))
      expect(await until(one.closed)).toBe(true)
    }
  }, 40_000)

  test('HO71 without the certificate of a peer nobody is spoken to', async () => {
    const before = opened
    for (const who of [undefined, identities['stranger'], identities['frankfurt']]) {
      const { isOpen, closed } = await webSocket(who)
      expect([isOpen(), await until(closed)]).toEqual([false, true])
    }
    const old = connectTls({ port, host: '127.0.0.1', maxVersion: 'TLSv1.2', rejectUnauthorized: false })
    open.push(old)
    await new Promise<void>((resolve) => {
      old.on('error', () => resolve())
      old.on('close', () => resolve())
    })
    expect(opened).toBe(before)
  })

  test('HO72 a peer that speaks another protocol, garbage, or too much at once is cut off', async () => {
    const before = heard.length
    const other = await webSocket(identities['london'], 'meridian.v1')
    expect(await until(other.closed)).toBe(true)
    for (const message of [
      Uint8Array.of(),
      Uint8Array.of(4, 255, 255, 255),
      Uint8Array.of(1, 255, 255, 255, 255, 255, 255, 255, 15),
      encodePeerMessage({ type: 'unfollow', strand: 'x' }).subarray(0, 2),
      Buffer.alloc(65 * 1024 * 1024),
    ]) {
      const line = await webSocket(identities['london'])
      expect(line.isOpen()).toBe(true)
      expect(line.socket.extensions).toBe('')
      line.socket.send(message)
      expect(await until(line.closed)).toBe(true)
    }
    expect(heard.length).toBe(before)
  }, 30_000)
})
