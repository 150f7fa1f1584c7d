import { wallClock } from './wall-clock.ts'

/**
 * Dates and times as a clinician reads them, whatever the machine's locale (D+Ta-0010): `05-Jan-2009`, `14:02`.
 * Input is a FHIR date, dateTime or instant. With an IANA zone, what has a time of day is shown as of that zone.
 */

const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']
const dateTimePattern = /^([0-9]{4})(?:-([0-9]{2})(?:-([0-9]{2})(?:T([0-9]{2}):([0-9]{2})(.*))?)?)?$/

/** `05-Jan-2009`; of partial dates `Jan-2009` and `2009`. What is no date comes back as it is. */
export function formatDate(value: string, timeZone?: string): string {
  const parts = partsOf(value, timeZone)
  if (!parts) return value
  const month = parts.month && (months[Number(parts.month) - 1] ?? parts.month)
  return [parts.day, month, parts.year].filter((part) => part !== undefined).join('-')
}

/** `14:02`, or nothing if the value has no time of day. */
export function formatTime(value: string, timeZone?: string): string | undefined {
  const parts = partsOf(value, timeZone)
  return parts?.hour === undefined ? undefined : `${parts.hour}:${parts.minute}`
}

/** `05-Jan-2009 14:02`, without the time where there is none. */
export function formatDateTime(value: string, timeZone?: string): string {
  const time = formatTime(value, timeZone)
  return time === undefined ? formatDate(value, timeZone) : `${formatDate(value, timeZone)} ${time}`
}

/** The calendar day of an instant in a zone, `2009-01-05`: what an age is counted to. */
export function dayIn(instant: string, timeZone: string): string {
  const parts = partsOf(instant, timeZone)
  return parts ? [parts.year, parts.month, parts.day].filter(Boolean).join('-') : instant
}

/** The zone's short name at that instant, `EAT`; where English has none, the offset `GMT+3`. */
export function zoneName(instant: string, timeZone: string): string {
  const at = new Date(instant)
  const names = zoneFormats(timeZone).map(
    (format) => format.formatToParts(at).find((part) => part.type === 'timeZoneName')?.value ?? timeZone,
  )
  return names.find((name) => !/^(?:GMT|UTC)[+-]/.test(name)) ?? names[0] ?? timeZone
}

const formatsOfZones = new Map<string, readonly Intl.DateTimeFormat[]>()

/** Made once for each zone, because making one is slow. Short names are known only in the English of the countries that use them. */
function zoneFormats(timeZone: string): readonly Intl.DateTimeFormat[] {
  const known = formatsOfZones.get(timeZone)
  if (known) return known
  const made = ['en-GB', 'en-US', 'en-KE', 'en-ZA', 'en-AU', 'en-IN'].map(
    (locale) => new Intl.DateTimeFormat(locale, { timeZone, timeZoneName: 'short' }),
  )
  formatsOfZones.set(timeZone, made)
  return made
}

type DateParts = { year: string; month?: string; day?: string; hour?: string; minute?: string }

function partsOf(value: string, timeZone: string | undefined): DateParts | undefined {
  const match = dateTimePattern.exec(value)
  if (!match) return undefined
  const [, year = '', month, day, hour, minute, rest = ''] = match
  const hasZone = hour !== undefined && /(?:Z|[+-][0-9]{2}:[0-9]{2})$/.test(rest)
  const instant = new Date(value)
  if (timeZone !== undefined && hasZone && !Number.isNaN(instant.getTime())) return inZone(instant, timeZone)
  return {
    year,
    ...(month === undefined ? {} : { month }),
    ...(day === undefined ? {} : { day }),
    ...(hour === undefined || minute === undefined ? {} : { hour, minute }),
  }
}

function inZone(instant: Date, timeZone: string): DateParts {
  const parts = new Map(
    wallClock(timeZone)
      .formatToParts(instant)
      .map(({ type, value }) => [type, value]),
  )
  const part = (type: Intl.DateTimeFormatPartTypes) => parts.get(type) ?? ''
  return {
    year: part('year').padStart(4, '0'),
    month: part('month'),
    day: part('day'),
    hour: part('hour'),
    minute: part('minute'),
  }
}
