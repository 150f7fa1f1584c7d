import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { regionFolder } from '../cluster/region-folder.ts'
import { makeSecrets, readIdentity } from '../cluster/secrets.ts'
import { chain, emptyHead } from '../store/log-row.ts'
import { type LinkHandlers, type PeerLink, tlsWires } from './links.ts'

const folder = mkdtempSync(join(tmpdir(), 'meridian-links-'))
const closers: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close()
  rmSync(folder, { recursive: true, force: true })
})

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as { port: number }
  await new Promise((resolve) => server.close(resolve))
  return port
}

/** London dials Frankfurt, over real TLS. */
async function connected(
  followerHears: LinkHandlers['received'],
): Promise<{ feeder: PeerLink; follower: PeerLink }> {
  const names = ['frankfurt', 'london'] as const
  const ports = [await freePort(), await freePort()]
  const files = names.map((name) => regionFolder(folder, name).secrets)
  for (const [i, name] of names.entries()) await makeSecrets(name, files[i]!)
  const wires = names.map((_, i) => {
    const other = 1 - i
    const peer = {
      region: names[other]!,
      url: `wss://127.0.0.1:${ports[other]}`,
      ...readIdentity(files[other]!),
    }
    const own = {
      key: readFileSync(files[i]!.tlsKey, 'utf8'),
      certificate: readFileSync(files[i]!.tlsCertificate, 'utf8'),
    }
    return {
      peer,
      wires: tlsWires({ replication: { host: '127.0.0.1', port: ports[i]! }, peers: [peer] }, own),
    }
  })
  const feeder = new Promise<PeerLink>((resolve, reject) => {
    wires[0]!.wires
      .listen((link) => {
        resolve(link)
        return { received: () => {}, closed: () => {} }
      })
      .then((listener) => closers.push(() => listener.close()), reject)
  })
  const follower = new Promise<PeerLink>((resolve) => {
    const { peer, wires: own } = wires[1]!
    const dialled = own.dial(
      peer,
      (link) => {
        resolve(link)
        return { received: followerHears, closed: () => {} }
      },
      () => {},
    )
    closers.push(() => dialled.close())
  })
  return { feeder: await feeder, follower: await follower }
}

test('RP43 what comes in faster than it is stored is held back at its source, and comes when there is room', async () => {
  let letThrough = false
  const waiting: (() => void)[] = []
  let messages = 0
  const { feeder, follower } = await connected(() => {
    messages += 1
    return letThrough ? Promise.resolve() : new Promise<void>((resolve) => waiting.push(resolve))
  })
  const head = emptyHead('entries', 'frankfurt.1')
  const clear = {
    document: 'd',
    subject: 's',
    entryId: 'e',
    homeGroup: 'g',
    author: 'a',
    lamport: 1,
    epoch: 1,
  }
  const at = { origin: 'frankfurt.1', seq: 1, kind: 'entry', clock: 0, keyId: 'k' }
  const row = chain(head, { ...clear, ...at, bytes: Buffer.alloc(1024 * 1024) })
  let sent = 0
  const send = async () => {
    for (; sent < 120; sent++) {
      await feeder.drained()
      feeder.send({ type: 'rows', strand: 'frankfurt.1', rows: [row] })
    }
  }
  const sending = send()
  await expect.poll(() => follower.held(), { timeout: 10_000 }).toBe(true)
  await new Promise((resolve) => setTimeout(resolve, 500))
  const [heldAt, sentAt] = [messages, sent]
  await new Promise((resolve) => setTimeout(resolve, 500))
  // 16 MiB that are being dealt with; what the two sockets hold beside them does not grow either.
  expect(messages).toBe(heldAt)
  expect(sent).toBe(sentAt)
  expect(messages).toBeLessThan(40)
  expect(sent).toBeLessThan(100)
  letThrough = true
  for (const go of waiting.splice(0)) go()
  await sending
  await expect.poll(() => messages, { timeout: 10_000 }).toBe(120)
  expect(follower.held()).toBe(false)
}, 30_000)
