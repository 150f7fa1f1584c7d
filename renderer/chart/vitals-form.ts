import { readBirthDate } from '../patients/birth-date.ts'
import type { VitalsDraft } from './author.ts'
import { fromWallTime, isDay, readTime } from './zoned-time.ts'

/** The fields of the panel that records vitals, as typed. */
export const vitalFields = [
  'systolic',
  'diastolic',
  'heartRate',
  'oxygenSaturation',
  'temperature',
  'respiratoryRate',
  'weight',
] as const
export type VitalField = (typeof vitalFields)[number]
export type VitalsTyped = { [field in VitalField]: string } & { date: string; time: string }

export const noVitals: VitalsTyped = {
  systolic: '',
  diastolic: '',
  heartRate: '',
  oxygenSaturation: '',
  temperature: '',
  respiratoryRate: '',
  weight: '',
  date: '',
  time: '',
}

export type FieldProblem =
  | { problem: 'number' }
  | { problem: 'pair' }
  | { problem: 'low' | 'high'; limit: number }
  | { problem: 'decimals'; count: number }
  | { problem: 'diastolicAbove' }
  | { problem: 'time' | 'date' | 'future' | 'beforeBirth' }

export type VitalsChecked = {
  /** What cannot be: nothing is saved. */
  problems: { [field in VitalField | 'date' | 'time']?: FieldProblem }
  empty: boolean
  /** What can be and is rare: saved after a second look. */
  unusual: VitalField[]
  /** Measured more than a day ago: saved after a second look. */
  late: boolean
  draft: VitalsDraft | undefined
}

type Limits = { possible: readonly [number, number]; usual: readonly [number, number]; decimals: number }

/**
 * Limits of the numbers, each in the field's unit: `possible` as far as a living person or the device can go,
 * `usual` beyond which a slip of the finger is likelier than the value. Children: the second pair.
 */
const limits: { readonly [field in VitalField]: Limits & { usualChild: readonly [number, number] } } = {
  systolic: { possible: [20, 350], usual: [75, 220], usualChild: [50, 160], decimals: 0 },
  diastolic: { possible: [5, 250], usual: [35, 130], usualChild: [20, 110], decimals: 0 },
  heartRate: { possible: [10, 400], usual: [40, 160], usualChild: [60, 220], decimals: 0 },
  oxygenSaturation: { possible: [20, 100], usual: [85, 100], usualChild: [85, 100], decimals: 0 },
  temperature: { possible: [20, 46], usual: [34, 41], usualChild: [34, 41], decimals: 1 },
  respiratoryRate: { possible: [2, 150], usual: [8, 40], usualChild: [10, 70], decimals: 0 },
  weight: { possible: [0.2, 700], usual: [30, 250], usualChild: [1.5, 120], decimals: 3 },
}

export const decimalsOf = (field: VitalField): number => limits[field].decimals

const slackMs = 5 * 60_000
const dayMs = 86_400_000

/** Checks what was typed. `timeZone` is the patient's, `now` in ms, `born` a FHIR date. */
export function checkVitals(
  typed: VitalsTyped,
  about: { timeZone: string; now: number; adult: boolean; born: string | undefined },
): VitalsChecked {
  const problems: VitalsChecked['problems'] = {}
  const values: { [field in VitalField]?: number } = {}
  const unusual: VitalField[] = []
  for (const field of vitalFields) {
    const text = typed[field].trim()
    if (text === '') continue
    const value = readNumber(text)
    const problem = value === undefined ? ({ problem: 'number' } as const) : problemOf(field, value, text)
    if (problem) problems[field] = problem
    else if (value !== undefined) {
      values[field] = value
      const [low, high] = about.adult ? limits[field].usual : limits[field].usualChild
      if (value < low || value > high) unusual.push(field)
    }
  }
  const { systolic, diastolic } = values
  if (typed.systolic.trim() === '' && typed.diastolic.trim() !== '') problems.systolic = { problem: 'pair' }
  if (typed.diastolic.trim() === '' && typed.systolic.trim() !== '') problems.diastolic = { problem: 'pair' }
  if (systolic !== undefined && diastolic !== undefined && diastolic >= systolic)
    problems.diastolic = { problem: 'diastolicAbove' }

  const at = readMoment(typed, about, problems)
  const empty = vitalFields.every((field) => typed[field].trim() === '')
  const whole = !empty && Object.keys(problems).length === 0 && at !== undefined
  const { systolic: _s, diastolic: _d, ...singles } = values
  return {
    problems,
    empty,
    unusual,
    late: at !== undefined && about.now - Date.parse(at) > dayMs,
    draft: whole
      ? {
          at,
          values: singles,
          ...(systolic !== undefined && diastolic !== undefined
            ? { bloodPressure: { systolic, diastolic } }
            : {}),
        }
      : undefined,
  }
}

/** A number with a point or a comma before its decimals. */
function readNumber(text: string): number | undefined {
  return /^\d{1,4}(?:[.,]\d+)?$/.test(text) ? Number(text.replace(',', '.')) : undefined
}

function problemOf(field: VitalField, value: number, text: string): FieldProblem | undefined {
  const { possible, decimals } = limits[field]
  if (value < possible[0]) return { problem: 'low', limit: possible[0] }
  if (value > possible[1]) return { problem: 'high', limit: possible[1] }
  const written = text.split(/[.,]/)[1]?.length ?? 0
  return written > decimals ? { problem: 'decimals', count: decimals } : undefined
}

function readMoment(
  typed: Pick<VitalsTyped, 'date' | 'time'>,
  about: { timeZone: string; now: number; born: string | undefined },
  problems: VitalsChecked['problems'],
): string | undefined {
  const day = readBirthDate(typed.date, new Date(about.now).getFullYear()).find(
    (d) => d.year !== undefined && d.month !== undefined && d.day !== undefined,
  )
  const time = readTime(typed.time)
  if (!time) problems.time = { problem: 'time' }
  if (!day?.year || !day.month || !day.day || !isDay({ year: day.year, month: day.month, day: day.day })) {
    problems.date = { problem: 'date' }
    return undefined
  }
  if (!time) return undefined
  const at = fromWallTime({ year: day.year, month: day.month, day: day.day, ...time }, about.timeZone)
  if (Date.parse(at) > about.now + slackMs) problems.time = { problem: 'future' }
  else if (about.born !== undefined && at.slice(0, about.born.length) < about.born)
    problems.date = { problem: 'beforeBirth' }
  return at
}
