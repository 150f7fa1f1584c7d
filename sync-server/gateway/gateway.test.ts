import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { WebsocketProvider } from 'y-websocket'
import * as Y from 'yjs'
import { canonicalJson, type Json } from '../../domain/entries/canonical.ts'
import { decodeFrame, encodeFrame, type Frame } from '../../domain/wire/wire.ts'
import { createDrafts } from '../store/sample-drafts.ts'
import { decodeMessage, step1Message, updateMessage } from './messages.ts'
import { type SampleRegion, startSampleRegion } from './sample-region.ts'

let region: SampleRegion
let make: ReturnType<typeof createDrafts>
const open: { destroy(): void }[] = []

beforeEach(async () => {
  region = await startSampleRegion({
    gateway: { timing: { round: 20, keepAlive: 100, ping: 60, dead: 60_000 } },
  })
  make = createDrafts('frankfurt-general', region.authorOf())
})
afterEach(async () => {
  for (const one of open.splice(0)) one.destroy()
  await region.close()
})

async function until(condition: () => boolean, milliseconds = 3000): Promise<void> {
  const end = performance.now() + milliseconds
  while (!condition() && performance.now() < end) await sleep(5)
  expect(condition()).toBe(true)
}

/** An unmodified provider, as outsiders use it. */
async function provider(document: string, { as = 'physician.frankfurt', doc = new Y.Doc() } = {}) {
  const token = await region.tokenOf(as)
  const one = new WebsocketProvider(region.sync, document, doc, {
    params: { token },
    disableBc: true,
    WebSocketPolyfill: WebSocket as unknown as typeof globalThis.WebSocket,
  })
  open.push(one)
  return { doc, provider: one }
}

async function socket(path: string, { protocols = [] as string[], token = '' } = {}) {
  const query = token === '' ? `?token=${await region.tokenOf()}` : token
  const ws = new WebSocket(`${region.sync}${path}${query}`, protocols)
  const frames: Uint8Array[] = []
  let closed: { code: number; reason: string } | undefined
  let status: number | undefined
  ws.on('message', (data: Buffer) => void frames.push(new Uint8Array(data)))
  ws.on('close', (code, reason) => {
    closed = { code, reason: reason.toString() }
  })
  ws.on('unexpected-response', (_request, response) => {
    status = response.statusCode
    response.destroy()
  })
  ws.on('error', () => undefined)
  open.push({ destroy: () => ws.terminate() })
  await until(() => ws.readyState === WebSocket.OPEN || closed !== undefined || status !== undefined)
  return { ws, frames, closed: () => closed, status: () => status }
}

async function chartWith(count: number) {
  const chart = make.newPatient()
  await region.store.entries.commit([
    chart.patient,
    ...Array.from({ length: count - 1 }, () => chart.allergy()),
  ])
  return chart
}

const size = (doc: Y.Doc) => doc.getMap('entries').size

describe('the stock endpoint', () => {
  test('GW16 an unmodified y-websocket provider reads a chart, live', async () => {
    const chart = await chartWith(3)
    const { doc, provider: stock } = await provider(chart.document)
    await until(() => stock.synced)
    expect(size(doc)).toBe(3)
    await region.store.entries.commit([chart.allergy()])
    await until(() => size(doc) === 4)
    region.store.receive('london.1', [chart.allergy()])
    await until(() => size(doc) === 5)
  })

  test('GW17 nobody sees an entry before it is flushed', async () => {
    const chart = await chartWith(1)
    const { doc, provider: stock } = await provider(chart.document)
    await until(() => stock.synced)
    region.store.delay(60)
    const commit = region.store.entries.commit([chart.allergy()])
    await sleep(30)
    expect(size(doc)).toBe(1)
    await commit
    await until(() => size(doc) === 2)
  })

  test('GW18 a reconnect brings what was missed', async () => {
    const chart = await chartWith(2)
    const { doc, provider: stock } = await provider(chart.document)
    await until(() => stock.synced)
    stock.disconnect()
    await region.store.entries.commit([chart.allergy(), chart.allergy()])
    stock.connect()
    await until(() => size(doc) === 4)
  })

  test('GW19 what a client writes into a chart reaches nobody, and the client is told', async () => {
    const chart = await chartWith(1)
    const [a, b] = [await provider(chart.document), await provider(chart.document)]
    await until(() => a.provider.synced && b.provider.synced)
    const reasons: string[] = []
    const warn = console.warn
    console.warn = (text: string) => void reasons.push(text)
    a.doc.getMap('entries').set('forged', { entry: true })
    await until(() => reasons.length > 0)
    console.warn = warn
    expect(reasons[0]).toContain('Permission denied')
    await region.store.entries.commit([chart.allergy()])
    await until(() => size(b.doc) === 2)
    expect(b.doc.getMap('entries').has('forged')).toBe(false)
    expect(await region.store.entries.itemsOf(chart.document)).toHaveLength(2)
    expect(a.provider.wsconnected).toBe(true)
  })

  test('GW20 two unmodified providers write one note together; what they wrote is there for a third', async () => {
    const [a, b] = [await provider('note/n1'), await provider('note/n1', { as: 'nurse.frankfurt' })]
    await until(() => a.provider.synced && b.provider.synced)
    a.doc.getText('text').insert(0, 'Hello ')
    await until(() => b.doc.getText('text').length === 6)
    b.doc.getText('text').insert(6, 'world')
    await until(() => a.doc.getText('text').toString() === 'Hello world')
    const third = await provider('note/n1')
    await until(() => third.provider.synced)
    expect(third.doc.getText('text').toString()).toBe('Hello world')
  })

  test('GW21 what was written offline, and what the region did not save, is asked for and saved', async () => {
    const doc = new Y.Doc()
    doc.getText('text').insert(0, 'offline ')
    const a = await provider('note/n2', { doc })
    const b = await provider('note/n2')
    await until(() => b.doc.getText('text').toString() === 'offline ')
    region.store.fail('unavailable')
    a.doc.getText('text').insert(8, 'typed')
    await sleep(30)
    expect(b.doc.getText('text').toString()).toBe('offline ')
    region.store.fail(undefined)
    a.doc.getText('text').insert(13, '!')
    await until(() => b.doc.getText('text').toString() === 'offline typed!')
  })

  test('GW22 awareness of a note carries the identity of the token; a chart has none', async () => {
    const [a, b] = [await provider('note/n3'), await provider('note/n3', { as: 'nurse.frankfurt' })]
    await until(() => a.provider.synced && b.provider.synced)
    a.provider.awareness.setLocalStateField('user', { name: 'The Director', color: 'red' })
    await until(() => {
      const seen = b.provider.awareness.getStates().get(a.doc.clientID) as
        | { user?: { color?: string } }
        | undefined
      return seen?.user?.color === 'red'
    })
    expect(b.provider.awareness.getStates().get(a.doc.clientID)).toEqual({
      user: { color: 'red', id: 'physician.frankfurt', name: 'physician of frankfurt-general' },
    })
    a.provider.disconnect()
    await until(() => !b.provider.awareness.getStates().has(a.doc.clientID))
    const chart = await chartWith(1)
    const [c, d] = [await provider(chart.document), await provider(chart.document)]
    await until(() => c.provider.synced && d.provider.synced)
    await sleep(80)
    expect(d.provider.awareness.getStates().has(c.doc.clientID)).toBe(false)
  })

  test('GW23 a refused upgrade says why: 401 token, 400 name, 404 patient, 403 never in vain', async () => {
    const statusOf = async (path: string, options = {}) => (await socket(path, options)).status()
    expect(await statusOf('/chart/x', { token: '?token=bad' })).toBe(401)
    expect(await statusOf('/chart/x', { token: '?' })).toBe(401)
    expect(await statusOf('/letters/x', { token: '?' })).toBe(401)
    expect(await statusOf('/letters/x')).toBe(400)
    expect(await statusOf('/chart/a_b')).toBe(400)
    expect(await statusOf('/chart/unknown')).toBe(404)
    expect(await statusOf('')).toBe(400)
    expect(await statusOf('chronize')).toBe(404)
    expect(await statusOf('/group/frankfurt-general')).toBeUndefined()
  })

  test('GW24 the token may be a sub-protocol, which is confirmed', async () => {
    const protocol = `bearer.${await region.tokenOf()}`
    const { ws } = await socket('/note/n4', { token: '?', protocols: [protocol] })
    expect(ws.protocol).toBe(protocol)
  })

  test('GW25 malformed bytes close with 4400, text too; a frame above 1 MiB with 4413', async () => {
    const chart = await chartWith(1)
    for (const document of [chart.document, 'note/n5']) {
      const junk = await socket(`/${document}`)
      junk.ws.send(new Uint8Array([0, 2, 200]))
      await until(() => junk.closed() !== undefined)
      expect(junk.closed()?.code).toBe(4400)
      const text = await socket(`/${document}`)
      text.ws.send('hello')
      await until(() => text.closed() !== undefined)
      expect(text.closed()?.code).toBe(4400)
      for (const bytes of [1024 * 1024 + 1, 20 * 1024 * 1024]) {
        const large = await socket(`/${document}`)
        large.ws.send(new Uint8Array(bytes))
        await until(() => large.closed() !== undefined)
        expect(large.closed()?.code).toBe(4413)
      }
    }
    await until(() => region.gateway.connections() === 0)
  })

  test('GW26 a client that is closed for good again and again is refused in the end', async () => {
    const strict = await startSampleRegion({
      gateway: { stubborn: { strikes: 2, windowMs: 10_000, refuseMs: 10_000 } },
    })
    const keep = region
    region = strict
    for (let i = 0; i < 2; i++) {
      const junk = await socket('/note/n6')
      junk.ws.send('junk')
      await until(() => junk.closed() !== undefined)
    }
    expect((await socket('/note/n6')).status()).toBe(403)
    expect((await socket('/note/n7')).status()).toBeUndefined()
    region = keep
    await strict.close()
  })

  test('GW27 a silent document still gives a sign of life', async () => {
    const chart = await chartWith(1)
    for (const document of [chart.document, 'note/n8']) {
      const quiet = await socket(`/${document}`)
      await until(() => quiet.frames.length >= 3)
      expect(decodeMessage(quiet.frames.at(-1)!)).toEqual({ type: 'update', update: new Uint8Array([0, 0]) })
    }
  })

  test('GW28 when a token has been over for the tolerance, its connection closes with 4401', async () => {
    const chart = await chartWith(1)
    const { closed } = await socket(`/${chart.document}`)
    region.clock.ahead = 19 * 60_000
    await sleep(60)
    expect(closed()).toBeUndefined()
    region.clock.ahead = 21 * 60_000
    await until(() => closed() !== undefined)
    expect(closed()?.code).toBe(4401)
  })

  test('GW29 a connection whose other side is gone is ended', async () => {
    const dead = await startSampleRegion({
      gateway: { timing: { round: 20, keepAlive: 1000, ping: 50, dead: 200 } },
    })
    const keep = region
    region = dead
    const { ws } = await socket('/note/n9')
    const alive = await socket('/note/n9')
    ws.pause()
    await until(() => dead.gateway.connections() === 1)
    expect(alive.closed()).toBeUndefined()
    region = keep
    await dead.close()
  })

  test('GW30 a slow reader costs a bounded queue and gets everything in the end', async () => {
    const chart = await chartWith(1)
    const slow = await socket(`/${chart.document}`)
    slow.ws.send(step1Message(new Uint8Array([0])))
    await until(() => slow.frames.length >= 2)
    slow.ws.pause()
    const reason = 'x'.repeat(4000)
    for (let i = 0; i < 40; i++)
      await region.store.entries.commit(Array.from({ length: 50 }, () => chart.allergy({ reason })))
    slow.ws.resume()
    const doc = new Y.Doc()
    let applied = 0
    await until(() => {
      for (const frame of slow.frames.slice(applied)) {
        const message = decodeMessage(frame)
        if (message && 'update' in message && message.type !== 'awareness') Y.applyUpdate(doc, message.update)
      }
      applied = slow.frames.length
      return size(doc) === 2001
    }, 10_000)
  })

  test('GW38 who asks and never listens costs a bounded queue, and gets the whole note when it listens', async () => {
    const writer = await provider('note/n12')
    await until(() => writer.provider.synced)
    writer.doc.getText('text').insert(0, 'x'.repeat(700_000))
    const deaf = await socket('/note/n12')
    await until(() => deaf.frames.length > 0)
    deaf.ws.pause()
    for (let i = 0; i < 100; i++) deaf.ws.send(step1Message(new Uint8Array([0])))
    await sleep(300)
    deaf.ws.resume()
    await sleep(500)
    const answers = deaf.frames.filter((frame) => frame.length > 700_000).length
    expect(answers).toBeGreaterThan(0)
    expect(answers).toBeLessThan(20)
    expect(deaf.closed()).toBeUndefined()
  })

  test('GW31 an update of a note whose root is foreign is refused by type 2 and changes nothing', async () => {
    const one = await socket('/note/n10')
    const doc = new Y.Doc()
    doc.getMap('entries').set('x', 1)
    one.ws.send(updateMessage(Y.encodeStateAsUpdate(doc)))
    await until(() => one.frames.some((f) => decodeMessage(f)?.type === 'auth'))
    expect(await region.store.notes.updatesOf('note/n10')).toEqual([])
    expect(one.closed()).toBeUndefined()
  })

  test('GW37 a document that cannot be told closes its reader with 4503, and harms nobody else', async () => {
    const chart = await chartWith(3)
    const read = region.store.entries.itemsOf
    region.store.entries.itemsOf = async (name, since) =>
      (await read(name, since)).filter((i) => i.clock !== 1)
    const broken = await socket(`/${chart.document}`)
    broken.ws.send(step1Message(new Uint8Array([0])))
    await until(() => broken.closed() !== undefined)
    expect(broken.closed()?.code).toBe(4503)
    region.store.entries.itemsOf = read
    const { doc } = await provider(chart.document)
    await until(() => size(doc) === 3)
  })

  test('GW32 a region that goes away closes with 4512, and logs no token', async () => {
    const { closed } = await socket('/note/n11')
    const token = await region.tokenOf()
    void region.gateway.drain()
    await until(() => closed() !== undefined)
    expect(closed()?.code).toBe(4512)
    expect((await socket('/note/n11')).status()).toBe(503)
    expect(region.lines.join('')).not.toContain(token.slice(0, 20))
  })
})

describe('the meridian endpoint', () => {
  const frameOf = (bytes: Uint8Array | undefined) => bytes && decodeFrame(bytes)
  const proposal = (draft: { id: string; entry: object }) => ({
    id: draft.id,
    text: canonicalJson(draft.entry as Json),
  })

  test('GW33 proposals are answered by id with ack and refuse, and readers see what was acknowledged', async () => {
    const chart = make.newPatient()
    const bad = make.newPatient().allergy()
    const { ws, frames } = await socket('', { protocols: ['meridian.v1'] })
    expect(ws.protocol).toBe('meridian.v1')
    ws.send(encodeFrame({ channel: 0, type: 'submit', proposals: [chart.patient, bad].map(proposal) }))
    const answersOf = () =>
      (frames.map(frameOf) as Frame[]).filter(({ type }) => type === 'ack' || type === 'refuse')
    await until(() => answersOf().length === 2)
    const answers = answersOf()
    expect(answers).toContainEqual({
      channel: 0,
      type: 'ack',
      acks: [{ id: chart.patient.id, origin: 'frankfurt.1', seq: 1, epoch: 1 }],
    })
    expect(answers.find((f) => f.type === 'refuse')).toMatchObject({
      refusals: [{ id: bad.id, code: 'unknown-document', retry: false }],
    })
    const { doc, provider: stock } = await provider(chart.document)
    await until(() => stock.synced)
    ws.send(encodeFrame({ channel: 0, type: 'submit', proposals: [proposal(chart.allergy())] }))
    await until(() => size(doc) === 2)
  })

  test('GW34 the token may come as a second sub-protocol; without one the answer is 401', async () => {
    const token = await region.tokenOf()
    const { ws } = await socket('', { token: '?', protocols: ['meridian.v1', `bearer.${token}`] })
    expect(ws.protocol).toBe('meridian.v1')
    expect((await socket('', { token: '?', protocols: ['meridian.v1'] })).status()).toBe(401)
  })

  test('GW39 who makes the region answer without ever listening is cut off', async () => {
    const { ws } = await socket('', { protocols: ['meridian.v1'] })
    ws.pause()
    const proposals = Array.from({ length: 1000 }, () => ({ id: 'x'.repeat(64), text: '' }))
    const frame = encodeFrame({ channel: 0, type: 'submit', proposals })
    for (let i = 0; i < 600 && region.gateway.connections() > 0; i++) {
      ws.send(frame)
      if (i % 20 === 0) await sleep(10)
    }
    await until(() => region.gateway.connections() === 0)
  })

  test('GW35 unknown types are skipped, malformed frames close with 4400, large ones with 4413', async () => {
    const meridian = () => socket('', { protocols: ['meridian.v1'] })
    const one = await meridian()
    one.ws.send(new Uint8Array([0, 99, 1, 2, 3]))
    one.ws.send(new Uint8Array([7, 16, 0]))
    await sleep(30)
    expect(one.closed()).toBeUndefined()
    one.ws.send(new Uint8Array([0, 16, 5, 1]))
    await until(() => one.closed() !== undefined)
    expect(one.closed()?.code).toBe(4400)
    const large = await meridian()
    large.ws.send(new Uint8Array(2 * 1024 * 1024))
    await until(() => large.closed() !== undefined)
    expect(large.closed()?.code).toBe(4413)
  })
})
