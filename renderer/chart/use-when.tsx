import { createContext, useCallback, useContext } from 'react'
import { formatDateTime, formatTime, zoneName } from '../../domain/display/dates.ts'
import { deviceZone, offsetMinutes, writtenOffset } from './zoned-time.ts'

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
