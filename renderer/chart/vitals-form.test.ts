import { expect, test } from 'vitest'
import { checkVitals, type VitalsTyped } from './vitals-form.ts'

const about = {
  timeZone: 'Africa/Nairobi',
  now: Date.parse('2026-11-24T14:02:00+03:00'),
  adult: true,
  born: '1989-06-14',
}
const blank: VitalsTyped = {
  systolic: '',
  diastolic: '',
  heartRate: '',
  oxygenSaturation: '',
  temperature: '',
  respiratoryRate: '',
  weight: '',
  date: '24-Nov-2026',
  time: '14:02',
}
const check = (typed: Partial<VitalsTyped>, more = {}) =>
  checkVitals({ ...blank, ...typed }, { ...about, ...more })

test('RE70 any part of the vitals can be taken, with a decimal comma or point, at a time of the patient’s zone', () => {
  expect(check({ systolic: '128', diastolic: '76', temperature: '36,8' })).toMatchObject({
    problems: {},
    unusual: [],
    late: false,
    draft: {
      at: '2026-11-24T14:02:00+03:00',
      bloodPressure: { systolic: 128, diastolic: 76 },
      values: { temperature: 36.8 },
    },
  })
  expect(check({})).toMatchObject({ empty: true, draft: undefined })
})

test.each([
  ['heartRate', '7', { problem: 'low', limit: 10 }],
  ['temperature', '368', { problem: 'high', limit: 46 }],
  ['oxygenSaturation', '101', { problem: 'high', limit: 100 }],
  ['oxygenSaturation', '97.5', { problem: 'decimals', count: 0 }],
  ['weight', '70kg', { problem: 'number' }],
  ['systolic', '128', undefined],
] as const)('RE71 what cannot be is refused: %s %s', (field, value, problem) => {
  const checked = check({ [field]: value })
  expect(checked.problems[field]).toEqual(problem)
  expect(checked.draft).toBeUndefined()
})

test('RE72 a blood pressure is whole, and diastolic lies below systolic', () => {
  expect(check({ systolic: '128' }).problems.diastolic).toEqual({ problem: 'pair' })
  expect(check({ diastolic: '76' }).problems.systolic).toEqual({ problem: 'pair' })
  expect(check({ systolic: '76', diastolic: '128' }).problems.diastolic).toEqual({
    problem: 'diastolicAbove',
  })
})

test('RE73 what is rare is asked about, and what is rare for an adult is usual for an infant', () => {
  expect(check({ heartRate: '170' })).toMatchObject({ unusual: ['heartRate'], problems: {} })
  expect(check({ heartRate: '170' }, { adult: false }).unusual).toEqual([])
  expect(check({ heartRate: '70', date: '22-Nov-2026' }).late).toBe(true)
})

test('RE74 a time that has not come, before birth, or that is none is refused', () => {
  expect(check({ heartRate: '70', time: '15:00' }).problems.time).toEqual({ problem: 'future' })
  expect(check({ heartRate: '70', date: '13-Jun-1989' }).problems.date).toEqual({ problem: 'beforeBirth' })
  expect(check({ heartRate: '70', date: '31-Feb-2026' }).problems.date).toEqual({ problem: 'date' })
  expect(check({ heartRate: '70', time: '25:00' }).problems.time).toEqual({ problem: 'time' })
})
