import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type SampleRegion, startSampleRegion } from '../../gateway/sample-region.ts'
import { createDrafts } from '../../store/sample-drafts.ts'

type Bundle = {
  total: number
  link: { relation: string; url: string }[]
  entry?: { fullUrl: string; resource: { resourceType: string; id: string; [element: string]: unknown } }[]
}

let region: SampleRegion
let make: ReturnType<typeof createDrafts>
beforeAll(async () => {
  region = await startSampleRegion()
  make = createDrafts('frankfurt-general', region.authorOf())
})
afterAll(() => region.close())

const bundleOf = async (path: string) => {
  const answer = await region.request(path.replace(region.http, ''))
  expect(answer.status).toBe(200)
  expect(answer.headers.get('content-type')).toMatch(/^application\/fhir\+json/)
  return (await answer.json()) as Bundle
}
const ids = (bundle: Bundle) => (bundle.entry ?? []).map((e) => e.resource.id)
const next = (bundle: Bundle) => bundle.link.find((l) => l.relation === 'next')?.url

async function add(family: string, birthDate = '1971-03-05') {
  const chart = make.newPatient(family)
  const identity = { ...(chart.patient.entry.aspects['identity'] as object), birthDate }
  const patient = make.draft(chart.document, chart.patient.entry.subject, { identity })
  await region.store.entries.commit([patient])
  return chart.id
}

describe('FHIR reads', () => {
  test('HT14 a resource is read as the chart shows it, with ETag and Last-Modified', async () => {
    const chart = make.newPatient('Øster')
    const allergy = chart.allergy()
    await region.store.entries.commit([chart.patient, allergy])
    const answer = await region.request(`/fhir/R4/${allergy.entry.subject}`)
    expect(answer.status).toBe(200)
    const resource = (await answer.json()) as { [element: string]: unknown }
    expect(resource).toMatchObject({
      resourceType: 'AllergyIntolerance',
      criticality: 'high',
      patient: { reference: `Patient/${chart.id}` },
    })
    const { versionId } = resource['meta'] as { versionId: string }
    expect(answer.headers.get('etag')).toBe(`W/"${versionId}"`)
    expect(answer.headers.get('last-modified')).toBe('Tue, 24 Nov 2026 08:30:00 GMT')
    const unchanged = await region.request(`/fhir/R4/${allergy.entry.subject}`, {
      headers: { 'if-none-match': `W/"${versionId}"` },
    })
    expect(unchanged.status).toBe(304)
    await region.store.entries.commit([chart.renamed('Öster')])
    const patient = await region.request(`/fhir/R4/Patient/${chart.id}`)
    expect(await patient.json()).toMatchObject({ name: [{ family: 'Öster' }] })
  })

  test('HT27 a resource that was first stated in two documents at once is read from both, as in $everything', async () => {
    const chart = make.newPatient()
    const here = chart.vitals('2024')
    await region.store.entries.commit([chart.patient, here])
    region.store.receive('london.1', [chart.vitals('2025', { subject: here.entry.subject })])
    const whole = await bundleOf(`/fhir/R4/Patient/${chart.id}/$everything`)
    const [told] = (whole.entry ?? []).filter((e) => e.resource.resourceType === 'Observation')
    const answer = await region.request(`/fhir/R4/${here.entry.subject}`)
    expect(await answer.json()).toEqual(told?.resource)
    expect(answer.headers.get('etag')).toContain('-')
  })

  test('HT15 what is not here, not kept or not taken is an OperationOutcome', async () => {
    const cases: [string, string, number, string][] = [
      ['GET', 'Patient/nobody', 404, 'not-found'],
      ['GET', 'Patient/a_b', 404, 'not-found'],
      ['GET', 'Practitioner/1', 404, 'not-supported'],
      ['GET', 'Patient/nobody/$everything', 404, 'not-found'],
      ['GET', 'Observation', 400, 'not-supported'],
      ['GET', 'Patient?_count=-1', 400, 'value'],
      ['GET', 'Patient?birthdate=yesterday', 400, 'not-supported'],
      ['POST', 'Patient', 405, 'not-supported'],
      ['PUT', 'Patient/1', 405, 'not-supported'],
      ['DELETE', 'Patient/1', 405, 'not-supported'],
      ['GET', 'a/b/c/d', 404, 'not-found'],
    ]
    for (const [method, path, status, code] of cases) {
      const answer = await region.request(`/fhir/R4/${path}`, { method })
      expect([method, path, answer.status]).toEqual([method, path, status])
      expect(answer.headers.get('content-type')).toMatch(/^application\/fhir\+json/)
      expect(await answer.json()).toMatchObject({
        resourceType: 'OperationOutcome',
        issue: [{ severity: 'error', code }],
      })
    }
  })

  test('HT16 metadata claims what is served, and no writes', async () => {
    const answer = await region.request('/fhir/R4/metadata')
    const statement = (await answer.json()) as {
      fhirVersion: string
      rest: { resource: { type: string; interaction: { code: string }[]; operation?: object[] }[] }[]
    }
    expect(statement.fhirVersion).toBe('4.0.1')
    const resources = statement.rest[0]!.resource
    expect(resources.map((r) => r.type)).toContain('AllergyIntolerance')
    const codes = new Set(resources.flatMap((r) => r.interaction.map((i) => i.code)))
    expect(codes).toEqual(new Set(['read', 'search-type']))
    expect(resources.find((r) => r.type === 'Patient')?.operation).toHaveLength(1)
  })

  test('HT17 patients are found by the beginning of a name, without case or accents, by identifier and birth date', async () => {
    const groß = await add('Großmann', '2001-05-17')
    const nunez = await add('Núñez de la Cruz', '1999')
    const found = async (query: string) => ids(await bundleOf(`/fhir/R4/Patient?${query}`))
    expect(await found('name=GROSS')).toEqual([groß])
    expect(await found('name=nun')).toEqual([nunez])
    expect(await found('name=cruz')).toEqual([nunez])
    expect(await found('name=unez')).toEqual([])
    expect(await found('name:contains=unez')).toEqual([nunez])
    expect(await found('name:exact=Gro%C3%9Fmann')).toEqual([groß])
    expect((await found('name=gross,nunez')).sort()).toEqual([groß, nunez].sort())
    expect(await found('name=gross&name=nunez')).toEqual([])
    expect(await found(`identifier=${groß.slice(0, 8)}`)).toEqual([groß])
    expect(await found(`identifier=urn:meridian:test%7C${groß.slice(0, 8)}`)).toEqual([groß])
    expect(await found(`identifier=urn:other%7C${groß.slice(0, 8)}`)).toEqual([])
    expect(await found('birthdate=2001')).toEqual([groß])
    expect(await found('birthdate=2001-05-17')).toEqual([groß])
    expect(await found('birthdate=ge2001-05')).toEqual([groß])
    expect(await found('birthdate=gt1999&birthdate=lt2001-05-18')).toEqual([groß])
    expect(await found('birthdate=lt2000&birthdate=ge1999')).toEqual([nunez])
    expect(await found(`_id=${nunez}&colour=red`)).toEqual([nunez])
    expect(await found(`_id=${nunez}&constructor=1&__proto__=1`)).toEqual([nunez])
    const strictly = await region.request('/fhir/R4/Patient?colour=red', {
      headers: { prefer: 'handling=strict' },
    })
    expect(strictly.status).toBe(400)
  })

  test('HT18 a search comes in pages by link.next, each patient once, with the total', async () => {
    for (const family of ['Page', 'Pager', 'Paget', 'Page', 'Pagot']) await add(family)
    let bundle = await bundleOf('/fhir/R4/Patient?name=pag&_count=2')
    expect(bundle.total).toBe(5)
    const seen = ids(bundle)
    while (next(bundle)) {
      bundle = await bundleOf(next(bundle)!)
      seen.push(...ids(bundle))
    }
    expect(seen).toHaveLength(5)
    expect(new Set(seen).size).toBe(5)
    const count = await bundleOf('/fhir/R4/Patient?name=pag&_count=0')
    expect([count.total, count.entry]).toEqual([5, undefined])
  })

  test('HT19 $everything is all that is kept of a patient, in pages that stay right while entries come in', async () => {
    const chart = make.newPatient()
    const drafts = [
      chart.patient,
      chart.allergy(),
      chart.vitals('2024'),
      chart.vitals('undated'),
      chart.allergy(),
    ]
    await region.store.entries.commit(drafts)
    const whole = await bundleOf(`/fhir/R4/Patient/${chart.id}/$everything`)
    expect(new Set(whole.entry?.map((e) => `${e.resource.resourceType}/${e.resource.id}`))).toEqual(
      new Set(drafts.map((d) => d.entry.subject)),
    )
    expect(whole.entry?.[0]?.resource.resourceType).toBe('Patient')
    expect(whole.entry?.[0]?.fullUrl).toBe(`${region.http}/fhir/R4/Patient/${chart.id}`)
    expect(next(whole)).toBeUndefined()
    let page = await bundleOf(`/fhir/R4/Patient/${chart.id}/%24everything?_count=2`)
    const seen = ids(page)
    await region.store.entries.commit([chart.vitals('2025')])
    while (next(page)) {
      page = await bundleOf(next(page)!)
      expect(page.entry!.length).toBeLessThanOrEqual(2)
      seen.push(...ids(page))
    }
    expect(new Set(seen).size).toBe(seen.length)
    expect(seen).toEqual(expect.arrayContaining(ids(whole)))
  })
})
