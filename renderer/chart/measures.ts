import { formatNumber } from '../../domain/display/dose.ts'
import { bloodPressureOf, observationValue } from '../../domain/display/observation-value.ts'
import { codeSystem } from '../../domain/fhir/code-systems.ts'
import { asNumber, asObject, asText, hasCode } from '../../domain/fhir/resource.ts'
import { dateIn, type Item } from './record.ts'

/** The vital signs that the chart plots, tables and takes. */
export const measures = [
  'bloodPressure',
  'heartRate',
  'oxygenSaturation',
  'temperature',
  'respiratoryRate',
  'weight',
] as const
export type Measure = (typeof measures)[number]

/** LOINC codes under which each is found; the first is the one that this app writes. */
export const loincOf: { readonly [measure in Measure]: readonly string[] } = {
  bloodPressure: ['85354-9', '55284-4'],
  heartRate: ['8867-4'],
  oxygenSaturation: ['59408-5', '2708-6'],
  temperature: ['8310-5', '8331-1', '8332-7', '8333-5', '8328-7'],
  respiratoryRate: ['9279-1'],
  weight: ['29463-7', '3141-9'],
}

/** The unit as it is read. */
export const unitOf: { readonly [measure in Measure]: string } = {
  bloodPressure: 'mmHg',
  heartRate: '/min',
  oxygenSaturation: '%',
  temperature: '°C',
  respiratoryRate: '/min',
  weight: 'kg',
}

/**
 * Values that score 0 in NEWS2 (Royal College of Physicians, National Early Warning Score 2, 2017), for adults. Of a
 * blood pressure the systolic one.
 */
export const adultBand: { readonly [measure in Measure]?: readonly [low: number, high: number] } = {
  bloodPressure: [111, 219],
  heartRate: [51, 90],
  oxygenSaturation: [96, 100],
  temperature: [36.1, 38],
  respiratoryRate: [12, 20],
}
/** NEWS2 holds from this age, in years. */
const adultFrom = 16

/** From the text of an age: `41y` and `~41y` are adults, whose bands hold from {@link adultFrom}. */
export function isAdult(age: string): boolean {
  const years = /^~?(\d+)y/.exec(age)?.[1]
  return years !== undefined && Number(years) >= adultFrom
}

/** One measurement as it is plotted and tabled. */
export type Reading = {
  item: Item
  measure: Measure
  /** FHIR date or time. */
  at: string
  /** ms since 1970. */
  ms: number
  /** In the measure's unit; of a blood pressure the systolic one. Nothing if it is no such number. */
  value: number | undefined
  diastolic: number | undefined
  /** As it is read, without unit where `value` is there. */
  text: string | undefined
  status: string | undefined
  /** Entered in error or cancelled: struck through and not plotted. */
  struck: boolean
}

/** Reads the vital signs among Observations, the latest first. What is none of them is left out. */
export function readingsOf(observations: readonly Item[]): Reading[] {
  return observations
    .flatMap((item) => readingOf(item) ?? [])
    .sort((a, b) => b.ms - a.ms || measures.indexOf(a.measure) - measures.indexOf(b.measure))
}

export function measureOf(item: Item): Measure | undefined {
  return measures.find((measure) => hasCode(item.resource['code'], codeSystem.loinc, loincOf[measure]))
}

function readingOf(item: Item): Reading | undefined {
  const { resource } = item
  const measure = measureOf(item)
  const at = dateIn(resource, 'effectiveDateTime', 'effectivePeriod', 'effectiveInstant', 'issued')
  const ms = at === undefined ? Number.NaN : Date.parse(at)
  if (!measure || at === undefined || Number.isNaN(ms)) return undefined
  const pressure = measure === 'bloodPressure' ? bloodPressureOf(resource) : undefined
  const status = asText(resource['status'])
  const value = pressure?.systolic ?? (measure === 'bloodPressure' ? undefined : numberIn(item, measure))
  return {
    item,
    measure,
    at,
    ms,
    value,
    diastolic: pressure?.diastolic,
    text: numberText(measure, value, pressure?.diastolic) ?? observationValue(resource),
    status,
    struck: status === 'entered-in-error' || status === 'cancelled',
  }
}

function numberIn({ resource }: Item, measure: Measure): number | undefined {
  const quantity = asObject(resource['valueQuantity'])
  const value = asNumber(quantity?.['value'])
  const unit = asText(quantity?.['code']) ?? asText(quantity?.['unit'])
  if (value === undefined || quantity?.['comparator'] !== undefined) return undefined
  switch (measure) {
    case 'temperature':
      return unit === '[degF]'
        ? Math.round(((value - 32) / 1.8) * 10) / 10
        : unit === 'Cel' || unit === '°C'
          ? value
          : undefined
    case 'weight':
      return unit === 'kg' ? value : unit === 'g' ? value / 1000 : undefined
    case 'oxygenSaturation':
      return unit === '%' ? value : undefined
    default:
      return value
  }
}

/** The number alone, where it is in the measure's unit: the unit stands above the column. */
function numberText(
  measure: Measure,
  value: number | undefined,
  diastolic: number | undefined,
): string | undefined {
  if (value === undefined) return undefined
  if (diastolic !== undefined) return `${Math.round(value)}/${Math.round(diastolic)}`
  const digits = measure === 'weight' ? 100 : 10
  return formatNumber(Math.round(value * digits) / digits)
}

/** Readings of one moment (to the minute), for one row of the table. */
export type Moment = { key: string; at: string; readings: readonly Reading[] }

export function momentsOf(readings: readonly Reading[]): Moment[] {
  const moments = new Map<string, Reading[]>()
  for (const reading of readings) {
    const key = String(Math.floor(reading.ms / 60_000))
    const row = moments.get(key)
    if (row) row.push(reading)
    else moments.set(key, [reading])
  }
  return [...moments].map(([key, row]) => ({ key, at: row[0]!.at, readings: row }))
}

/** Above or below the adult band; nothing inside it, without a band, or for a value that does not count. */
export function outsideBand(reading: Reading, adult: boolean): 'above' | 'below' | undefined {
  const band = adult ? adultBand[reading.measure] : undefined
  if (!band || reading.value === undefined || reading.struck) return undefined
  return reading.value < band[0] ? 'below' : reading.value > band[1] ? 'above' : undefined
}

export const periods = ['24h', '7d', '30d', 'all'] as const
export type Period = (typeof periods)[number]

const dayMs = 86_400_000
const lengthMs: { readonly [period in Period]: number } = {
  '24h': dayMs,
  '7d': 7 * dayMs,
  '30d': 30 * dayMs,
  all: Number.POSITIVE_INFINITY,
}

export function within(readings: readonly Reading[], period: Period, now: number): Reading[] {
  return readings.filter(({ ms }) => now - ms <= lengthMs[period])
}

/** The shortest period that shows a course: readings of at least three moments; else all. */
export function firstPeriod(readings: readonly Reading[], now: number): Period {
  const plottable = readings.filter((r) => r.measure !== 'weight' && !r.struck)
  return periods.find((period) => momentsOf(within(plottable, period, now)).length >= 3) ?? 'all'
}

export type Old = { unit: 'days' | 'months' | 'years'; count: number }

/** How old a value is that is no longer of today: nothing up to 24 hours. Both in ms since 1970. */
export function oldSince(ms: number, now: number): Old | undefined {
  if (now - ms <= dayMs) return undefined
  const days = Math.floor((now - ms) / dayMs)
  if (days < 60) return { unit: 'days', count: days }
  const months = Math.floor(days / 30.44)
  return months < 24 ? { unit: 'months', count: months } : { unit: 'years', count: Math.floor(days / 365.25) }
}
