import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import * as Y from 'yjs'
import { canonicalJson, type Json } from '../../domain/entries/canonical.ts'
import { entriesMap } from '../../domain/entries/items.ts'
import { chunkBytes } from '../../domain/wire/chunks.ts'
import { encodeFrame, type FrameVector, type ScopeState } from '../../domain/wire/wire.ts'
import { createDrafts } from '../store/sample-drafts.ts'
import { decodeMessage, step1Message, updateMessage } from './messages.ts'
import type { RegionStatus } from './region-board.ts'
import { connectClient, type SampleClient } from './sample-client.ts'
import { type SampleRegion, startSampleRegion } from './sample-region.ts'

let region: SampleRegion
let make: ReturnType<typeof createDrafts>
const clients: SampleClient[] = []
let replicated: { [name: string]: FrameVector } = {}
let tellReplicated = () => {}

beforeEach(async () => {
  replicated = {}
  region = await startSampleRegion({
    gateway: {
      timing: { round: 20, keepAlive: 100, ping: 60, dead: 60_000, state: 50 },
      replicated: {
        current: () => replicated,
        said: (name) => replicated[name],
        onChange: (listener) => {
          tellReplicated = listener
          return () => undefined
        },
      },
    },
  })
  make = createDrafts('frankfurt-general', region.authorOf())
})
afterEach(async () => {
  for (const client of clients.splice(0)) client.close()
  await region.close()
})

async function client(): Promise<SampleClient> {
  const one = await connectClient(region.sync, await region.tokenOf())
  clients.push(one)
  return one
}

type Draft = ReturnType<typeof make.newPatient>['patient']
const proposal = ({ id, entry }: Draft) => ({ id, text: canonicalJson(entry as unknown as Json) })
const submit = (one: SampleClient, drafts: Draft[]) =>
  one.send({ channel: 0, type: 'submit', proposals: drafts.map(proposal) })

/** A document as a device that opens a channel has it. */
function reader(one: SampleClient, channel: number, document: string) {
  const doc = new Y.Doc()
  let read = 0
  one.send({ channel, type: 'open', document })
  one.send({ channel, type: 'message', message: step1Message(Y.encodeStateVector(doc)) })
  return {
    doc,
    async has(count: number) {
      for (let round = 0; round < 400 && doc.getMap(entriesMap).size < count; round++) {
        const messages = one.all('message').filter((frame) => frame.channel === channel)
        for (const { message } of messages.slice(read)) {
          const decoded = decodeMessage(message)
          if (decoded?.type === 'update' || decoded?.type === 'step2') Y.applyUpdate(doc, decoded.update)
        }
        read = messages.length
        await sleep(5)
      }
      expect(doc.getMap(entriesMap).size).toBe(count)
    },
  }
}

const scopeOf = (state: ScopeState, ...documents: string[]) =>
  documents.map((document) => ({ document, state }))

async function catchUp(
  one: SampleClient,
  request: number,
  scope: { document: string; state: ScopeState }[],
  { cursor = {} as FrameVector, target = {} as FrameVector, proof = '' } = {},
) {
  one.send({ channel: 0, type: 'catch-up', request, proof, cursor, target, scope })
  const answer = await one.frame('target', (frame) => frame.request === request)
  await one.frame('caught-up', (frame) => frame.request === request)
  const parts = one.all('part').filter((frame) => frame.request === request)
  return { answer, parts, documents: [...new Set(parts.map((part) => part.document))] }
}

function docOf(parts: { document: string; update: Uint8Array }[], document: string, doc = new Y.Doc()) {
  for (const part of parts) if (part.document === document) Y.applyUpdate(doc, part.update)
  return doc
}

describe('documents on one socket', () => {
  test('GW50 several documents are open on one connection, each told live, and closed by themselves', async () => {
    const [a, b] = [make.newPatient(), make.newPatient()]
    const one = await client()
    submit(one, [a.patient, b.patient])
    await one.frame('ack')
    const first = reader(one, 1, a.document)
    const second = reader(one, 7, b.document)
    await first.has(1)
    await second.has(1)
    submit(one, [a.allergy(), b.allergy(), b.allergy()])
    await first.has(2)
    await second.has(3)
    one.send({ channel: 1, type: 'closed', code: 0, reason: '' })
    submit(one, [a.allergy(), b.allergy()])
    await second.has(4)
    expect(first.doc.getMap(entriesMap).size).toBe(2)
    const again = reader(one, 1, a.document)
    await again.has(3)
  })

  test('GW51 what would refuse an upgrade closes the channel, and the connection goes on', async () => {
    const one = await client()
    const wanted = { 1: 'what/1', 2: 'chart/unknown', 3: 'group/nowhere' }
    for (const [channel, document] of Object.entries(wanted))
      one.send({ channel: Number(channel), type: 'open', document })
    const codes = await Promise.all(
      [1, 2, 3].map(async (n) => (await one.frame('closed', (frame) => frame.channel === n)).code),
    )
    expect(codes).toEqual([4400, 4404, 4404])
    const chart = make.newPatient()
    submit(one, [chart.patient])
    await one.frame('ack')
  })

  test('GW52 a message that is none closes its channel alone; a frame for no channel is skipped', async () => {
    const chart = make.newPatient()
    const one = await client()
    submit(one, [chart.patient])
    await one.frame('ack')
    const good = reader(one, 1, chart.document)
    await good.has(1)
    one.send({ channel: 2, type: 'open', document: chart.document })
    one.send({ channel: 9, type: 'message', message: step1Message(new Uint8Array([0])) })
    one.send({ channel: 2, type: 'message', message: new Uint8Array([0, 0, 200]) })
    expect((await one.frame('closed', (frame) => frame.channel === 2)).code).toBe(4400)
    submit(one, [chart.allergy()])
    await good.has(2)
    one.send({ channel: 1, type: 'open', document: chart.document })
    expect((await one.closed).code).toBe(4400)
  })

  test('GW53 notes are written on a channel as on the stock endpoint', async () => {
    const one = await client()
    const other = await client()
    for (const each of [one, other]) each.send({ channel: 4, type: 'open', document: 'note/n1' })
    await one.frame('message')
    await other.frame('message')
    const doc = new Y.Doc()
    doc.getText('text').insert(0, 'fever since Monday')
    one.send({ channel: 4, type: 'message', message: updateMessage(Y.encodeStateAsUpdate(doc)) })
    const seen = await other.frame('message', ({ message }) => {
      const decoded = decodeMessage(message)
      return decoded?.type === 'update' && decoded.update.length > 2
    })
    const copy = new Y.Doc()
    const decoded = decodeMessage(seen.message)
    if (decoded?.type === 'update') Y.applyUpdate(copy, decoded.update)
    expect(copy.getText('text').toString()).toBe('fever since Monday')
  })

  test('GW54 what is longer than a frame goes in chunks, both ways', async () => {
    const one = await client()
    one.send({ channel: 1, type: 'open', document: 'note/long' })
    const doc = new Y.Doc()
    doc.getText('text').insert(0, 'x'.repeat(3 * 1024 * 1024))
    const message = updateMessage(Y.encodeStateAsUpdate(doc))
    for (let at = 0; at < message.length; at += 500_000)
      one.send({
        channel: 1,
        type: 'chunk',
        last: at + 500_000 >= message.length,
        piece: message.slice(at, at + 500_000),
      })
    await one.frame('message', (frame) => frame.message.length > 3_000_000)
    const other = await client()
    const lengths: number[] = []
    other.ws.on('message', (data: Buffer) => void lengths.push(data.length))
    other.send({ channel: 3, type: 'open', document: 'note/long' })
    other.send({ channel: 3, type: 'message', message: step1Message(new Uint8Array([0])) })
    await other.frame('message', (frame) => frame.message.length > 3_000_000)
    expect(Math.max(...lengths)).toBeLessThan(chunkBytes + 100)
  })

  test('GW55 chunks that make up too much, or no frame, close the connection', async () => {
    const one = await client()
    one.send({ channel: 0, type: 'chunk', last: true, piece: new Uint8Array([200]) })
    expect((await one.closed).code).toBe(4400)
    const two = await client()
    two.send({ channel: 1, type: 'open', document: 'note/n2' })
    for (let i = 0; i < 20; i++)
      two.send({ channel: 1, type: 'chunk', last: false, piece: new Uint8Array(1000 * 1024) })
    expect((await two.closed).code).toBe(4413)
  })
})

describe('what a region tells its apps', () => {
  test('GW56 the state of the region comes at once, with every change, and again when nothing has changed', async () => {
    const one = await client()
    const first = JSON.parse((await one.frame('status')).status) as RegionStatus
    expect(first).toMatchObject({ region: 'frankfurt', origin: 'frankfurt.1', takesWrites: true })
    submit(one, [make.newPatient().patient])
    await one.frame('status', ({ status }) => status.includes('"flushed":{"frankfurt.1":1}'))
    region.store.fail('unavailable')
    const failed = await one.frame(
      'status',
      ({ status }) => !(JSON.parse(status) as RegionStatus).takesWrites,
    )
    expect((JSON.parse(failed.status) as RegionStatus).detail).toContain('told to fail')
    const before = one.all('status').length
    await sleep(400)
    expect(one.all('status').length).toBeGreaterThan(before)
  })

  test('GW57 what other regions have flushed is told at the beginning and when it changes', async () => {
    replicated = { london: { 'frankfurt.1': 3 } }
    const one = await client()
    expect((await one.frame('replicated')).regions).toEqual(replicated)
    replicated = { london: { 'frankfurt.1': 4 }, nairobi: { 'frankfurt.1': 2, 'london.1': 1 } }
    tellReplicated()
    await one.frame('replicated', ({ regions }) => regions['nairobi']?.['london.1'] === 1)
  })

  test('GW58 a region that closes says when to come back, answers what was proposed, and closes with 4512', async () => {
    region.store.delay(100)
    const one = await client()
    const chart = make.newPatient()
    submit(one, [chart.patient])
    await sleep(20)
    await Promise.all([region.gateway.drain(), one.frame('leaving'), one.frame('ack')])
    expect((await one.closed).code).toBe(4512)
    expect(one.all('leaving')[0]!.retryAfterMs).toBeLessThanOrEqual(500)
    await expect(client()).rejects.toThrow('503')
  })
})

describe('catch-up', () => {
  async function fill() {
    const charts = Array.from({ length: 4 }, () => make.newPatient())
    const one = await client()
    submit(
      one,
      charts.map((chart) => chart.patient),
    )
    await one.frame('ack', ({ acks }) => acks.some((ack) => ack.seq === 4))
    return { one, charts }
  }

  test('GW60 only documents that changed come, from the cursor on, and what is new from nothing', async () => {
    const { one, charts } = await fill()
    const [a, b, c, d] = charts as [
      (typeof charts)[0],
      (typeof charts)[0],
      (typeof charts)[0],
      (typeof charts)[0],
    ]
    const scope = scopeOf('held', a.document, b.document, c.document)
    const start = await catchUp(one, 1, scopeOf('new', a.document, b.document, c.document))
    expect(start.answer.target).toEqual({ 'frankfurt.1': 4 })
    expect(start.documents).toEqual([a.document, b.document, c.document])
    submit(one, [b.allergy(), d.allergy()])
    await one.frame('ack', ({ acks }) => acks.some((ack) => ack.seq === 6))
    const night = await catchUp(one, 2, [...scope, ...scopeOf('new', d.document)], {
      cursor: start.answer.target,
    })
    expect(night.documents).toEqual([b.document, d.document])
    expect(docOf(night.parts, d.document).getMap(entriesMap).size).toBe(2)
    expect(docOf(night.parts, b.document, docOf(start.parts, b.document)).getMap(entriesMap).size).toBe(2)
    const nothing = await catchUp(one, 3, scope, { cursor: night.answer.target })
    expect(nothing.parts).toEqual([])
  })

  test('GW61 a client that was cut off goes on towards its target without what is done', async () => {
    const { one, charts } = await fill()
    const [a, b] = charts as [(typeof charts)[0], (typeof charts)[0]]
    submit(one, [a.allergy(), b.allergy()])
    await one.frame('ack', ({ acks }) => acks.some((ack) => ack.seq === 6))
    const resumed = await catchUp(one, 9, [...scopeOf('done', a.document), ...scopeOf('new', b.document)], {
      target: { 'frankfurt.1': 5 },
    })
    expect(resumed.answer.target).toEqual({ 'frankfurt.1': 5 })
    expect(resumed.documents).toEqual([b.document])
    expect(docOf(resumed.parts, b.document).getMap(entriesMap).size).toBe(1)
  })

  test('GW62 a region that has less than the target, or the cursor, claims only what it has', async () => {
    const { one, charts } = await fill()
    const behind = await catchUp(one, 1, scopeOf('held', charts[0]!.document), {
      cursor: { 'frankfurt.1': 2, 'london.1': 50 },
      target: { 'frankfurt.1': 900, 'london.1': 70 },
    })
    expect(behind.answer.target).toEqual({ 'frankfurt.1': 4 })
    expect(behind.parts).toEqual([])
  })

  test('GW63 a long document comes in parts, the last of which is marked', async () => {
    const { one, charts } = await fill()
    const chart = charts[0]!
    const many = Array.from({ length: 700 }, () => chart.allergy())
    submit(one, many)
    await one.frame('ack', ({ acks }) => acks.some((ack) => ack.seq === 704))
    const { parts } = await catchUp(one, 1, scopeOf('new', chart.document))
    expect(parts.length).toBeGreaterThan(1)
    expect(parts.map((part) => part.last)).toEqual([...parts.slice(1).map(() => false), true])
    expect(docOf(parts, chart.document).getMap(entriesMap).size).toBe(701)
  })

  test('GW64 a proven cursor is evidence of lost rows; one that nobody signed is none', async () => {
    const { one, charts } = await fill()
    const heard: FrameVector[] = []
    region.store.proven = async ({ vector }) => {
      heard.push(vector)
      return []
    }
    const scope = scopeOf('held', charts[0]!.document)
    const { answer } = await catchUp(one, 1, scope, { cursor: { 'frankfurt.1': 99 } })
    await catchUp(one, 2, scope, { cursor: { 'frankfurt.1': 99 }, proof: 'forged.token.here' })
    await catchUp(one, 3, scope, { cursor: { 'frankfurt.1': 99 }, proof: await region.tokenOf() })
    await catchUp(one, 4, scope, { cursor: answer.target, proof: answer.proof })
    // What it holds, and the furthest that it was ever told.
    expect(heard).toEqual([{ 'frankfurt.1': 4 }, { 'frankfurt.1': 4 }])
    expect(
      (
        await region.request('/v1/worklist', {
          as: null,
          headers: { authorization: `Bearer ${answer.proof}` },
        })
      ).status,
    ).toBe(401)
  })

  test('GW69 a cursor that knows another row than stands here is void: everything comes anew', async () => {
    const { one, charts } = await fill()
    const scope = scopeOf('held', ...charts.map(({ document }) => document))
    const { answer } = await catchUp(one, 1, scope, { cursor: { 'frankfurt.1': 4 } })
    region.store.proven = async () => ['frankfurt.1']
    const { documents } = await catchUp(one, 2, scope, { cursor: answer.target, proof: answer.proof })
    expect(documents).toEqual(charts.map(({ document }) => document))
    expect(one.all('gone').map(({ document, code }) => [document, code])).toEqual(
      charts.map(({ document }) => [document, 4520]),
    )
  })

  test('GW65 a scope of notes, malformed or doubled names is no scope; another catch-up ends the one before', async () => {
    for (const documents of [['note/n1'], ['chart'], ['chart/1', 'chart/1']]) {
      const one = await client()
      one.send({
        channel: 0,
        type: 'catch-up',
        request: 1,
        proof: '',
        cursor: {},
        target: {},
        scope: scopeOf('held', ...documents),
      })
      expect((await one.closed).code).toBe(4400)
    }
    const { one, charts } = await fill()
    const scope = scopeOf('new', ...charts.map((chart) => chart.document))
    const read = region.store.entries.changesIn
    let go = () => {}
    region.store.entries.changesIn = async (...all) => {
      await new Promise<void>((resolve) => {
        go = resolve
      })
      return read(...all)
    }
    one.send({ channel: 0, type: 'catch-up', request: 5, proof: '', cursor: {}, target: {}, scope })
    await one.frame('target', ({ request }) => request === 5)
    region.store.entries.changesIn = read
    const second = catchUp(one, 6, scope)
    await sleep(50)
    go()
    const { documents } = await second
    expect(documents.length).toBe(4)
    expect(one.all('caught-up').map(({ request }) => request)).toEqual([6])
  })

  test('GW66 a region that cannot read its store says so by 4503', async () => {
    const one = await client()
    region.store.entries.changesIn = () => Promise.reject(new Error('no'))
    one.send({
      channel: 0,
      type: 'catch-up',
      request: 1,
      proof: '',
      cursor: {},
      target: {},
      scope: scopeOf('new', 'chart/1'),
    })
    expect((await one.closed).code).toBe(4503)
  })
})

test('GW67 a slow reader of many documents is told again when there is room, each document whole', async () => {
  const charts = Array.from({ length: 5 }, () => make.newPatient())
  const writer = await client()
  submit(
    writer,
    charts.map((chart) => chart.patient),
  )
  await writer.frame('ack', ({ acks }) => acks.some((ack) => ack.seq === 5))
  const slow = await client()
  const readers = charts.map((chart, at) => reader(slow, at + 1, chart.document))
  for (const one of readers) await one.has(1)
  slow.ws.pause()
  for (let round = 0; round < 10; round++) {
    submit(
      writer,
      charts.flatMap((chart) => Array.from({ length: 60 }, () => chart.allergy())),
    )
    await sleep(30)
  }
  await writer.frame('ack', ({ acks }) => acks.some((ack) => ack.seq === 3005))
  slow.ws.resume()
  for (const one of readers) await one.has(601)
})

test('GW68 more documents than one connection may have open are refused with 4429', async () => {
  const one = await client()
  const frames = Array.from({ length: 10_001 }, (_, at) =>
    encodeFrame({ channel: at + 1, type: 'open', document: `note/many-${at % 3}` }),
  )
  for (const frame of frames) one.ws.send(frame)
  expect((await one.frame('closed')).code).toBe(4429)
  expect(one.all('closed')).toHaveLength(1)
})

describe('documents that are void', () => {
  test('GW76 readers of an erased patient are told to destroy what they hold, everywhere, and nobody else is', async () => {
    const [gone, stays] = [make.newPatient(), make.newPatient()]
    const one = await client()
    submit(one, [gone.patient, stays.patient])
    await one.frame('ack')
    const readers = [reader(one, 1, gone.document), reader(one, 2, stays.document)]
    for (const each of readers) await each.has(1)
    await region.store.erased.erase({
      patientId: gone.document.slice('chart/'.length),
      reason: 'asked for',
      author: 'operator',
    })
    expect((await one.frame('closed')).code).toBe(4410)
    one.send({ channel: 5, type: 'open', document: gone.document })
    expect((await one.frame('closed', ({ channel }) => channel === 5)).code).toBe(4410)
    const { parts } = await catchUp(one, 1, scopeOf('held', gone.document, stays.document))
    expect(parts.map(({ document }) => document)).toEqual([stays.document])
    expect(one.all('gone').map(({ document, code }) => ({ document, code }))).toEqual([
      { document: gone.document, code: 4410 },
    ])
    submit(one, [stays.allergy()])
    await readers[1]!.has(2)
  })

  test('GW77 who reads a document of which rows have left the log is told to read it anew', async () => {
    const chart = make.newPatient()
    const one = await client()
    submit(one, [chart.patient])
    await one.frame('ack')
    await reader(one, 1, chart.document).has(1)
    region.store.replace(['chart/other', chart.document])
    expect(await one.frame('closed')).toMatchObject({ channel: 1, code: 4520 })
    await reader(one, 2, chart.document).has(1)
  })
})
