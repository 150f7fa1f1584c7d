import type { TFunction } from 'i18next'
import { formatDateTime, zoneName } from '../../domain/display/dates.ts'
import { whenText } from '../chart/use-when.tsx'
import { zonedDateTime } from '../chart/zoned-time.ts'

/** What the parts of a sheet need to say their words. */
export type SheetContext = {
  t: TFunction
  /** A date or time of the record, with the zone where it has to be named. */
  when: (value: string) => string
  /** An instant of this device's clock (ms since 1970) in the patient's zone, which is always named: paper travels. */
  instant: (ms: number) => string
  /** When the copy was read, ms since 1970. */
  readAt: number
  /** The same as the clocks of the patient's home show it. */
  now: string
}

export function sheetContext(
  t: TFunction,
  zone: { timeZone: string; deviceZone: string },
  readAt: number,
): SheetContext {
  const { timeZone, deviceZone } = zone
  return {
    t,
    when: (value) => whenText(value, timeZone, deviceZone),
    instant: (ms) => zonedText(ms, timeZone),
    readAt,
    now: zonedDateTime(readAt, timeZone),
  }
}

/** `24-Nov-2026 03:12 EAT`. */
export function zonedText(ms: number, timeZone: string): string {
  const at = zonedDateTime(ms, timeZone)
  return `${formatDateTime(at, timeZone)} ${zoneName(at, timeZone)}`
}

/** The code if it is one of those for which there is a word. */
export function oneOf<const T extends string>(codes: readonly T[], code: string | undefined): T | undefined {
  return codes.find((known) => known === code)
}
