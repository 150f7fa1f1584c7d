import { describe, expect, it } from 'vitest'
import type { Json } from '../entries/canonical.ts'
import { compose } from './compose.ts'
import { decompose } from './decompose.ts'
import { type FhirResource, hasCode } from './resource.ts'

const aspectsOf = (resource: FhirResource) => Object.fromEntries(decompose(resource).aspects)
const coded = (code: string) => ({ coding: [{ code }] })

describe('aspects', () => {
  it('FH6 of an allergy: status, criticality, code, each reaction, rest', () => {
    const allergy = {
      resourceType: 'AllergyIntolerance',
      id: 'a1',
      clinicalStatus: coded('active'),
      verificationStatus: coded('confirmed'),
      criticality: 'high',
      _criticality: { id: 'c' },
      code: { text: 'Penicillin' },
      patient: { reference: 'Patient/p1' },
      reaction: [{ id: 'r1', severity: 'severe' }],
      note: [{ text: 'n' }],
    }
    expect(aspectsOf(allergy)).toEqual({
      status: { clinicalStatus: coded('active'), verificationStatus: coded('confirmed') },
      criticality: { criticality: 'high', _criticality: { id: 'c' } },
      code: { code: { text: 'Penicillin' } },
      'reaction/r1': { id: 'r1', severity: 'severe' },
      rest: { patient: { reference: 'Patient/p1' }, note: [{ text: 'n' }] },
    })
  })

  it('FH7 of a medication order: status with its reason, and the dosage with its drug, contained or not', () => {
    const order = {
      resourceType: 'MedicationRequest',
      id: 'm1',
      status: 'active',
      statusReason: { text: 's' },
      intent: 'order',
      contained: [{ resourceType: 'Medication', id: 'med' }],
      medicationReference: { reference: '#med' },
      dosageInstruction: [{ text: 'd' }, { text: 'd' }],
      doNotPerform: true,
      substitution: { allowedBoolean: false },
      subject: { reference: 'Patient/p1' },
    }
    const { status, dosage, rest, ...others } = aspectsOf(order)
    expect(others).toEqual({})
    expect(status).toEqual({ status: 'active', statusReason: { text: 's' } })
    expect(Object.keys(dosage as object).sort()).toEqual([
      'contained',
      'doNotPerform',
      'dosageInstruction',
      'medicationReference',
      'substitution',
    ])
    expect(rest).toEqual({ intent: 'order', subject: { reference: 'Patient/p1' } })
  })

  it.each([
    ['Condition', ['clinicalStatus', 'verificationStatus', 'abatementDateTime', '_abatementAge'], 'status'],
    ['Condition', ['code', 'severity', 'onsetDateTime'], 'rest'],
    ['Observation', ['status'], 'status'],
    [
      'Observation',
      ['code', 'valueQuantity', 'dataAbsentReason', 'component', 'effectivePeriod', 'method', 'device'],
      'value',
    ],
    ['Observation', ['issued', 'interpretation', 'category', 'performer', 'values', 'value'], 'rest'],
    ['Patient', ['name', 'birthDate', '_birthDate', 'gender', 'identifier'], 'identity'],
    ['Patient', ['deceasedBoolean'], 'deceased'],
    ['Patient', ['maritalStatus', 'contact', 'generalPractitioner'], 'rest'],
    ['CareTeam', ['status'], 'status'],
    ['Procedure', ['status', 'code', 'performedPeriod'], 'rest'],
    ['Immunization', ['status', 'vaccineCode', 'occurrenceDateTime'], 'rest'],
    [
      'Consent',
      ['status', 'provision', 'scope', 'category', 'dateTime', 'performer', 'sourceAttachment', 'policyRule'],
      'decision',
    ],
    ['Consent', ['patient', 'identifier'], 'rest'],
  ])('FH8 of a %s: the elements %j are %s', (resourceType, elements, aspect) => {
    const resource = { resourceType, id: 'x', ...Object.fromEntries(elements.map((e) => [e, { text: e }])) }
    expect(Object.keys(aspectsOf(resource))).toEqual([aspect])
  })

  it('FH9 items without an id are known by the hash of their content; order is kept where there are two', () => {
    const item = { system: 'phone', value: '1' }
    const patient = (...telecom: Json[]) => ({ resourceType: 'Patient', id: 'p1', telecom })
    const [one] = Object.keys(aspectsOf(patient(item)))
    expect(one).toMatch(/^telecom\/[A-Za-z0-9_-]{22}$/)
    expect(Object.keys(aspectsOf(patient({ value: '1', system: 'phone' })))).toEqual([one])
    const hash = String(one).slice('telecom/'.length)
    expect(aspectsOf(patient(item, { id: 'x', value: '2' }, item, item))).toEqual({
      [`telecom/${hash}`]: item,
      [`telecom/${hash}.2`]: item,
      [`telecom/${hash}.3`]: item,
      'telecom/x': { id: 'x', value: '2' },
      order: { telecom: [hash, 'x', `${hash}.2`, `${hash}.3`] },
    })
  })

  it('FH10 an id that cannot stand in an aspect, or would become too long, gives way to the hash', () => {
    const address = [
      { id: 'not valid' },
      { id: 'y'.repeat(65) },
      { id: 'z'.repeat(64) },
      { id: 'z'.repeat(64) },
    ]
    const names = Object.keys(aspectsOf({ resourceType: 'Patient', id: 'p1', address }))
    expect(names.map((n) => n.replace(/^address\/[A-Za-z0-9_-]{22}$/, 'hash'))).toEqual([
      'hash',
      'hash',
      `address/${'z'.repeat(64)}`,
      'hash',
      'order',
    ])
  })

  it('FH11 items that stand in no order come last, by their ids; removed ones do not come', () => {
    const aspects = new Map<string, Json>([
      ['order', { participant: ['c', 'gone', 'a', 'c'] }],
      ['participant/b', { id: 'b' }],
      ['participant/a', { id: 'a' }],
      ['participant/B', { id: 'B' }],
      ['participant/c', { id: 'c' }],
      ['participant/gone', null],
    ])
    expect(compose('CareTeam/t', aspects)['participant']).toEqual([
      { id: 'c' },
      { id: 'a' },
      { id: 'B' },
      { id: 'b' },
    ])
    expect(compose('CareTeam/t', new Map([['participant/x', null]]))).toEqual({
      resourceType: 'CareTeam',
      id: 't',
    })
  })

  it('FH12 an aspect speaks for its own elements only, and none for type, id and text', () => {
    const hostile = new Map<string, Json>([
      ['rest', { clinicalStatus: 'x', resourceType: 'Patient', id: 'other', text: 'x', note: 'kept' }],
      ['criticality', { criticality: 'low', code: 'x' }],
      ['status', 'no object'],
      ['unknown', { verificationStatus: 'x' }],
      ['order', 'no object'],
      ['reaction/r', ['no object']],
      ['constructor', { toString: 1 }],
    ])
    expect(compose('AllergyIntolerance/a', hostile)).toEqual({
      resourceType: 'AllergyIntolerance',
      id: 'a',
      criticality: 'low',
      note: 'kept',
    })
    expect(() => compose('Patient/..', new Map())).toThrow(TypeError)
    expect(() => decompose({ resourceType: 'Patient' })).toThrow(TypeError)
    expect(() => decompose({ resourceType: 'Patient', id: 'a/b' })).toThrow(TypeError)
  })

  it('FH13 a code counts under its system, or where none is named', () => {
    expect(hasCode(coded('adr'), 'urn:s', ['adr'])).toBe(true)
    expect(hasCode({ coding: [{ system: 'urn:other', code: 'adr' }] }, 'urn:s', ['adr'])).toBe(false)
    expect(hasCode('adr', 'urn:s', ['adr'])).toBe(false)
  })
})
