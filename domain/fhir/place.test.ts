import { describe, expect, it } from 'vitest'
import { patientIdOf } from './patient-of-resource.ts'
import { documentFor } from './place.ts'
import type { FhirResource } from './resource.ts'

const place = (resource: FhirResource) => documentFor(resource, 'p1')

describe('place', () => {
  it('FH14 what must not diverge lies in the chart, history in the journal of its clinical year', () => {
    for (const resourceType of [
      'Patient',
      'AllergyIntolerance',
      'MedicationRequest',
      'Condition',
      'CareTeam',
      'Consent',
    ])
      expect(place({ resourceType, effectiveDateTime: '2020' })).toBe('chart/p1')
    for (const resourceType of ['Observation', 'Procedure', 'Immunization'])
      expect(place({ resourceType })).toBe('journal/p1/undated')
  })

  it.each([
    [{ effectiveDateTime: '2020-12-31T23:59:59-11:00' }, '2020'],
    [{ effectiveDateTime: '1999' }, '1999'],
    [{ effectiveInstant: '2021-01-01T00:00:00+14:00' }, '2021'],
    [{ effectivePeriod: { start: '2018-05', end: '2019' } }, '2018'],
    [{ effectiveTiming: { event: ['2017-01-01', '2018-01-01'] } }, '2017'],
    [{ performedPeriod: { end: '2019' }, issued: '2016-01-01T00:00:00Z' }, '2016'],
    [{ performedString: '2004', performedAge: { value: 4 } }, 'undated'],
    [{ occurrenceDateTime: '2015-03-03', issued: '2016-01-01T00:00:00Z' }, '2015'],
    [{ occurrenceString: 'as a child' }, 'undated'],
    [{ effectiveDateTime: 'yesterday', issued: 2016 }, 'undated'],
    [{ effectiveDateTime: '20200101' }, 'undated'],
  ])('FH15 the year is taken as written: %j is %s', (elements, year) => {
    expect(place({ resourceType: 'Observation', ...elements })).toBe(`journal/p1/${year}`)
  })

  it('FH16 the patient is the Patient itself, or one relative reference', () => {
    const about = (elements: object) => patientIdOf({ resourceType: 'Observation', ...elements })
    expect(patientIdOf({ resourceType: 'Patient', id: 'p1' })).toBe('p1')
    expect(patientIdOf({ resourceType: 'Patient', subject: { reference: 'Patient/p2' } })).toBeUndefined()
    expect(about({ subject: { reference: 'Patient/p1' } })).toBe('p1')
    expect(about({ patient: { reference: 'Patient/p1/_history/3' } })).toBe('p1')
    expect(about({ subject: { reference: 'Patient/p1' }, patient: { reference: 'Patient/p1' } })).toBe('p1')
    expect(
      about({ subject: { reference: 'Patient/p1' }, patient: { reference: 'Patient/p2' } }),
    ).toBeUndefined()
    for (const reference of [
      'Group/p1',
      'https://h.example/Patient/p1',
      'Patient/',
      'Patient/..',
      '#p',
      'urn:uuid:1',
      'Patient/a/b',
      7,
    ])
      expect(about({ subject: { reference } })).toBeUndefined()
    expect(about({ subject: { display: 'p1' } })).toBeUndefined()
    expect(about({ subject: 'Patient/p1' })).toBeUndefined()
    expect(about({})).toBeUndefined()
  })
})
