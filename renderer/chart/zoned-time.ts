import { wallClock } from '../../domain/display/wall-clock.ts'

/** Wall-clock time in a time zone, and back. Times are RFC 3339 with the offset that held there. */

/** An instant (ms since 1970) as this device's clock shows it: `2026-11-24T14:02:05+01:00`. */
export function localDateTime(ms: number): string {
  return withOffset(ms, -new Date(ms).getTimezoneOffset())
}

/** An instant as the clocks of a zone show it. */
export function zonedDateTime(ms: number, timeZone: string): string {
  return withOffset(ms, offsetMinutes(ms, timeZone))
}

/** Offset of a zone from UTC at an instant, in minutes, east positive. */
export function offsetMinutes(ms: number, timeZone: string): number {
  const parts = new Map(
    wallClock(timeZone)
      .formatToParts(new Date(ms))
      .map(({ type, value }) => [type, Number(value)]),
  )
  const part = (type: Intl.DateTimeFormatPartTypes) => parts.get(type) ?? 0
  const wall = Date.UTC(
    part('year'),
    part('month') - 1,
    part('day'),
    part('hour'),
    part('minute'),
    part('second'),
  )
  return Math.round((wall - Math.floor(ms / 1000) * 1000) / 60_000)
}

/** The device's own zone, `Europe/Berlin`. */
export function deviceZone(): string {
  return Intl.DateTimeFormat().resolvedOptions().timeZone
}

/** The offset written in an RFC 3339 time, in minutes; nothing if it has none. */
export function writtenOffset(dateTime: string): number | undefined {
  if (dateTime.endsWith('Z')) return 0
  const match = /([+-])(\d{2}):(\d{2})$/.exec(dateTime)
  return match ? (match[1] === '-' ? -1 : 1) * (Number(match[2]) * 60 + Number(match[3])) : undefined
}

export type WallTime = { year: number; month: number; day: number; hour: number; minute: number }

/**
 * The instant at which the clocks of a zone show this, as RFC 3339. In the hour that comes twice in autumn the first
 * is taken; in the hour that is left out in spring, the time that the old offset gives.
 */
export function fromWallTime(wall: WallTime, timeZone: string): string {
  const utc = Date.UTC(wall.year, wall.month - 1, wall.day, wall.hour, wall.minute)
  const offsets = [offsetMinutes(utc - 86_400_000, timeZone), offsetMinutes(utc + 86_400_000, timeZone)]
  const instants = offsets.map((offset) => utc - offset * 60_000)
  const fitting = instants.find((ms, at) => offsetMinutes(ms, timeZone) === offsets[at])
  return zonedDateTime(fitting ?? instants[0]!, timeZone)
}

/** A time as it is typed: `14:02`, `14.02`, `1402`, `9:05`, `9`. */
export function readTime(text: string): { hour: number; minute: number } | undefined {
  const match = /^(\d{1,2})(?:[:.h ]?([0-5]\d))?$/.exec(text.trim())
  const hour = Number(match?.[1])
  return match && hour <= 23 ? { hour, minute: Number(match[2] ?? 0) } : undefined
}

/** A day that exists: not 31-Feb. */
export function isDay({ year, month, day }: Pick<WallTime, 'year' | 'month' | 'day'>): boolean {
  const date = new Date(Date.UTC(year, month - 1, day))
  return date.getUTCFullYear() === year && date.getUTCMonth() === month - 1 && date.getUTCDate() === day
}

function withOffset(ms: number, offset: number): string {
  const wall = new Date(ms + offset * 60_000).toISOString().slice(0, 19)
  const abs = Math.abs(offset)
  return `${wall}${offset < 0 ? '-' : '+'}${two(Math.floor(abs / 60))}:${two(abs % 60)}`
}

function two(n: number): string {
  return String(n).padStart(2, '0')
}
