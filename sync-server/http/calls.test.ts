import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type SampleRegion, startSampleRegion } from '../gateway/sample-region.ts'
import { createDrafts } from '../store/sample-drafts.ts'

let region: SampleRegion
let make: ReturnType<typeof createDrafts>
beforeAll(async () => {
  region = await startSampleRegion({
    peers: [{ region: 'london', reachable: true, ageSeconds: 0.2, lagRows: 0 }],
  })
  make = createDrafts('london-royal', region.authorOf())
})
afterAll(() => region.close())

const read = async (path: string) =>
  (await region.request(path)).json() as Promise<{ [field: string]: unknown }>

describe('calls of /v1', () => {
  test('HT6 POST /v1/entries commits what passes, refuses the rest by id; GET tells what became of one', async () => {
    const { patient, document } = make.newPatient('Adams')
    const bad = { ...patient.entry, lamport: 0 }
    const answer = await region.postJson('/v1/entries', { entries: [patient.entry, bad, 'text'] })
    expect(answer.status).toBe(200)
    const { committed, refused } = (await answer.json()) as {
      committed: { id: string; seq: number }[]
      refused: { id: string; code: string; detail: string; retry: boolean }[]
    }
    expect(committed).toEqual([{ id: patient.id, origin: 'frankfurt.1', seq: committed[0]?.seq, epoch: 1 }])
    expect(refused.map((r) => [r.code, r.retry])).toEqual([
      ['schema', false],
      ['schema', false],
    ])
    const again = await region.postJson('/v1/entries', { entries: [patient.entry] })
    expect(await again.json()).toEqual({ committed, refused: [] })
    expect(await read(`/v1/entries/${patient.id}`)).toEqual({
      id: patient.id,
      document,
      subject: patient.entry.subject,
      committed: [{ origin: 'frankfurt.1', seq: committed[0]?.seq, epoch: 1 }],
    })
    for (const unknown of [refused[0]?.id, 'x', '..%2f'])
      expect((await region.request(`/v1/entries/${unknown}`)).status).toBe(404)
  })

  test('HT7 a body of more than 1,000 entries is refused whole', async () => {
    const answer = await region.postJson('/v1/entries', { entries: Array.from({ length: 1001 }, () => ({})) })
    expect(answer.status).toBe(400)
  })

  test('HT8 GET /v1/patients/<id> tells group, home, time zone and documents', async () => {
    const chart = make.newPatient()
    await region.store.entries.commit([chart.patient, chart.vitals('2024')])
    expect(await read(`/v1/patients/${chart.id}`)).toEqual({
      id: chart.id,
      homeGroup: 'london-royal',
      home: 'frankfurt',
      timeZone: 'Europe/Berlin',
      documents: [`chart/${chart.id}`, `journal/${chart.id}/2024`],
    })
    expect((await region.request('/v1/patients/nobody')).status).toBe(404)
  })

  test('HT9 the worklist is everybody, by name', async () => {
    const [b, a] = [make.newPatient('Zimmer'), make.newPatient('Ärmel')]
    await region.store.entries.commit([b.patient, a.patient])
    const { patients } = (await read('/v1/worklist')) as { patients: { id: string; name: string }[] }
    const names = patients.map((p) => p.name)
    expect(names.indexOf('ÄRMEL, Ada')).toBeLessThan(names.indexOf('ZIMMER, Ada'))
    expect(patients.find((p) => p.id === a.id)).toEqual({
      id: a.id,
      name: 'ÄRMEL, Ada',
      born: '1971-03-05',
      gender: 'female',
      identifier: a.id.slice(0, 8),
      homeGroup: 'london-royal',
      home: 'frankfurt',
      timeZone: 'Europe/Berlin',
    })
  })

  test('HT10 before authority every group is held by its home and writable everywhere', async () => {
    const { groups, peers } = (await read('/v1/authority')) as { groups: object[]; peers: object }
    expect(groups[0]).toEqual({
      group: 'frankfurt-general',
      policy: 'home',
      home: 'frankfurt',
      holder: 'frankfurt',
      epoch: 1,
      state: 'home',
      writable: true,
      since: expect.stringMatching(/^\d{4}-\d\d-\d\dT/),
      boundSeconds: 0,
    })
    expect(groups).toHaveLength(3)
    expect(peers).toEqual({ london: { reachable: true, ageSeconds: 0.2, lagRows: 0 } })
  })

  test('HT12 health tells region, origin, vectors; degraded without a peer, 503 when nothing can be written', async () => {
    const healthy = await region.request('/health', { as: null })
    expect(healthy.status).toBe(200)
    const told = (await healthy.json()) as { vectors: { flushed: { [origin: string]: number } } }
    expect(told).toMatchObject({ region: 'frankfurt', origin: 'frankfurt.1', status: 'ok' })
    expect(told.vectors.flushed['frankfurt.1']).toBeGreaterThan(0)
    region.store.fail('unavailable')
    const broken = await region.request('/health', { as: null })
    expect(broken.status).toBe(503)
    expect(await broken.json()).toMatchObject({ region: 'frankfurt', status: 'degraded' })
    region.store.fail(undefined)
    const alone = await startSampleRegion({
      peers: [{ region: 'london', reachable: false, ageSeconds: null, lagRows: null }],
    })
    const degraded = await alone.request('/health', { as: null })
    expect([degraded.status, (await degraded.json()) as object]).toMatchObject([200, { status: 'degraded' }])
    await alone.close()
  })

  test('HT13 metrics are Prometheus text of this product, without names of people or documents', async () => {
    await read('/v1/worklist')
    const text = await (await region.request('/metrics', { as: null })).text()
    expect(text).toMatch(/^meridian_entries_committed_total \d+$/m)
    expect(text).toMatch(/^meridian_store_takes_writes 1$/m)
    expect(text).toMatch(/^meridian_peer_reachable\{peer="\w+"\} [01]$/m)
    expect(text).toMatch(
      /meridian_http_request_seconds_count\{method="GET",route="\/v1\/worklist",status="200"\}/,
    )
    for (const line of text.split('\n').filter((l) => l && !l.startsWith('#')))
      expect(line).toMatch(/^meridian_/)
  })
})
