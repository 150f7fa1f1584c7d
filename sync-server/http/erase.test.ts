import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type SampleRegion, startSampleRegion } from '../gateway/sample-region.ts'
import { createDrafts } from '../store/sample-drafts.ts'

let region: SampleRegion
const flushed: { [region: string]: { [origin: string]: number } } = {}
const make = createDrafts('frankfurt-general')
beforeAll(async () => {
  region = await startSampleRegion({
    replicated: flushed,
    peers: [{ region: 'london', reachable: true, ageSeconds: 0, lagRows: 0 }],
  })
})
afterAll(() => region.close())

const reason = 'Unverwechselbarer Grund'
const erase = (id: string, as = 'operator') => region.postJson(`/v1/patients/${id}/erase`, { reason }, { as })
const stateOf = async (id: string) => {
  const answer = await region.request(`/v1/patients/${id}/erase`, { as: 'operator' })
  return { status: answer.status, body: (await answer.json()) as { [member: string]: unknown } }
}

async function newPatient(family = 'Muster') {
  const chart = make.newPatient(family)
  const allergy = chart.allergy()
  await region.store.entries.commit([chart.patient, allergy, chart.vitals('2025')])
  return { ...chart, stated: allergy }
}

describe('erasing a patient over HTTP', () => {
  test('ER10 an erasure is asked for by operators, with a reason, is done once, and of unknown patients not', async () => {
    const { id } = await newPatient()
    const path = `/v1/patients/${id}/erase`
    expect((await erase(id, 'physician.frankfurt')).status).toBe(403)
    expect((await region.request(path)).status).toBe(403)
    expect((await region.postJson(path, {}, { as: 'operator' })).status).toBe(400)
    expect((await region.postJson(path, { reason: '' }, { as: 'operator' })).status).toBe(400)
    expect([(await erase('nobody')).status, (await stateOf('nobody')).status]).toEqual([404, 404])
    expect((await stateOf(id)).body).toEqual({
      patient: id,
      regions: { frankfurt: { carriedOut: false }, london: { carriedOut: false } },
    })
    const answer = await erase(id)
    expect(answer.status).toBe(202)
    const first = await answer.json()
    expect(first).toEqual({
      patient: id,
      requestedAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT/),
      regions: { frankfurt: { carriedOut: true }, london: { carriedOut: false } },
    })
    const again = await erase(id)
    expect([again.status, await again.json()]).toEqual([202, first])
    expect((await region.store.erased.find(id))?.tombstones).toHaveLength(1)
  })

  test('ER11 another region has carried it out when it has flushed a tombstone, whoever wrote it', async () => {
    const { id } = await newPatient()
    await erase(id)
    const [own] = (await region.store.erased.find(id))!.tombstones
    const carriedOut = async () =>
      (await stateOf(id)).body['regions'] as { [region: string]: { carriedOut: boolean } }
    flushed['london'] = { [own!.origin]: own!.seq - 1 }
    expect((await carriedOut())['london']).toEqual({ carriedOut: false })
    flushed['london'] = { [own!.origin]: own!.seq }
    expect((await carriedOut())['london']).toEqual({ carriedOut: true })
    region.store.receiveTombstone(id, 'london.1')
    flushed['london'] = { 'london.1': 1 }
    expect((await carriedOut())['london']).toEqual({ carriedOut: true })
    delete flushed['london']
    expect((await carriedOut())['london']).toEqual({ carriedOut: false })
  })

  test('ER12 who was erased is 410, or not there, for everybody who reads', async () => {
    const [{ id, stated, patient }, other] = [await newPatient('Ärmel'), await newPatient('Ärmel')]
    await erase(id)
    const get = async (path: string, as = 'physician.frankfurt') => {
      const answer = await region.request(path, { as })
      return { status: answer.status, text: await answer.text() }
    }
    const gone = await get(`/v1/patients/${id}`)
    expect([gone.status, JSON.parse(gone.text)]).toMatchObject([410, { type: 'urn:meridian:problem:erased' }])
    for (const path of [`/fhir/R4/Patient/${id}`, `/fhir/R4/Patient/${id}/$everything`]) {
      const { status, text } = await get(path)
      expect([status, JSON.parse(text)]).toMatchObject([410, { issue: [{ code: 'deleted' }] }])
    }
    expect((await get(`/fhir/R4/${stated.entry.subject}`)).status).toBe(404)
    for (const entry of [patient, stated]) expect((await get(`/v1/entries/${entry.id}`)).status).toBe(410)
    for (const path of ['/v1/worklist', '/fhir/R4/Patient?name=armel']) {
      const { text } = await get(path)
      expect(text).not.toContain(id)
      expect(text).toContain(other.id)
    }
    expect((await get(`/fhir/R4/Patient/${other.id}/$everything`)).status).toBe(200)
  })

  test('ER13 what is proposed about somebody who was erased is refused for good, what was committed before too', async () => {
    const { id, document, stated, allergy } = await newPatient()
    const entryBy = (draft: ReturnType<typeof allergy>) => ({ ...draft.entry, author: region.authorOf() })
    const before = entryBy(allergy())
    await region.postJson('/v1/entries', { entries: [before] })
    await erase(id)
    const patient = { ...before, subject: `Patient/${id}`, aspects: { identity: { gender: 'female' } } }
    const entries = [before, entryBy(allergy()), patient, { ...entryBy(allergy()), document }]
    const { committed, refused } = (await (await region.postJson('/v1/entries', { entries })).json()) as {
      committed: unknown[]
      refused: { code: string; retry: boolean; detail: string }[]
    }
    expect(committed).toEqual([])
    expect(refused.map(({ code, retry }) => [code, retry])).toEqual(Array(4).fill(['erased', false]))
    expect(refused[0]?.detail).toContain('erased')
    expect(stated.entry.document).toBe(document)
  })

  test('ER14 an import about somebody who was erased is refused resource by resource, in words, and others are taken', async () => {
    const { id } = await newPatient()
    await erase(id)
    const resource = (of: string) => [
      { resource: { resourceType: 'Patient', id: of } },
      { resource: { resourceType: 'AllergyIntolerance', patient: { reference: `Patient/${of}` } } },
    ]
    const other = make.newPatient().id
    const bundle = {
      resourceType: 'Bundle',
      type: 'collection',
      entry: [...resource(id), ...resource(other)].map((entry, i) => ({
        ...entry,
        fullUrl: `urn:uuid:${uuid(i)}`,
      })),
    }
    const answer = await region.request('/v1/import', {
      method: 'POST',
      body: JSON.stringify(bundle),
      headers: { 'content-type': 'application/fhir+json' },
    })
    const { issue } = (await answer.json()) as { issue: { severity: string; diagnostics: string }[] }
    expect(answer.status).toBe(200)
    const errors = issue.filter(({ severity }) => severity === 'error')
    expect(errors).toHaveLength(2)
    for (const { diagnostics } of errors) expect(diagnostics).toContain('erased')
    expect(region.store.patients.get(other)).toBeDefined()
    expect(region.store.patients.get(id)).toBeUndefined()
  })

  test('ER15 neither the patient nor the reason stands in logs, metrics or health', async () => {
    const { id } = await newPatient('Geheim')
    await erase(id)
    const metrics = await (await region.request('/metrics', { as: null })).text()
    const health = await (await region.request('/health', { as: null })).text()
    for (const text of [region.lines.join('\n'), metrics, health])
      for (const secret of [id, reason, 'Geheim', 'GEHEIM']) expect(text).not.toContain(secret)
  })

  test('ER16 while nothing can be written nobody is told that a patient was erased', async () => {
    const { id } = await newPatient()
    region.store.fail('unavailable')
    const later = await erase(id)
    expect([later.status, later.headers.get('retry-after')]).toEqual([503, '5'])
    region.store.fail('indeterminate')
    const unknown = await erase(id)
    expect([unknown.status, await unknown.json()]).toMatchObject([
      504,
      { type: 'urn:meridian:problem:indeterminate' },
    ])
    region.store.fail(undefined)
    expect(region.store.patients.get(id)).toBeDefined()
  })
})

describe('quarantine over HTTP', () => {
  test('QU4 health and metrics count what is in quarantine, health in words, and operators see which documents', async () => {
    const count = async () =>
      /^meridian_documents_quarantined (\d+)$/m.exec(
        await (await region.request('/metrics', { as: null })).text(),
      )?.[1]
    const health = async () => (await (await region.request('/health', { as: null })).json()) as object
    expect([await count(), await health()]).toMatchObject(['0', { status: 'ok' }])
    region.store.quarantine.noteLoaded('note/n1', [{ origin: 'london.1', seq: 4 }])
    const told = await health()
    expect([await count(), told]).toMatchObject(['1', { status: 'degraded', quarantined: 1 }])
    expect(told).toMatchObject({ detail: expect.stringContaining('1 document is in quarantine') })
    expect((await region.request('/v1/quarantine')).status).toBe(403)
    const listed = await region.request('/v1/quarantine', { as: 'operator' })
    expect(await listed.json()).toEqual({
      documents: [
        {
          document: 'note/n1',
          rows: [{ origin: 'london.1', seq: 4, reason: 'breaks-note', since: expect.any(String) }],
        },
      ],
    })
    region.store.quarantine.noteLoaded('note/n1', [])
    expect([await count(), await health()]).toMatchObject(['0', { status: 'ok' }])
  })
})

function uuid(i: number): string {
  return `0f9ad1b2-0000-4000-8000-00000000000${i}`
}
