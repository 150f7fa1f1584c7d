import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type SampleRegion, startSampleRegion } from '../gateway/sample-region.ts'

type Outcome = {
  resourceType: string
  issue: { severity: string; code: string; diagnostics: string; expression?: string[] }[]
}

let region: SampleRegion
beforeAll(async () => {
  region = await startSampleRegion({ over: { limits: { importBytes: 1024 * 1024 } } })
})
afterAll(() => region.close())

async function post(body: unknown, query = '', init: Parameters<SampleRegion['request']>[1] = {}) {
  const answer = await region.request(`/v1/import${query}`, {
    method: 'POST',
    body: typeof body === 'string' ? body : JSON.stringify(body),
    headers: { 'content-type': 'application/fhir+json' },
    ...init,
  })
  const outcome = (await answer.json()) as Outcome
  const told = (severity: string) => outcome.issue.filter((i) => i.severity === severity)
  return {
    status: answer.status,
    type: outcome.resourceType,
    information: told('information').map((i) => i.diagnostics),
    errors: told('error'),
  }
}

function bundle(...resources: object[]) {
  return { resourceType: 'Bundle', type: 'collection', entry: resources.map((resource) => ({ resource })) }
}

function sample(patientId: string = randomUUID()) {
  const patient = {
    resourceType: 'Patient',
    id: patientId,
    name: [{ family: 'Muster' }],
    birthDate: '1980-01-02',
  }
  const reference = { reference: `Patient/${patientId}` }
  const code = (text: string) => ({ coding: [{ system: 'http://snomed.info/sct', code: text }] })
  return {
    patient,
    allergy: (id: string = randomUUID(), over = {}) => ({
      resourceType: 'AllergyIntolerance',
      id,
      patient: reference,
      code: code('764146007'),
      ...over,
    }),
    condition: (id: string = randomUUID(), over = {}) => ({
      resourceType: 'Condition',
      id,
      subject: reference,
      code: code('38341003'),
      ...over,
    }),
    pulse: (id: string = randomUUID(), over = {}) => ({
      resourceType: 'Observation',
      id,
      status: 'final',
      subject: reference,
      code: { coding: [{ system: 'http://loinc.org', code: '8867-4' }] },
      effectiveDateTime: '2024-05-01T10:00:00Z',
      valueQuantity: { value: 72, unit: '/min' },
      ...over,
    }),
  }
}

describe('import', () => {
  test('IM1 a Bundle is taken, told by type, and can be read; sent again it adds nothing', async () => {
    const { patient, allergy, pulse } = sample()
    const body = bundle(pulse(), allergy(), patient, { resourceType: 'Organization', id: randomUUID() })
    const first = await post(body)
    expect([first.status, first.type]).toEqual([200, 'OperationOutcome'])
    expect(first.information).toEqual([
      'AllergyIntolerance: 1 taken, 0 unchanged, 0 left aside, 0 refused',
      'Observation: 1 taken, 0 unchanged, 0 left aside, 0 refused',
      'Organization: 0 taken, 0 unchanged, 1 left aside, 0 refused',
      'Patient: 1 taken, 0 unchanged, 0 left aside, 0 refused',
    ])
    const documents = await region.store.entries.documentsOf(patient.id)
    expect(documents).toEqual([`chart/${patient.id}`, `journal/${patient.id}/2024`])
    const chart = await region.store.entries.entriesOf(`chart/${patient.id}`)
    expect(chart[0]?.entry).toMatchObject({
      subject: `Patient/${patient.id}`,
      author: region.authorOf(),
      device: 'import.frankfurt.1',
      source: 'physician.frankfurt',
      lamport: 1,
    })
    const before = await region.store.vectors()
    const again = await post(body)
    expect(again.status).toBe(200)
    expect(again.information[0]).toBe('AllergyIntolerance: 0 taken, 1 unchanged, 0 left aside, 0 refused')
    expect(await region.store.vectors()).toEqual(before)
  })

  test("IM2 what changed is one entry that supersedes this source's own statement only", async () => {
    const { patient, condition } = sample()
    const id = randomUUID()
    await post(bundle(patient, condition(id)), '?source=lab')
    await post(bundle(condition(id, { note: [{ text: 'seen' }] })), '?source=clinic')
    const changed = await post(bundle(condition(id, { severity: { text: 'mild' } })), '?source=lab')
    expect(changed.information).toEqual(['Condition: 1 taken, 0 unchanged, 0 left aside, 0 refused'])
    const entries = await region.store.entries.entriesOf(`chart/${patient.id}`)
    const about = entries.filter((e) => e.entry.subject === `Condition/${id}`)
    expect(about.map((e) => e.entry.source)).toEqual(['lab', 'clinic', 'lab'])
    expect(about[2]?.entry.supersedes).toEqual([about[0]?.id])
    expect(about.map((e) => e.entry.lamport)).toEqual([2, 3, 4])
  })

  test('IM3 an id that is no UUID is renamed, always alike for one source, and the answer says so', async () => {
    const resources = sample('1')
    const first = await post(bundle(resources.patient, resources.allergy('a1')), '?source=hospital-a')
    const renamed = first.information.filter((d) => d.includes('is kept as'))
    expect(renamed[0]).toMatch(/^Patient\/1 is kept as Patient\/[0-9a-f-]{36}$/)
    const other = await post(bundle(resources.patient), '?source=hospital-b')
    expect(other.information.at(-1)).not.toBe(renamed[0])
    const again = await post(bundle(resources.patient), '?source=hospital-a')
    expect(again.information).toContain('Patient: 0 taken, 1 unchanged, 0 left aside, 0 refused')
  })

  test('IM4 what is refused is told with its place, and holds up nothing', async () => {
    const { patient, allergy } = sample()
    const stranger = sample().allergy()
    const body = bundle(stranger, patient, allergy(randomUUID(), { criticality: 'awful' }), allergy())
    const answer = await post(body)
    expect(answer.status).toBe(200)
    expect(answer.information).toContain('AllergyIntolerance: 1 taken, 0 unchanged, 0 left aside, 2 refused')
    expect(answer.errors.map((e) => e.expression)).toEqual([
      ['Bundle.entry[0].resource'],
      ['Bundle.entry[2].resource'],
    ])
    for (const { diagnostics } of answer.errors) expect(diagnostics).not.toContain('awful')
  })

  test('IM5 nothing taken and nothing unchanged is 422', async () => {
    expect((await post(sample().allergy())).status).toBe(422)
    expect((await post({ resourceType: 'Organization', id: 'x' })).status).toBe(422)
    expect(await post(bundle())).toMatchObject({ status: 422, information: ['there was nothing in it'] })
    expect((await post(sample().patient)).status).toBe(200)
  })

  test('IM6 what is no FHIR JSON is 400, another kind of content 415, above the limit 413, each an OperationOutcome', async () => {
    for (const body of ['', 'no json', '[]', '{"a":1}', 'null', '{"resourceType":"Bundle","entry":{}}'])
      expect(await post(body)).toMatchObject({ status: 400, type: 'OperationOutcome' })
    const text = { headers: { 'content-type': 'text/plain' } }
    expect(await post(sample().patient, '', text)).toMatchObject({ status: 415, type: 'OperationOutcome' })
    const large = { ...sample().patient, note: 'x'.repeat(1024 * 1024) }
    expect(await post(large)).toMatchObject({ status: 413, type: 'OperationOutcome' })
  })

  test('IM7 an account speaks for the sources that it may; parameters that are none are refused', async () => {
    const nurse = { as: 'nurse.frankfurt' }
    expect((await post(sample().patient, '?source=lab', nurse)).status).toBe(200)
    expect((await post(sample().patient, '', nurse)).status).toBe(200)
    expect(await post(sample().patient, '?source=clinic', nurse)).toMatchObject({
      status: 403,
      type: 'OperationOutcome',
    })
    expect((await post(sample().patient, '?homeGroup=nowhere')).status).toBe(400)
    expect((await post(sample().patient, '?colour=red')).status).toBe(400)
  })

  test("IM8 a new patient's group is the parameter, else the account's first; a known patient keeps the own", async () => {
    const [one, two] = [sample(), sample()]
    await post(one.patient, '?homeGroup=nairobi-north')
    await post(two.patient)
    expect(region.store.patients.get(one.patient.id)?.homeGroup).toBe('nairobi-north')
    expect(region.store.patients.get(two.patient.id)?.homeGroup).toBe('frankfurt-general')
    const heard: string[] = []
    const stop = region.store.entries.onFlushed((rows) => void heard.push(...rows.map((r) => r.homeGroup)))
    await post(one.allergy(), '?homeGroup=london-royal')
    stop()
    expect(heard).toEqual(['nairobi-north'])
  })

  test('IM9 a later statement follows the first into its journal', async () => {
    const { patient, pulse } = sample()
    const id = randomUUID()
    await post(bundle(patient, pulse(id)))
    await post(bundle(pulse(id, { effectiveDateTime: '2025-01-01T00:00:00Z' })))
    expect(await region.store.entries.documentsOf(patient.id)).toEqual([
      `chart/${patient.id}`,
      `journal/${patient.id}/2024`,
    ])
    expect(await region.store.entries.entriesOf(`journal/${patient.id}/2024`)).toHaveLength(2)
  })

  test('IM10 the same Bundle twice at once is taken once', async () => {
    const { patient, allergy, pulse } = sample()
    const body = bundle(patient, allergy(), pulse(), pulse())
    region.store.delay(5)
    const answers = await Promise.all([post(body), post(body), post(body)])
    region.store.delay(0)
    expect(answers.map((a) => a.status)).toEqual([200, 200, 200])
    const documents = await region.store.entries.documentsOf(patient.id)
    const counts = await Promise.all(
      documents.map((d) => region.store.entries.entriesOf(d).then((e) => e.length)),
    )
    expect(counts).toEqual([2, 2])
  })

  test('IM11 large imports are committed in chunks of at most 200', async () => {
    const { patient, pulse } = sample()
    const sizes: number[] = []
    const stop = region.store.entries.onFlushed((rows) => void sizes.push(rows.length))
    const answer = await post(bundle(patient, ...Array.from({ length: 450 }, () => pulse())))
    stop()
    expect(answer.information[0]).toBe('Observation: 450 taken, 0 unchanged, 0 left aside, 0 refused')
    expect(sizes).toEqual([1, 49, ...Array(8).fill(50), 1])
  })

  test('IM12 what was not saved makes the answer no success, and the same import again adds what is missing', async () => {
    const { patient, allergy } = sample()
    const body = bundle(patient, allergy())
    region.store.fail('unavailable')
    expect(await post(body)).toMatchObject({ status: 503, type: 'OperationOutcome' })
    region.store.fail('indeterminate')
    expect(await post(body)).toMatchObject({ status: 504, type: 'OperationOutcome' })
    region.store.fail(undefined)
    const healed = await post(body)
    expect(healed.status).toBe(200)
    expect(healed.information).toContain('Patient: 1 taken, 0 unchanged, 0 left aside, 0 refused')
  })

  test('IM13 an immutable code, and a resource of another patient, are refused', async () => {
    const [one, two] = [sample(), sample()]
    const id = randomUUID()
    await post(bundle(one.patient, two.patient, one.allergy(id)))
    const recoded = await post(one.allergy(id, { code: { text: 'another' } }))
    expect([recoded.status, recoded.errors.length]).toEqual([422, 1])
    const moved = await post(two.allergy(id))
    expect([moved.status, moved.errors.length]).toEqual([422, 1])
  })
})
