import { readBirthDate } from '../../patients/birth-date.ts'
import { isDay } from '../zoned-time.ts'

/**
 * A date as typed, `24-Nov-2026`, `Nov 2026`, `2026`, as a FHIR date of the same precision; `none` for an empty text,
 * `problem` for one that is no date. Of a date that can be read both ways the day comes first.
 * @param today FHIR date, which tells the century of two-digit years
 */
export function readDate(text: string, today: string): { date: string } | 'none' | 'problem' {
  if (text.trim() === '') return 'none'
  const read = readBirthDate(text, Number(today.slice(0, 4)))[0]
  if (read?.year === undefined) return 'problem'
  const { year, month, day } = read
  if (month === undefined) return { date: String(year) }
  if (day === undefined) return { date: `${year}-${two(month)}` }
  return isDay({ year, month, day }) ? { date: `${year}-${two(month)}-${two(day)}` } : 'problem'
}

/** Does a FHIR date lie before another as far as both say? `2026` is not before `2026-11`. */
export function isBefore(a: string, b: string): boolean {
  const length = Math.min(a.length, b.length)
  return a.slice(0, length) < b.slice(0, length)
}

function two(n: number): string {
  return String(n).padStart(2, '0')
}
