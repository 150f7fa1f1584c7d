import { describe, expect, it } from 'vitest'
import type { JsonObject } from '../entries/canonical.ts'
import { bloodPressureOf, observationValue } from './observation-value.ts'

const value = (elements: JsonObject) => observationValue({ resourceType: 'Observation', ...elements })
const part = (code: string, amount: number, unit = 'mm[Hg]') => ({
  code: { coding: [{ system: 'http://loinc.org', code }], text: code },
  valueQuantity: { value: amount, unit, code: unit },
})

describe('observation value', () => {
  it('DS22 a blood pressure is one value: systolic/diastolic, in whatever order they came', () => {
    const component = [part('8462-4', 111.25549866463226), part('8480-6', 186.20345118675402)]
    expect(value({ component })).toBe('186/111 mmHg')
    expect(bloodPressureOf({ resourceType: 'Observation', component })).toEqual({
      systolic: 186.20345118675402,
      diastolic: 111.25549866463226,
    })
    expect(bloodPressureOf({ resourceType: 'Observation', component: component.slice(1) })).toBeUndefined()
    expect(value({ component: component.slice(1) })).toBe('8480-6 186.2 mmHg')
    expect(value({ component: [part('8480-6', 16, 'kPa'), part('8462-4', 10, 'kPa')] })).toBe(
      '8480-6 16 kPa, 8462-4 10 kPa',
    )
    expect(value({ component: [...component, part('8478-0', 90)] })).toBe(
      '8462-4 111.26 mmHg, 8480-6 186.2 mmHg, 8478-0 90 mmHg',
    )
  })

  it('DS23 a measured number is shown to two decimals, and never as nothing', () => {
    expect(value({ valueQuantity: { value: 170.19610763039364, unit: 'cm' } })).toBe('170.2 cm')
    expect(value({ valueQuantity: { value: 0.000123456, unit: 'g/L' } })).toBe('0.000123 g/L')
    expect(value({ valueQuantity: { value: 37, code: 'Cel' } })).toBe('37 °C')
  })

  it.each<[JsonObject, string | undefined]>([
    [{ valueCodeableConcept: { text: 'Never smoker' } }, 'Never smoker'],
    [{ valueString: 'clear' }, 'clear'],
    [{ valueBoolean: false }, 'No'],
    [{ valueInteger: 0 }, '0'],
    [{ valueTime: '14:02:00' }, '14:02'],
    [{ valueDateTime: '2009-01-05' }, '05-Jan-2009'],
    [{ valuePeriod: { start: '2009', end: '2010' } }, '2009 – 2010'],
    [{ valueRange: { low: { value: 1 }, high: { value: 2 } } }, '1–2'],
    [{ valueRatio: { numerator: { value: 1 }, denominator: { value: 128 } } }, '1 per 128'],
    [{ dataAbsentReason: { text: 'Not measured' } }, 'Not measured'],
    [{ component: [{ code: { text: 'Eyes' }, dataAbsentReason: { text: 'Swollen' } }] }, 'Eyes Swollen'],
    [{}, undefined],
  ])('DS24 %j reads "%s"', (elements, text) => {
    expect(value(elements)).toBe(text)
  })
})
