import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { startCluster } from '../support/cluster.ts'
import { allergyEntry, commitAll, everything, signIn, untilEqual } from '../support/region-api.ts'

const sample = join(import.meta.dirname, '../../samples/frankfurt-general/grossmann-juergen.json')
const basePort = 27_400
const data = mkdtempSync(join(tmpdir(), 'meridian-join-'))
let cluster: Awaited<ReturnType<typeof startCluster>> | undefined
afterAll(async () => {
  await cluster?.stop()
  rmSync(data, { recursive: true, force: true })
})

test('RG21 a region that joins fills itself from the others, can open what they hold, and writes', async () => {
  cluster = await startCluster({ data, regions: ['frankfurt', 'london'], basePort })
  const frankfurt = await signIn(cluster.ready.regions['frankfurt']!.http, 'physician.frankfurt')
  const bundle = JSON.parse(readFileSync(sample, 'utf8')) as {
    entry: { resource: { resourceType: string; id: string } }[]
  }
  const patientId = bundle.entry.find((e) => e.resource.resourceType === 'Patient')!.resource.id
  expect((await frankfurt.post('/v1/import?source=hospital', bundle, 'application/fhir+json')).status).toBe(
    200,
  )
  await untilEqual(Object.values(cluster.ready.regions).map((region) => region.http))
  const before = (await everything(frankfurt, patientId)).text
  await cluster.stop()

  cluster = await startCluster({ data, regions: ['frankfurt', 'london', 'paris'], basePort })
  const https = Object.values(cluster.ready.regions).map((region) => region.http)
  await untilEqual(https)
  const paris = await signIn(cluster.ready.regions['paris']!.http, 'physician.paris')
  expect((await everything(paris, patientId)).text).toBe(before)
  const [id] = await commitAll(paris, [allergyEntry(paris, patientId, 500, 'Kiwi')])
  const vector = await untilEqual(https)
  expect(vector['paris.1']).toBeGreaterThan(0)
  const back = await signIn(cluster.ready.regions['frankfurt']!.http, 'physician.frankfurt')
  expect((await back.get(`/v1/entries/${id}`)).status).toBe(200)
})

test('RG24 a region joins while one of three is dead: it opens what the dead one wrote too, and all are equal when that one is back', async () => {
  if (!cluster) throw new Error('the test before has not run')
  const three = ['frankfurt', 'london', 'paris']
  const before = await signIn(cluster.ready.regions['paris']!.http, 'physician.paris')
  const bundle = JSON.parse(readFileSync(sample, 'utf8')) as {
    entry: { resource: { resourceType: string; id: string } }[]
  }
  const patientId = bundle.entry.find((e) => e.resource.resourceType === 'Patient')!.resource.id
  // What Paris alone has made keys for, and nobody but Paris has granted.
  const [ofParis] = await commitAll(before, [allergyEntry(before, patientId, 700, 'Sesame')])
  await untilEqual(three.map((name) => cluster!.ready.regions[name]!.http))
  await cluster.control('/regions/paris/kill', { what: 'all' })
  await cluster.stop()

  // The dead region is left out: a member that does not answer.
  cluster = await startCluster({ data, regions: ['frankfurt', 'london', 'oslo'], basePort })
  const alive = ['frankfurt', 'london', 'oslo'].map((name) => cluster!.ready.regions[name]!.http)
  await untilEqual(alive, 60_000)
  const oslo = await signIn(cluster.ready.regions['oslo']!.http, 'physician.oslo')
  const health = (await (await fetch(`${oslo.http}/health`)).json()) as { status: string }
  expect(health.status).toBe('degraded')
  expect((await oslo.get(`/v1/entries/${ofParis}`)).status).toBe(200)
  expect((await everything(oslo, patientId)).text).toContain('Sesame')
  const [ofOslo] = await commitAll(oslo, [allergyEntry(oslo, patientId, 800, 'Mustard')])
  const vector = await untilEqual(alive)
  expect(vector['oslo.1']).toBeGreaterThan(0)
  await cluster.stop()

  cluster = await startCluster({ data, regions: [...three, 'oslo'], basePort })
  const https = Object.values(cluster.ready.regions).map((region) => region.http)
  await untilEqual(https, 60_000)
  const paris = await signIn(cluster.ready.regions['paris']!.http, 'physician.paris')
  expect((await paris.get(`/v1/entries/${ofOslo}`)).status).toBe(200)
  const texts = await Promise.all(
    Object.entries(cluster.ready.regions).map(
      async ([name, { http }]) => (await everything(await signIn(http, `physician.${name}`), patientId)).text,
    ),
  )
  expect(new Set(texts).size).toBe(1)
  for (const http of https)
    await expect
      .poll(async () => ((await (await fetch(`${http}/health`)).json()) as { status: string }).status, {
        timeout: 15_000,
      })
      .toBe('ok')
})
