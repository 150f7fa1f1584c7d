import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { startCluster } from '../support/cluster.ts'
import { allergyEntry, commitAll, everything, signIn, untilEqual } from '../support/region-api.ts'

const sample = join(import.meta.dirname, '../../samples/frankfurt-general/grossmann-juergen.json')
const data = mkdtempSync(join(tmpdir(), 'meridian-join-'))
let cluster: Awaited<ReturnType<typeof startCluster>> | undefined
afterAll(async () => {
  await cluster?.stop()
  rmSync(data, { recursive: true, force: true })
})

test('RG21 a region that joins fills itself from the others, can open what they hold, and writes', async () => {
  cluster = await startCluster({ data, regions: ['frankfurt', 'london'] })
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

  cluster = await startCluster({ data, regions: ['frankfurt', 'london', 'paris'] })
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
