import { describe, expect, it } from 'vitest'
import { readImport } from './bundle.ts'
import { importedId, uuid5 } from './import-id.ts'
import type { FhirResource } from './resource.ts'

const uuid = 'd1f3b0a2-5c1e-4a57-9a77-0c35c0a4d111'
const other = '7a9a7d0e-52e4-4a0b-8f4d-5f2a7e0d2222'
const patient = (id?: string) => ({
  resourceType: 'Patient',
  ...(id === undefined ? {} : { id }),
  name: [{ family: 'Bell' }],
})
const condition = (id: string, reference: string, more = {}) => ({
  resourceType: 'Condition',
  id,
  subject: { reference },
  ...more,
})
type Entry = { fullUrl?: string; resource?: unknown }
const bundle = (...entry: Entry[]) => ({ resourceType: 'Bundle', type: 'collection', entry })

function imported(body: unknown, source = 'hospital') {
  const read = readImport(body, source)
  if ('problem' in read) throw new Error(read.problem)
  return read
}
const ids = (body: unknown, source?: string) =>
  imported(body, source).resources.map(({ type, resource }) => `${type}/${resource.id}`)

describe('import', () => {
  it('FH17 UUID v5 is that of RFC 9562', () => {
    expect(uuid5('6ba7b810-9dad-11d1-80b4-00c04fd430c8', 'www.example.com')).toBe(
      '2ed6657d-e927-568b-95e1-2665a8aea6a2',
    )
  })

  it('FH18 an id that is a UUID is kept; any other becomes a UUID of source, type and id', () => {
    expect(ids(patient(uuid))).toEqual([`Patient/${uuid}`])
    const [mine] = ids(patient('1'), 'hospital')
    expect(mine).toMatch(/^Patient\/[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
    expect(ids(patient('1'), 'hospital')).toEqual([mine])
    expect(ids(patient('1'), 'clinic')).not.toEqual([mine])
    expect(importedId('a', 'Patient', '1')).not.toBe(importedId('a', 'Condition', '1'))
    expect(imported(patient('1')).renamed).toEqual([{ place: 'Patient', from: 'Patient/1', to: mine }])
    expect(imported(patient(uuid)).renamed).toEqual([])
  })

  it('FH19 references to kept resources follow them, everywhere; all others stay as they were', () => {
    const extension = [{ url: 'urn:x', valueReference: { reference: 'Condition/c1' } }]
    const contained = [
      { resourceType: 'Basic', id: 'b', subject: { reference: `urn:uuid:${uuid.toUpperCase()}` } },
    ]
    const others = [
      'Practitioner/9',
      `urn:uuid:${other}`,
      '#b',
      'https://h.example/fhir/Encounter/1',
      'Patient?identifier=1',
    ]
    const read = imported(
      bundle(
        { fullUrl: `urn:uuid:${uuid}`, resource: patient('1') },
        {
          fullUrl: 'https://h.example/fhir/Condition/c1',
          resource: condition('c1', `urn:uuid:${uuid}`, { contained }),
        },
        { resource: condition('c2', 'Patient/1', { extension }) },
        {
          resource: condition('c3', 'Patient/1', {
            evidence: [{ detail: [{ reference: 'https://h.example/fhir/Condition/c1' }] }],
            note: others.map((reference) => ({ authorReference: { reference } })),
          }),
        },
        { fullUrl: `urn:uuid:${other}`, resource: { resourceType: 'Encounter', id: 'e1' } },
      ),
    )
    expect(read.refused).toEqual([])
    const [p, c1, c2, c3] = read.resources.map(({ resource }) => resource)
    const about = { reference: `Patient/${p?.id}` }
    expect([c1, c2, c3].map((c) => c?.['subject'])).toEqual([about, about, about])
    expect(c1?.['contained']).toEqual([{ resourceType: 'Basic', id: 'b', subject: about }])
    expect(c2?.['extension']).toEqual([
      { url: 'urn:x', valueReference: { reference: `Condition/${c1?.id}` } },
    ])
    expect(c3?.['evidence']).toEqual([{ detail: [{ reference: `Condition/${c1?.id}` }] }])
    expect(c3?.['note']).toEqual(others.map((reference) => ({ authorReference: { reference } })))
    expect([...read.leftAside]).toEqual([['Encounter', 1]])
  })

  it('FH20 a source means the same patient when it refers to one that it sent another time', () => {
    const [known] = ids(patient('1'))
    const [alone] = imported(condition('c1', 'Patient/1')).resources
    expect(alone?.resource['subject']).toEqual({ reference: known })
    const [within] = imported(
      bundle({ resource: condition('c1', 'Patient/1') }, { resource: patient('1') }),
    ).resources
    expect(within?.resource).toEqual(alone?.resource)
    expect(imported(condition('c1', `Patient/${uuid}`)).resources[0]?.resource['subject']).toEqual({
      reference: `Patient/${uuid}`,
    })
  })

  it('FH21 an entry without an id takes that of its fullUrl; without both it is refused', () => {
    expect(ids(bundle({ fullUrl: `urn:uuid:${uuid}`, resource: patient() }))).toEqual([`Patient/${uuid}`])
    expect(ids(bundle({ fullUrl: 'https://h.example/Patient/1', resource: patient() }))).toEqual(
      ids(patient('1')),
    )
    expect(imported(bundle({ resource: patient() })).refused).toEqual([
      { place: 'Bundle.entry[0].resource', type: 'Patient', detail: expect.stringMatching(/no id/) },
    ])
  })

  it('FH22 what this product does not keep is counted, the Consent that is not about resuscitation too', () => {
    const consent = (more: object) => ({
      resourceType: 'Consent',
      id: uuid,
      status: 'active',
      patient: { reference: 'Patient/1' },
      ...more,
    })
    const code = (system: string, value: string) => ({
      coding: [{ system: `http://terminology.hl7.org/CodeSystem/${system}`, code: value }],
    })
    const research = consent({
      scope: code('consentscope', 'research'),
      category: [code('consentcategorycodes', 'rsreid')],
    })
    expect([
      ...imported(bundle({ resource: research }, { resource: { resourceType: 'Claim' } })).leftAside,
    ]).toEqual([
      ['Consent', 1],
      ['Claim', 1],
    ])
    for (const more of [
      { scope: code('consentscope', 'adr'), category: [] },
      ...['dnr', 'polst', 'acd'].map((c) => ({
        scope: code('consentscope', 'treatment'),
        category: [code('consentcategorycodes', c)],
      })),
    ])
      expect(imported(consent(more)).resources).toHaveLength(1)
  })

  it.each<[string, unknown, RegExp]>([
    ['no object', 'text', /no resource/],
    ['null', null, /no resource/],
    ['no type', { id: 'x' }, /no resource/],
    ['a numeric id', { resourceType: 'Patient', id: 7 }, /no resource/],
    ['an id that is empty', { resourceType: 'Patient', id: '' }, /no id/],
    ['no patient', { resourceType: 'Condition', id: 'c' }, /subject: is missing/],
    ['a patient of elsewhere', condition('c', 'https://h.example/Patient/1'), /names no patient/],
    [
      'two patients',
      condition('c', 'Patient/1', { patient: { reference: 'Patient/2' } }),
      /names no patient/,
    ],
    ['a reference that hangs', condition('c', `urn:uuid:${other}`), /names no patient/],
    [
      'no status',
      { resourceType: 'Observation', id: 'o', code: {}, subject: { reference: 'Patient/1' } },
      /status: is missing/,
    ],
    [
      'an unknown status',
      { resourceType: 'Observation', id: 'o', status: 'done', code: {}, subject: { reference: 'Patient/1' } },
      /Observation\.status/,
    ],
    [
      'an unknown clinical status',
      condition('c', 'Patient/1', {
        clinicalStatus: {
          coding: [{ system: 'http://terminology.hl7.org/CodeSystem/condition-clinical', code: 'gone' }],
        },
      }),
      /Condition\.clinicalStatus/,
    ],
    [
      'no drug',
      {
        resourceType: 'MedicationRequest',
        id: 'm',
        status: 'active',
        intent: 'order',
        subject: { reference: 'Patient/1' },
      },
      /medication\[x\]: is missing/,
    ],
    [
      '__proto__',
      JSON.parse('{"resourceType":"Patient","id":"1","extension":[{"__proto__":{"a":1}}]}'),
      /__proto__/,
    ],
    [
      'half a surrogate pair',
      { resourceType: 'Patient', id: '1', name: [{ family: '\ud800' }] },
      /surrogate/,
    ],
    ['a list that is none', { resourceType: 'Patient', id: '1', name: { family: 'Bell' } }, /Patient\.name/],
    ['nothing', undefined, /no resource/],
  ])('FH23 a resource with %s is refused by itself, with its place', (_, resource, detail) => {
    const read = imported(bundle({ resource }, { resource: patient('1') }))
    expect(read.resources.map(({ place }) => place)).toEqual(['Bundle.entry[1].resource'])
    expect(read.refused).toHaveLength(1)
    expect(read.refused[0]?.place).toBe(
      resource === undefined ? 'Bundle.entry[0]' : 'Bundle.entry[0].resource',
    )
    expect(read.refused[0]?.detail).toMatch(detail)
  })

  it('FH24 what R4 allows is taken: an extension for a required primitive, codes of other systems', () => {
    const read = imported(
      bundle(
        {
          resource: {
            resourceType: 'Observation',
            id: 'o',
            _status: { extension: [] },
            code: {},
            subject: { reference: 'Patient/1' },
          },
        },
        {
          resource: condition('c', 'Patient/1', {
            clinicalStatus: { coding: [{ system: 'urn:own', code: 'gone' }] },
          }),
        },
        {
          resource: {
            resourceType: 'Immunization',
            id: 'i',
            status: 'completed',
            vaccineCode: {},
            occurrenceString: 'as a child',
            patient: { reference: 'Patient/1' },
          },
        },
      ),
    )
    expect(read.refused).toEqual([])
    expect(read.resources).toHaveLength(3)
  })

  it('FH25 a resource that stands in a Bundle twice is taken once; another version of it is refused', () => {
    const twice = imported(
      bundle(
        { resource: patient('1') },
        { resource: { ...patient('1'), meta: { versionId: '2' } } },
        { resource: { ...patient('1'), gender: 'male' } },
      ),
    )
    expect(twice.resources).toHaveLength(1)
    expect([...twice.repeated]).toEqual([['Patient', 1]])
    expect(twice.refused).toMatchObject([
      { place: 'Bundle.entry[2].resource', detail: expect.stringMatching(/more than once/) },
    ])
  })

  it('FH26 a body that is no FHIR is a problem; a Bundle of any type is read, an empty one too', () => {
    for (const body of [null, [], 'x', 1, {}, { resourceType: 7 }, { resourceType: 'Bundle', entry: {} }])
      expect(readImport(body, 's')).toEqual({ problem: expect.any(String) })
    for (const type of ['transaction', 'batch', 'searchset', 'history', 'document', undefined])
      expect(ids({ ...bundle({ resource: patient(uuid) }), type })).toEqual([`Patient/${uuid}`])
    expect(imported({ resourceType: 'Bundle' }).resources).toEqual([])
    expect(imported(bundle({}, null as unknown as Entry)).refused).toHaveLength(2)
  })

  it('FH27 what was read is a copy: the body stays as it came', () => {
    const body = bundle(
      { fullUrl: `urn:uuid:${uuid}`, resource: patient('1') },
      { resource: condition('c', `urn:uuid:${uuid}`) },
    )
    const before = structuredClone(body)
    imported(body)
    expect(body).toEqual(before)
  })

  it('FH28 no value of a resource stands in the words of a refusal', () => {
    const secret = 'Smith-Secret'
    const shapes: FhirResource[] = [
      { resourceType: 'Patient', id: secret, gender: secret },
      { resourceType: 'Patient', id: '1', birthDate: secret },
      { resourceType: 'Condition', id: '1', subject: { reference: secret } },
      { resourceType: 'Observation', id: '1', status: secret, code: {}, subject: { reference: 'Patient/1' } },
    ]
    for (const shape of shapes) {
      const [refusal] = imported(shape).refused
      expect(refusal?.detail).toBeDefined()
      expect(refusal?.detail).not.toContain(secret)
    }
  })
})
