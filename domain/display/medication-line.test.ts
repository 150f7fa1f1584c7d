import { describe, expect, it } from 'vitest'
import type { JsonObject } from '../entries/canonical.ts'
import { frequencyText } from './frequency.ts'
import { medicationLine } from './medication-line.ts'

const often = (repeat: JsonObject, more: JsonObject = {}) => frequencyText({ timing: { repeat }, ...more })

describe('medication line', () => {
  it('MEDi-051 has drug, strength, form, dose, route and frequency', () => {
    const line = medicationLine({
      resourceType: 'MedicationRequest',
      status: 'active',
      contained: [
        { resourceType: 'Medication', id: 'other', code: { text: 'another' } },
        {
          resourceType: 'Medication',
          id: 'med',
          code: { text: 'Metformin hydrochloride' },
          form: { text: 'tablet' },
          ingredient: [
            {
              strength: { numerator: { value: 500, unit: 'mg' }, denominator: { value: 1, unit: 'tablet' } },
            },
          ],
        },
      ],
      medicationReference: { reference: '#med' },
      dosageInstruction: [
        {
          route: { text: 'oral' },
          timing: { repeat: { frequency: 2, period: 1, periodUnit: 'd' } },
          doseAndRate: [{ doseQuantity: { value: 1000, unit: 'mg' } }],
        },
      ],
    })
    expect(line).toMatchObject({ drug: 'Metformin hydrochloride', strength: '500 mg', form: 'tablet' })
    expect(line.dosages).toEqual([
      { dose: '1,000 mg', route: 'oral', frequency: 'twice a day', text: undefined },
    ])
  })

  it('DS15 a drug’s name is never cut, parsed or replaced', () => {
    const drug = '24 HR metoprolol succinate 100 MG Extended Release Oral Tablet [Toprol]'
    const line = (more: JsonObject) => medicationLine({ resourceType: 'MedicationRequest', ...more }).drug
    expect(line({ medicationCodeableConcept: { text: drug } })).toBe(drug)
    expect(line({ medicationCodeableConcept: { coding: [{ code: '1' }, { display: drug }] } })).toBe(drug)
    expect(line({ medicationReference: { reference: 'Medication/9', display: drug } })).toBe(drug)
    expect(line({ medicationReference: { reference: '#gone' } })).toBeUndefined()
  })

  it('DS16 what turns the meaning round is always told', () => {
    const line = (more: JsonObject) => medicationLine({ resourceType: 'MedicationRequest', ...more })
    expect(line({ doNotPerform: true })).toMatchObject({ doNotPerform: true, enteredInError: false })
    expect(line({ status: 'entered-in-error' })).toMatchObject({ enteredInError: true, doNotPerform: false })
    expect(line({ status: 'stopped', statusReason: { text: 'Bleeding' } })).toMatchObject({
      status: 'stopped',
      statusReason: 'Bleeding',
    })
  })

  it('DS17 rates, strengths of liquids and several doses are written whole', () => {
    const line = medicationLine({
      resourceType: 'MedicationRequest',
      contained: [
        {
          resourceType: 'Medication',
          id: 'm',
          ingredient: [
            { strength: { numerator: { value: 5, code: 'mg' }, denominator: { value: 1, code: 'mL' } } },
            { strength: { numerator: { value: 2, code: 'ug' }, denominator: { value: 1, code: 'mL' } } },
          ],
        },
      ],
      medicationReference: { reference: '#m' },
      dosageInstruction: [
        {
          text: 'as told',
          patientInstruction: 'with water',
          doseAndRate: [
            { doseQuantity: { value: 5, code: 'mg' }, rateQuantity: { value: 2.7, code: 'U/h' } },
          ],
        },
        {
          doseAndRate: [
            { doseRange: { low: { value: 1, code: 'mg' }, high: { value: 2, code: 'mg' } } },
            { rateRatio: { numerator: { value: 1, code: 'mL' }, denominator: { value: 2, code: 'h' } } },
          ],
        },
        {},
      ],
    })
    expect(line.strength).toBe('5 mg per 1 mL + 2 micrograms per 1 mL')
    expect(line.dosages.map((d) => d.dose)).toEqual([
      '5 mg at 2.7 units/hour',
      '1–2 mg or 1 mL per 2 h',
      undefined,
    ])
    expect(line.dosages[0]?.text).toBe('as told; with water')
  })

  it.each<[JsonObject, string | undefined]>([
    [{ frequency: 1, period: 1, periodUnit: 'd' }, 'once a day'],
    [{ frequency: 2, period: 1, periodUnit: 'd' }, 'twice a day'],
    [{ frequency: 3, frequencyMax: 4, period: 1, periodUnit: 'd' }, '3–4 times a day'],
    [{ period: 8, periodUnit: 'h' }, 'every 8 hours'],
    [{ frequency: 1, period: 4, periodMax: 6, periodUnit: 'h' }, 'every 4–6 hours'],
    [{ frequency: 1, period: 1, periodUnit: 'h' }, 'every hour'],
    [{ frequency: 2, period: 1, periodUnit: 'h' }, 'twice an hour'],
    [{ frequency: 3, period: 2, periodUnit: 'wk' }, '3 times every 2 weeks'],
    [
      { frequency: 1, period: 1, periodUnit: 'wk', dayOfWeek: ['mon', 'thu'] },
      'once a week on Monday and Thursday',
    ],
    [{ timeOfDay: ['08:00:00', '20:00:00'] }, 'at 08:00 and 20:00'],
    [{ frequency: 1, period: 1, periodUnit: 'd', when: ['HS'] }, 'once a day at bedtime'],
    [{ count: 1 }, 'once only'],
    [
      { frequency: 1, period: 1, periodUnit: 'd', boundsDuration: { value: 7, code: 'd' } },
      'once a day, for 7 days',
    ],
    [
      { frequency: 1, period: 1, periodUnit: 'd', boundsDuration: { value: 1, unit: 'week' } },
      'once a day, for 1 week',
    ],
    [{}, undefined],
  ])('DS18 the timing %j reads "%s"', (repeat, text) => {
    expect(often(repeat)).toBe(text)
  })

  it('DS19 "as needed" is never lost, and the prescriber’s own words come first', () => {
    expect(often({ period: 6, periodUnit: 'h' }, { asNeededBoolean: true })).toBe('every 6 hours, as needed')
    expect(often({}, { asNeededCodeableConcept: { text: 'pain' } })).toBe('as needed for pain')
    expect(often({}, { asNeededBoolean: false })).toBeUndefined()
    expect(
      frequencyText({
        timing: { code: { text: 'every other night' }, repeat: { period: 2, periodUnit: 'd' } },
      }),
    ).toBe('every other night')
    expect(
      frequencyText({
        timing: { code: { coding: [{ code: 'BID' }] }, repeat: { frequency: 2, period: 1, periodUnit: 'd' } },
      }),
    ).toBe('twice a day')
    expect(frequencyText({ timing: { code: { coding: [{ code: 'BID' }] } } })).toBe('BID')
    expect(
      frequencyText({
        timing: { code: { text: 'daily for 5 days' }, repeat: { boundsDuration: { value: 5, code: 'd' } } },
      }),
    ).toBe('daily for 5 days')
  })
})
