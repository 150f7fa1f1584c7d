import { cpSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import postgres from 'postgres'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { chartOf } from '../../domain/documents/document-name.ts'
import { startCluster } from '../support/cluster.ts'
import {
  allergyEntry,
  commitAll,
  everything,
  type RegionApi,
  signIn,
  untilEqual,
} from '../support/region-api.ts'

/**
 * A patient is erased in one region while another is away. Then the disk of the region that erased is restored from
 * before, and a new region joins. Whatever happens, in the end the patient is erased everywhere, and nobody else is.
 */
const names = ['frankfurt', 'london', 'nairobi'] as const
type Name = (typeof names)[number] | 'paris'
const samples = join(import.meta.dirname, '../../samples/frankfurt-general')
const data = mkdtempSync(join(tmpdir(), 'meridian-erase-'))

let cluster: Awaited<ReturnType<typeof startCluster>>
let api: Map<Name, RegionApi>
let operators: Map<Name, RegionApi>
let regions: readonly Name[] = names
/** The patient who is erased, and the one who stays. */
let gone: Sample
let other: Sample
let before: string

type Sample = { bundle: object; patientId: string; family: string; subjects: string[] }

const http = (name: Name) => cluster.ready.regions[name]!.http
const all = () => regions.map(http)
const at = (name: Name) => api.get(name)!
const operator = (name: Name) => operators.get(name)!

beforeAll(async () => {
  await start()
  gone = await take('frankfurt', 'grossmann-juergen.json')
  other = await take('london', 'koehler-friedrich.json')
  // Every region has written about the patient, under a key of its own.
  for (const name of names) {
    await untilEqual(all())
    await commitAll(at(name), [allergyEntry(at(name), gone.patientId, 500, `Latex in ${name}`)])
    await commitAll(at(name), [allergyEntry(at(name), other.patientId, 500, `Iodine in ${name}`)])
  }
  await untilEqual(all())
  before = (await everything(at('london'), other.patientId)).text
})
afterAll(async () => {
  await cluster?.stop()
  rmSync(data, { recursive: true, force: true })
})

async function start(): Promise<void> {
  cluster = await startCluster({ data, regions })
  const signedIn = async (who: (name: Name) => string) =>
    new Map(
      await Promise.all(regions.map(async (name) => [name, await signIn(http(name), who(name))] as const)),
    )
  api = await signedIn((name) => `physician.${name}`)
  operators = await signedIn(() => 'operator')
}

async function take(name: Name, file: string): Promise<Sample> {
  const bundle = JSON.parse(readFileSync(join(samples, file), 'utf8')) as {
    entry: { resource: { resourceType: string; id: string; name?: { family: string }[] } }[]
  }
  const { status } = await at(name).post('/v1/import?source=hospital', bundle, 'application/fhir+json')
  expect(status).toBe(200)
  const patient = bundle.entry.find(({ resource }) => resource.resourceType === 'Patient')!.resource
  return {
    bundle,
    patientId: patient.id,
    family: patient.name![0]!.family,
    subjects: bundle.entry.map(({ resource }) => `${resource.resourceType}/${resource.id}`),
  }
}

const eraseAt = (name: Name) =>
  operator(name).post(`/v1/patients/${gone.patientId}/erase`, { reason: 'the patient asked for it' })
const carriedOut = async (name: Name) => {
  const { body } = await operator(name).get(`/v1/patients/${gone.patientId}/erase`)
  const states = body['regions'] as { [region: string]: { carriedOut: boolean } }
  return Object.entries(states)
    .flatMap(([region, state]) => (state.carriedOut ? [region] : []))
    .sort()
}

/** Opens the patient's chart as any Yjs client does, and tells with what it was closed or refused. */
function open(name: Name): { opened: Promise<void>; ended: Promise<number> } {
  const url = `${cluster.ready.regions[name]!.sync}/${chartOf(gone.patientId)}?token=${at(name).token}`
  const socket = new WebSocket(url)
  return {
    opened: new Promise((resolve) => socket.once('open', resolve)),
    ended: new Promise((resolve) => {
      socket.once('close', (code) => resolve(code))
      socket.once('error', () => undefined)
      socket.once('unexpected-response', (_, response) => {
        resolve(response.statusCode ?? 0)
        socket.terminate()
      })
    }),
  }
}

async function nothingCanBeRead(name: Name): Promise<void> {
  const region = at(name)
  const { patientId, family, subjects } = gone
  for (const path of [
    `/v1/patients/${patientId}`,
    `/fhir/R4/Patient/${patientId}`,
    `/fhir/R4/Patient/${patientId}/$everything`,
  ])
    expect((await region.get(path)).status, `${name} ${path}`).toBe(410)
  for (const subject of subjects.filter((one) => !one.startsWith('Patient/')))
    expect((await region.get(`/fhir/R4/${subject}`)).status, `${name} ${subject}`).toBe(404)
  for (const path of ['/v1/worklist', `/fhir/R4/Patient?name=${encodeURIComponent(family)}`])
    expect(JSON.stringify((await region.get(path)).body), `${name} ${path}`).not.toContain(patientId)
  expect(await open(name).ended, name).toBe(410)
}

async function nothingIsTaken(name: Name): Promise<void> {
  const region = at(name)
  const entries = [allergyEntry(region, gone.patientId, 600)]
  const { body } = await region.post('/v1/entries', { entries })
  expect(body).toMatchObject({ committed: [], refused: [{ code: 'erased', retry: false }] })
  const imported = await region.post('/v1/import?source=hospital', gone.bundle, 'application/fhir+json')
  expect(imported.status).toBe(422)
  expect(JSON.stringify(imported.body)).toContain('erased')
}

/** Every key of the patient is gone from this region's database, and no one else's. */
async function keysAreGone(name: Name): Promise<void> {
  const sql = postgres(cluster.ready.regions[name]!.database, { max: 1 })
  const keysOf = (patientId: string) => sql<{ origin: string; empty: boolean }[]>`
    select origin, bytes is null as empty from log where kind = 'grant' and document = ${`patient/${patientId}`}`
  const keys = await keysOf(gone.patientId)
  const origins = new Set(keys.map(({ origin }) => origin.split('.')[0]))
  for (const region of names) expect(origins, name).toContain(region)
  expect(
    keys.every(({ empty }) => empty),
    name,
  ).toBe(true)
  expect(
    (await keysOf(other.patientId)).some(({ empty }) => empty),
    name,
  ).toBe(false)
  await sql.end()
}

/** The truth in the end: all regions are equal, the patient is erased in each, and nobody else is. */
async function erasedEverywhere(): Promise<void> {
  await untilEqual(all(), 60_000)
  for (const name of regions) {
    await expect.poll(() => carriedOut(name), { timeout: 15_000 }).toEqual([...regions].sort())
    await keysAreGone(name)
    await nothingCanBeRead(name)
    await nothingIsTaken(name)
    expect((await everything(at(name), other.patientId)).text, name).toBe(before)
  }
  const vector = await untilEqual(all(), 60_000)
  expect(Object.keys(vector).length).toBeGreaterThanOrEqual(regions.length)
}

/** The folder of a region's database as it is now, to be restored later. */
async function keepCopy(name: Name): Promise<() => Promise<void>> {
  const folder = join(data, name, 'postgres')
  const copy = join(data, `${name}-copy`)
  await cluster.control(`/regions/${name}/stop`, { what: 'all' })
  cpSync(folder, copy, { recursive: true, preserveTimestamps: true })
  await cluster.control(`/regions/${name}/start`, { what: 'all' })
  return async () => {
    await cluster.control(`/regions/${name}/stop`, { what: 'all' })
    rmSync(folder, { recursive: true })
    renameSync(copy, folder)
    await cluster.control(`/regions/${name}/start`, { what: 'all' })
  }
}

describe('erasing a patient in real regions', () => {
  let restore: () => Promise<void>

  test('ER20 regions that are there carry it out at once and tell who reads; one that is away is told of as not done', async () => {
    restore = await keepCopy('frankfurt')
    await untilEqual(all())
    await cluster.control('/regions/nairobi/stop', { what: 'all' })
    const readers = [open('frankfurt'), open('london')]
    await Promise.all(readers.map(({ opened }) => opened))
    expect((await eraseAt('frankfurt')).status).toBe(202)
    expect(await Promise.all(readers.map(({ ended }) => ended))).toEqual([4410, 4410])
    await expect.poll(() => carriedOut('frankfurt'), { timeout: 10_000 }).toEqual(['frankfurt', 'london'])
    for (const name of ['frankfurt', 'london'] as const) {
      await keysAreGone(name)
      await nothingCanBeRead(name)
      await nothingIsTaken(name)
    }
    const [first, again] = [await eraseAt('frankfurt'), await eraseAt('london')]
    expect(again.status).toBe(202)
    expect(again.body['requestedAt']).toBe(first.body['requestedAt'])
  })

  test('ER21 a region that was away carries it out when it is back, though it has written about the patient meanwhile', async () => {
    await cluster.control('/regions/nairobi/isolate', {})
    await cluster.control('/regions/nairobi/start', { what: 'all' })
    await commitAll(at('nairobi'), [allergyEntry(at('nairobi'), gone.patientId, 550, 'Written alone')])
    await cluster.control('/regions/nairobi/rejoin', {})
    await erasedEverywhere()
  })

  test('ER22 the region that erased is restored from before: it hears of it from the others, and carries it out again', async () => {
    await restore()
    await erasedEverywhere()
  })

  test('ER23 two regions that do not hear each other erase one patient: two tombstones do what one does', async () => {
    const twice = gone
    gone = await take('frankfurt', 'weiss-karl-heinz.json')
    await untilEqual(all())
    for (const name of names)
      await commitAll(at(name), [allergyEntry(at(name), gone.patientId, 500, `Latex in ${name}`)])
    await untilEqual(all())
    await cluster.control('/regions/london/isolate', {})
    expect([(await eraseAt('frankfurt')).status, (await eraseAt('london')).status]).toEqual([202, 202])
    await cluster.control('/regions/london/rejoin', {})
    await erasedEverywhere()
    gone = twice
  })

  test('ER24 a region that joins later is never given a key of an erased patient, and serves the others', async () => {
    await cluster.stop()
    regions = [...names, 'paris']
    await start()
    await erasedEverywhere()
    for (const name of regions) {
      const log = readFileSync(join(data, 'logs', `${name}.log`), 'utf8')
      for (const secret of [gone.patientId, gone.family, 'the patient asked for it'])
        expect(log, `${name} ${secret}`).not.toContain(secret)
    }
  })
})
