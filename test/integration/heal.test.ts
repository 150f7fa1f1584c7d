import { cpSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { WebsocketProvider } from 'y-websocket'
import * as Y from 'yjs'
import { chartOf } from '../../domain/documents/document-name.ts'
import { entriesMap } from '../../domain/entries/items.ts'
import { startCluster } from '../support/cluster.ts'
import {
  allergyEntry,
  commitAll,
  everything,
  type RegionApi,
  signIn,
  untilEqual,
  vectorsOf,
} from '../support/region-api.ts'

/** Regions that heal: what the design says happens by itself, on real processes. */

const sample = join(import.meta.dirname, '../../samples/frankfurt-general/grossmann-juergen.json')
const names = ['frankfurt', 'london', 'nairobi'] as const
type Name = (typeof names)[number]
type Health = {
  status: string
  origin: string
  alarms?: string[]
  vectors: { flushed: Vector; servable: Vector }
}
type Vector = { [origin: string]: number }

let cluster: Awaited<ReturnType<typeof startCluster>>
let api: Record<Name, RegionApi>
let patientId: string

const http = (name: Name) => cluster.ready.regions[name]!.http
const all = () => names.map(http)
const health = async (name: Name) => (await (await fetch(`${http(name)}/health`)).json()) as Health
const metrics = async (name: Name) => (await fetch(`${http(name)}/metrics`)).text()
const control = (path: string, body: unknown = {}) => cluster.control(path, body)

beforeAll(async () => {
  cluster = await startCluster({ samples: false, basePort: 27_000 })
  api = {
    frankfurt: await signIn(http('frankfurt'), 'physician.frankfurt'),
    london: await signIn(http('london'), 'physician.london'),
    nairobi: await signIn(http('nairobi'), 'physician.nairobi'),
  }
  const bundle = JSON.parse(readFileSync(sample, 'utf8')) as {
    entry: { resource: { resourceType: string; id: string } }[]
  }
  patientId = bundle.entry.find((e) => e.resource.resourceType === 'Patient')!.resource.id
  const { status } = await api.frankfurt.post('/v1/import?source=hospital', bundle, 'application/fhir+json')
  expect(status).toBe(200)
  await untilEqual(all())
})
afterAll(() => cluster?.stop())

let lamport = 1000
/** Proposes allergies in a region; all are acknowledged. */
function write(name: Name, substance: string, count = 1): Promise<string[]> {
  const entries = Array.from({ length: count }, () =>
    allergyEntry(api[name], patientId, lamport++, substance),
  )
  return commitAll(api[name], entries)
}

/** All regions hold and can open the same, show the same chart, have these entries, and are content. */
async function expectHealed(ids: readonly string[]): Promise<Vector> {
  const vector = await untilEqual(all(), 60_000)
  for (const name of names) {
    await expect.poll(async () => (await health(name)).status, { timeout: 15_000 }).toBe('ok')
    expect((await health(name)).alarms).toBeUndefined()
    expect(await metrics(name)).not.toMatch(/^meridian_histories_differ\{|^meridian_rows_not_servable\{/m)
    for (const id of ids)
      expect((await api[name].get(`/v1/entries/${id}`)).status, `${id} in ${name}`).toBe(200)
  }
  const texts = await Promise.all(names.map(async (name) => (await everything(api[name], patientId)).text))
  expect(texts[1]).toBe(texts[0])
  expect(texts[2]).toBe(texts[0])
  return vector
}

/** Puts back what was copied of a region while it was stopped. */
function restore(folder: string): void {
  rmSync(folder, { recursive: true })
  renameSync(`${folder}-copy`, folder)
}

function copy(folder: string): void {
  cpSync(folder, `${folder}-copy`, { recursive: true, preserveTimestamps: true })
}

test('RG22 a restored disk while no peer can be reached: the next incarnation at once, writes go on, all are equal after', async () => {
  const folder = join(cluster.data, 'frankfurt/postgres')
  await control('/regions/frankfurt/stop', { what: 'all' })
  copy(folder)
  await control('/regions/frankfurt/start', { what: 'all' })
  const lost = await write('frankfurt', 'Lost on this disk', 3)
  await untilEqual(all())
  await control('/regions/frankfurt/isolate')
  await control('/regions/frankfurt/stop', { what: 'all' })
  restore(folder)
  await control('/regions/frankfurt/start', { what: 'all' })
  expect(await health('frankfurt')).toMatchObject({ origin: 'frankfurt.2', status: 'degraded' })
  const written = await write('frankfurt', 'Written alone', 3)
  expect((await api.frankfurt.get(`/v1/entries/${lost[0]}`)).status).toBe(404)
  await control('/regions/frankfurt/rejoin')
  const vector = await expectHealed([...lost, ...written])
  expect(vector['frankfurt.2']).toBeGreaterThan(0)
  expect(await metrics('london')).not.toMatch(/^meridian_rows_set_aside\{/m)
})

test('RG23 a whole region restored, its witness too, that writes before it meets a peer: nothing of either history is lost', async () => {
  const folder = join(cluster.data, 'london')
  const common = await write('london', 'Before the backup', 2)
  await control('/regions/london/stop', { what: 'all' })
  copy(folder)
  await control('/regions/london/start', { what: 'all' })
  const doc = new Y.Doc()
  const reader = new WebsocketProvider(cluster.ready.regions['frankfurt']!.sync, chartOf(patientId), doc, {
    params: { token: api.frankfurt.token },
    disableBc: true,
    WebSocketPolyfill: WebSocket as unknown as typeof globalThis.WebSocket,
  })
  const seen = () => new Set([...doc.getMap(entriesMap).keys()].map((key) => key.split('@')[0]!))
  const before = (await untilEqual(all()))['london.1']!
  const first = await write('london', 'Of the first history', 6)
  await untilEqual(all())
  await expect.poll(() => first.every((id) => seen().has(id)), { timeout: 10_000 }).toBe(true)
  await control('/regions/london/isolate')
  await control('/regions/london/stop', { what: 'all' })
  restore(folder)
  await control('/regions/london/start', { what: 'all' })
  // Nobody can know yet.
  expect((await health('london')).origin).toBe('london.1')
  const second = await write('london', 'Of the second history', 4)
  const others = await write('nairobi', 'Of others', 2)
  // Slow links, so that an operator has time to look.
  for (const other of ['frankfurt', 'nairobi'])
    for (const [from, to] of [
      ['london', other],
      [other, 'london'],
    ])
      await control(`/links/${from}/${to}`, { state: 'open', latencyMs: 300 })
  const told = { alarms: new Set<string>(), metrics: false }
  await expect
    .poll(
      async () => {
        const states = await Promise.all(names.map(health))
        for (const alarm of states.flatMap((state) => state.alarms ?? [])) told.alarms.add(alarm)
        for (const state of states) if (state.alarms) expect(state.status).toBe('degraded')
        told.metrics ||= (await metrics('frankfurt')).includes(
          'meridian_histories_differ{origin="london.1"} 1',
        )
        return states.every(
          (state) =>
            !state.alarms &&
            JSON.stringify(state.vectors.flushed) === JSON.stringify(states[0]!.vectors.flushed),
        )
      },
      { timeout: 60_000, interval: 50 },
    )
    .toBe(true)
  await control('/reset')
  expect([...told.alarms].join('\n')).toContain('two histories of london.1')
  expect(told.metrics).toBe(true)
  const vector = await expectHealed([...common, ...first, ...second, ...others])
  expect(vector['london.1']).toBe(before)
  expect((await health('london')).origin).toBe('london.2')
  expect(await metrics('nairobi')).toMatch(/^meridian_rows_set_aside\{origin="london.1"\} [1-9]/m)
  // Who reads along, with an unmodified client, has every entry of both histories without starting anew.
  await expect
    .poll(() => [...first, ...second, ...others].filter((id) => !seen().has(id)), { timeout: 10_000 })
    .toEqual([])
  reader.destroy()
  // A second start finds nothing more to do.
  await control('/regions/london/stop', { what: 'server' })
  await control('/regions/london/start', { what: 'server' })
  expect(await expectHealed(second)).toEqual(vector)
})

test('RG26 rows whose key comes late are kept, told apart, and served without a restart when it comes', async () => {
  const file = join(cluster.data, 'frankfurt/config.json')
  const config = JSON.parse(readFileSync(file, 'utf8')) as {
    homeGroups: { name: string; regions: string[] }[]
  }
  const closed = structuredClone(config)
  for (const group of closed.homeGroups)
    if (group.name === 'frankfurt-general') group.regions = ['frankfurt', 'london']
  const restartWith = async (content: unknown) => {
    await control('/regions/frankfurt/stop', { what: 'server' })
    writeFileSync(file, JSON.stringify(content))
    await control('/regions/frankfurt/start', { what: 'server' })
  }
  await restartWith(closed)
  const bundle = JSON.parse(
    readFileSync(sample, 'utf8').replaceAll(patientId, '7d1f9d8e-1111-4222-8333-abcdefabcdef'),
  )
  expect((await api.frankfurt.post('/v1/import?source=late', bundle, 'application/fhir+json')).status).toBe(
    200,
  )
  const flushed = (await vectorsOf(http('frankfurt')))!.flushed
  await expect
    .poll(async () => (await health('nairobi')).vectors.flushed, { timeout: 15_000 })
    .toEqual(flushed)
  await expect
    .poll(async () => (await health('london')).vectors.servable, { timeout: 15_000 })
    .toEqual(flushed)
  const { origin } = await health('frankfurt')
  const waiting = await health('nairobi')
  expect(waiting.vectors.servable[origin]).toBeLessThan(flushed[origin]!)
  expect(await metrics('nairobi')).toMatch(
    new RegExp(`^meridian_rows_not_servable\\{origin="${origin}"\\} [1-9]`, 'm'),
  )
  const path = '/fhir/R4/Patient/7d1f9d8e-1111-4222-8333-abcdefabcdef'
  expect((await api.nairobi.get(path)).status).toBe(404)
  expect((await api.london.get(path)).status).toBe(200)
  await restartWith(config)
  await expectHealed([])
  expect((await api.nairobi.get(path)).status).toBe(200)
})

test('RG28 a region that was away for a night fills itself through links that break again and again', async () => {
  await control('/regions/nairobi/stop', { what: 'server' })
  const ids: string[] = []
  for (let i = 0; i < 12; i++)
    ids.push(...(await write(i % 2 ? 'london' : 'frankfurt', 'Of the night', 1000)))
  const target = await untilEqual([http('frankfurt'), http('london')])
  for (const other of ['frankfurt', 'london'])
    await control(`/links/${other}/nairobi`, { state: 'open', latencyMs: 20, bandwidthKBps: 2000 })
  await control('/regions/nairobi/start', { what: 'server' })
  let cuts = 0
  const isBehind = async () =>
    JSON.stringify((await health('nairobi')).vectors.flushed) !== JSON.stringify(target)
  while (cuts < 8 && (await isBehind())) {
    await sleep(250)
    await control('/regions/nairobi/isolate')
    await sleep(100)
    for (const other of ['frankfurt', 'london']) {
      await control(`/links/${other}/nairobi`, { state: 'open', latencyMs: 20, bandwidthKBps: 2000 })
      await control(`/links/nairobi/${other}`, { state: 'open' })
    }
    cuts += 1
  }
  await control('/reset')
  expect(cuts).toBeGreaterThan(2)
  await expectHealed([ids[0]!, ids.at(-1)!])
})
