import { expect, test } from 'vitest'
import type { FhirResource } from '../../domain/fhir/resource.ts'
import { firstPeriod, momentsOf, oldSince, outsideBand, readingsOf, within } from './measures.ts'
import { itemFor } from './sample-items.ts'
import { plotOption } from './vitals-plot-option.ts'

const observation = (
  loinc: string,
  at: string,
  more: { [element: string]: FhirResource[string] },
): FhirResource => ({
  resourceType: 'Observation',
  status: 'final',
  code: { coding: [{ system: 'http://loinc.org', code: loinc }] },
  effectiveDateTime: at,
  ...more,
})
const heartRate = (value: number, at: string, status = 'final') =>
  itemFor(observation('8867-4', at, { status, valueQuantity: { value, code: '/min', unit: 'beats/minute' } }))
const at = (hour: string) => `2026-11-24T${hour}:00+03:00`
const now = Date.parse('2026-11-24T14:00:00+03:00')

test('RE90 vital signs are read in one unit each, the latest first; what is in error is struck', () => {
  const readings = readingsOf([
    heartRate(72, at('10:00')),
    heartRate(188, at('11:00'), 'entered-in-error'),
    itemFor(observation('8310-5', at('12:00'), { valueQuantity: { value: 98.6, code: '[degF]' } })),
    itemFor(observation('2823-3', at('12:00'), { valueQuantity: { value: 4.1, code: 'mmol/L' } })),
  ])
  expect(readings.map(({ measure, text, struck }) => [measure, text, struck])).toEqual([
    ['temperature', '37', false],
    ['heartRate', '188', true],
    ['heartRate', '72', false],
  ])
})

test('RE91 readings of one minute stand in one row', () => {
  const readings = readingsOf([
    heartRate(72, '2026-11-24T10:00:10+03:00'),
    itemFor(
      observation('9279-1', '2026-11-24T10:00:40+03:00', { valueQuantity: { value: 16, code: '/min' } }),
    ),
  ])
  expect(momentsOf(readings)).toHaveLength(1)
})

test('RE92 the period is the shortest that shows a course', () => {
  const days = ['20', '21', '22', '23'].map((day) => heartRate(70, `2026-11-${day}T10:00:00+03:00`))
  expect(firstPeriod(readingsOf(days), now)).toBe('7d')
  expect(firstPeriod(readingsOf(days.slice(0, 2)), now)).toBe('all')
  expect(within(readingsOf(days), '24h', now)).toEqual([])
})

test('RE93 the adult bands are those of NEWS2; for children none is drawn', () => {
  const [low, high] = readingsOf([heartRate(40, at('12:00')), heartRate(91, at('10:00'))])
  expect([low, high].map((r) => r && outsideBand(r, true))).toEqual(['below', 'above'])
  expect(low && outsideBand(low, false)).toBeUndefined()
})

test('RE94 the plot shows the clocks of the ward, leaves out what is struck, and draws bands for adults only', () => {
  const readings = readingsOf([heartRate(72, at('10:00')), heartRate(188, at('11:00'), 'entered-in-error')])
  const option = (adult: boolean) =>
    plotOption({
      readings,
      shown: ['heartRate'],
      from: now - 86_400_000,
      to: now,
      timeZone: 'Africa/Nairobi',
      adult,
      colours: { text: '', quiet: '', line: '', mark: '', warn: '', band: '', surface: '' },
      words: { when: String, name: String },
    })
  const [series] = option(true).series
  expect(series?.data.map(({ value }) => value)).toEqual([[Date.parse('2026-11-24T10:00:00Z'), 72]])
  expect(series && 'markArea' in series).toBe(true)
  expect(option(false).series.some((one) => 'markArea' in one)).toBe(false)
})

test('RE96 a value of more than 24 hours ago says how old it is, in words', () => {
  const now = Date.parse('2026-11-24T14:02:00Z')
  const old = (at: string) => oldSince(Date.parse(at), now)
  expect(old('2026-11-23T14:02:00Z')).toBeUndefined()
  expect(old('2026-11-23T14:01:59Z')).toEqual({ unit: 'days', count: 1 })
  expect(old('2026-11-20T08:00:00Z')).toEqual({ unit: 'days', count: 4 })
  expect(old('2026-08-01T08:00:00Z')).toEqual({ unit: 'months', count: 3 })
  expect(old('2023-11-01T08:00:00Z')).toEqual({ unit: 'years', count: 3 })
})
