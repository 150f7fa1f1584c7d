import { createContext, useCallback, useContext } from 'react'
import { formatDate, formatDateTime, formatTime, zoneName } from '../../domain/display/dates.ts'
import { deviceZone, localDateTime, offsetMinutes, writtenOffset, zonedDateTime } from './zoned-time.ts'

/** Time zone of the patient's home group: every time on a chart is shown in it. */
export const ChartZone = createContext<string>(deviceZone())

/**
 * Writes dates and times of a chart: `05-Jan-2009 14:02`. Where the device stands in another zone, or the time was
 * written in one, the zone is named: `14:02 EAT`.
 */
export function useWhen(): (value: string) => string {
  const timeZone = useContext(ChartZone)
  return useCallback((value: string) => whenText(value, timeZone, deviceZone()), [timeZone])
}

export function whenText(value: string, timeZone: string, device: string): string {
  const text = formatDateTime(value, timeZone)
  const ms = Date.parse(value)
  if (formatTime(value, timeZone) === undefined || Number.isNaN(ms)) return text
  const here = offsetMinutes(ms, timeZone)
  const written = writtenOffset(value)
  const same = offsetMinutes(ms, device) === here && (written === undefined || written === here)
  return same ? text : `${text} ${zoneName(value, timeZone)}`
}

/** Only the time, with its zone where that has to be named: `14:02`, `14:02 EAT`; nothing where there is none. */
export function timeText(value: string, timeZone: string, device: string): string {
  return whenText(value, timeZone, device).slice(formatDate(value, timeZone).length).trim()
}

/** An instant of this device (ms since 1970) beside a chart: told by the chart's clocks, with the zone if it is another. */
export function clockBeside(ms: number, timeZone: string | undefined): string {
  const device = deviceZone()
  return timeText(localDateTime(ms), timeZone ?? device, device)
}

/** As short as it can be told: `08:00` today, `20-Nov 08:00` this year, else the whole; `now` in ms since 1970. */
export function whenShort(value: string, timeZone: string, device: string, now: number): string {
  const text = whenText(value, timeZone, device)
  const day = formatDate(value, timeZone)
  const today = formatDate(zonedDateTime(now, timeZone), timeZone)
  if (day === today) return timeText(value, timeZone, device) || day.slice(0, 6)
  const sameYear = day.length === today.length && day.slice(-4) === today.slice(-4)
  return sameYear ? day.slice(0, 6) + text.slice(day.length) : text
}

/** {@link whenShort} in the zone of the chart. */
export function useWhenShort(): (value: string, now: number) => string {
  const timeZone = useContext(ChartZone)
  return useCallback((value, now) => whenShort(value, timeZone, deviceZone(), now), [timeZone])
}
