import { afterEach, beforeEach, expect, test } from 'vitest'
import { entryId } from '../../../domain/entries/entry.ts'
import { type SampleRegion, startSampleRegion } from '../../gateway/sample-region.ts'
import type { Draft } from '../../store/ports.ts'
import { createDrafts } from '../../store/sample-drafts.ts'

let region: SampleRegion
let make: ReturnType<typeof createDrafts>
beforeEach(async () => {
  region = await startSampleRegion()
  make = createDrafts('frankfurt-general', region.authorOf())
})
afterEach(() => region.close())

/** The statement as a region of a newer version would have made it. */
function ofTomorrow(draft: Draft, minReader: number): Draft {
  const entry = { ...draft.entry, schema: 2, minReader, certainty: { of: 'tomorrow' } }
  return { ...draft, id: entryId(entry), entry, canonical: JSON.stringify(entry) }
}

type Json = { [element: string]: unknown }
type Bundle = {
  total: number
  entry: { resource: Json & { id: string; resourceType: string }; search: { mode: string } }[]
}

async function read(path: string): Promise<{ status: number; body: Json }> {
  const answer = await region.request(path)
  return { status: answer.status, body: (await answer.json()) as Json }
}

test('HT50 a resource about which this version does not understand everything is not shown without it: 503, and left out with a warning', async () => {
  const chart = make.newPatient()
  const [known, both, beyond] = [chart.allergy(), chart.allergy(), chart.allergy()]
  await region.store.entries.commit([chart.patient, known, both])
  const later = ofTomorrow({ ...chart.allergy(), entry: { ...both.entry, lamport: 50 } }, 2)
  region.store.receive('london.1', [later, ofTomorrow(beyond, 2)])
  expect((await read(`/fhir/R4/${known.entry.subject}`)).status).toBe(200)
  for (const { entry } of [both, beyond]) {
    const { status, body } = await read(`/fhir/R4/${entry.subject}`)
    expect(status).toBe(503)
    expect(body).toMatchObject({
      resourceType: 'OperationOutcome',
      issue: [{ code: 'not-supported', diagnostics: expect.stringContaining('upgraded') }],
    })
  }
  for (const page of ['', '?_count=1']) {
    const { body } = await read(`/fhir/R4/Patient/${chart.id}/$everything${page}`)
    const { total, entry } = body as unknown as Bundle
    expect(total).toBe(2)
    const outcome = entry.find(({ search }) => search.mode === 'outcome')!
    expect(outcome.resource).toMatchObject({ resourceType: 'OperationOutcome' })
    const issues = (outcome.resource['issue'] as { severity: string; diagnostics: string }[]).map(
      (issue) => issue.diagnostics,
    )
    expect(issues).toHaveLength(2)
    for (const { entry: left } of [both, beyond]) expect(issues.join()).toContain(left.subject)
    expect(entry.map(({ resource }) => `${resource.resourceType}/${resource.id}`)).not.toContain(
      both.entry.subject,
    )
  }
})

test('HT51 what a newer schema adds and an older reader need not understand is read as before', async () => {
  const chart = make.newPatient()
  const allergy = chart.allergy()
  region.store.receive('london.1', [chart.patient, ofTomorrow(allergy, 1)])
  expect((await read(`/fhir/R4/${allergy.entry.subject}`)).status).toBe(200)
  const { body } = await read(`/fhir/R4/Patient/${chart.id}/$everything`)
  expect((body as unknown as Bundle).entry.map(({ search }) => search.mode)).toEqual(['match', 'match'])
})

test('HT52 a patient whose identity this version does not understand is told as incomplete, in worklist and search', async () => {
  const [old, newer, only] = [make.newPatient('Alt'), make.newPatient('Neu'), make.newPatient('Morgen')]
  await region.store.entries.commit([old.patient, newer.patient])
  region.store.receive('london.1', [ofTomorrow(newer.renamed('Übermorgen'), 2), ofTomorrow(only.patient, 2)])
  const { body } = await read('/v1/worklist')
  const lines = new Map(
    (body['patients'] as { id: string; incomplete?: true }[]).map((line) => [line.id, line.incomplete]),
  )
  expect(lines).toEqual(
    new Map([
      [old.id, undefined],
      [newer.id, true],
      [only.id, true],
    ]),
  )
  const found = (await read('/fhir/R4/Patient?name=Alt')).body as unknown as Bundle
  expect(found.total).toBe(1)
  expect(found.entry.map(({ resource, search }) => [search.mode, resource.id])).toEqual([
    ['match', old.id],
    ['outcome', undefined],
  ])
  expect((await read(`/fhir/R4/Patient/${newer.id}`)).status).toBe(503)
  expect((await read(`/v1/patients/${only.id}`)).status).toBe(200)
})
