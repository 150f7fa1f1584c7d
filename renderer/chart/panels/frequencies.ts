import type { JsonObject } from '../../../domain/entries/canonical.ts'
import { fold } from '../../patients/fold.ts'

/** How often doses are given mostly. Anything else is kept as it is written. */
export type Frequency = {
  /** As `frequencyText` reads it. */
  label: string
  /** What is typed for it. */
  other: readonly string[]
  /** FHIR `Timing.repeat`. */
  repeat: JsonObject
  /** HL7 GTSAbbreviation. */
  code?: string
  /** Doses a day; nothing for one that is given once. */
  perDay?: number
}

export const frequencies: readonly Frequency[] = [
  {
    label: 'once daily',
    other: ['od', 'qd', 'daily', 'once a day'],
    repeat: per(1, 'd'),
    code: 'QD',
    perDay: 1,
  },
  {
    label: 'once daily in the morning',
    other: ['om', 'mane', 'in the morning'],
    repeat: { ...per(1, 'd'), when: ['MORN'] },
    code: 'AM',
    perDay: 1,
  },
  {
    label: 'once daily at night',
    other: ['on', 'nocte', 'at night'],
    repeat: { ...per(1, 'd'), when: ['NIGHT'] },
    code: 'PM',
    perDay: 1,
  },
  { label: 'twice daily', other: ['bd', 'bid', 'twice a day'], repeat: per(2, 'd'), code: 'BID', perDay: 2 },
  {
    label: 'three times daily',
    other: ['tds', 'tid', '3 times a day', 'three times a day'],
    repeat: per(3, 'd'),
    code: 'TID',
    perDay: 3,
  },
  {
    label: 'four times daily',
    other: ['qds', 'qid', '4 times a day', 'four times a day'],
    repeat: per(4, 'd'),
    code: 'QID',
    perDay: 4,
  },
  { label: 'every 4 hours', other: ['q4h', '4-hourly'], repeat: every(4, 'h'), code: 'Q4H', perDay: 6 },
  { label: 'every 6 hours', other: ['q6h', '6-hourly'], repeat: every(6, 'h'), code: 'Q6H', perDay: 4 },
  { label: 'every 8 hours', other: ['q8h', '8-hourly'], repeat: every(8, 'h'), code: 'Q8H', perDay: 3 },
  { label: 'every 12 hours', other: ['q12h', '12-hourly'], repeat: every(12, 'h'), perDay: 2 },
  {
    label: 'every other day',
    other: ['qod', 'alternate days'],
    repeat: every(2, 'd'),
    code: 'QOD',
    perDay: 0.5,
  },
  { label: 'once a week', other: ['weekly', 'once weekly'], repeat: per(1, 'wk'), perDay: 1 / 7 },
  { label: 'once only', other: ['stat', 'once'], repeat: { count: 1 } },
]

/** The one that a text names, by its label or what is typed for it. */
export function frequencyNamed(text: string): Frequency | undefined {
  const wanted = fold(text.trim())
  return frequencies.find(({ label, other }) => [label, ...other].includes(wanted))
}

/**
 * FHIR Timing of a frequency as typed, for a course that begins then (FHIR date), with what else its `repeat` says.
 * Nothing if all are empty.
 */
export function timingOf(
  text: string,
  start: string | undefined,
  also: JsonObject = {},
): JsonObject | undefined {
  const typed = text.trim()
  const named = frequencyNamed(typed)
  const repeat: JsonObject = {
    ...also,
    ...(start === undefined ? {} : { boundsPeriod: { start } }),
    ...(named?.repeat ?? {}),
  }
  const code = codeOf(typed, named)
  if (Object.keys(repeat).length === 0 && !code) return undefined
  return { ...(Object.keys(repeat).length > 0 ? { repeat } : {}), ...(code ? { code } : {}) }
}

function codeOf(typed: string, named: Frequency | undefined): JsonObject | undefined {
  if (!named) return typed === '' ? undefined : { text: typed }
  // A count says itself.
  if (named.repeat['count'] !== undefined) return undefined
  if (named.code === undefined) return { text: named.label }
  return { coding: [{ system: gtsSystem, code: named.code }], text: named.label }
}

const gtsSystem = 'http://terminology.hl7.org/CodeSystem/v3-GTSAbbreviation'

function per(frequency: number, periodUnit: string): JsonObject {
  return { frequency, period: 1, periodUnit }
}

function every(period: number, periodUnit: string): JsonObject {
  return { frequency: 1, period, periodUnit }
}
