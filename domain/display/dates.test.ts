import { describe, expect, it } from 'vitest'
import { dayIn, formatDate, formatDateTime, formatTime, zoneName } from './dates.ts'

describe('dates and times', () => {
  it('D+Ta-0010 a date is 05-Jan-2009, whatever the locale of the machine', () => {
    expect(formatDate('2009-01-05')).toBe('05-Jan-2009')
    const months = Array.from({ length: 12 }, (_, m) =>
      formatDate(`2026-${String(m + 1).padStart(2, '0')}-09`),
    )
    expect(months.map((d) => d.slice(3, 6)).join(' ')).toBe('Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec')
  })

  it('DS3 of a partial date only what is known is shown', () => {
    expect(formatDate('2009-01')).toBe('Jan-2009')
    expect(formatDate('2009')).toBe('2009')
    expect(formatTime('2009-01-05')).toBeUndefined()
    expect(formatDateTime('2009-01')).toBe('Jan-2009')
  })

  it('DS4 a time is 14:02, as of the zone of the patient’s home group', () => {
    const instant = '2026-11-24T23:02:59Z'
    expect(formatTime(instant, 'Africa/Nairobi')).toBe('02:02')
    expect(formatDate(instant, 'Africa/Nairobi')).toBe('25-Nov-2026')
    expect(formatDateTime(instant, 'Europe/London')).toBe('24-Nov-2026 23:02')
    expect(formatDateTime('2026-06-01T00:00:00+02:00', 'Europe/London')).toBe('31-May-2026 23:00')
    expect(formatTime('2026-11-24T23:00:00Z', 'Europe/Berlin')).toBe('00:00')
    expect(formatTime(instant)).toBe('23:02')
  })

  it('DS5 a date without a time of day is the same in every zone', () => {
    for (const zone of ['Pacific/Kiritimati', 'Pacific/Pago_Pago'])
      expect(formatDate('2009-01-05', zone)).toBe('05-Jan-2009')
    expect(formatDateTime('2009-01-05T14:02', 'Africa/Nairobi')).toBe('05-Jan-2009 14:02')
  })

  it('DS6 the zone can be named: 14:02 EAT', () => {
    expect(zoneName('2026-11-24T11:02:00Z', 'Africa/Nairobi')).toBe('EAT')
    expect(zoneName('2026-11-24T11:02:00Z', 'Europe/London')).toBe('GMT')
    expect(zoneName('2026-07-24T11:02:00Z', 'Europe/London')).toBe('BST')
    expect(zoneName('2026-11-24T11:02:00Z', 'Europe/Berlin')).toBe('CET')
  })

  it('DS7 what is no date is shown as it came', () => {
    for (const text of ['', 'yesterday', '05/01/2009', '2009-1-5']) {
      expect(formatDate(text)).toBe(text)
      expect(formatTime(text, 'Europe/London')).toBeUndefined()
    }
    expect(formatDate('2009-13-05')).toBe('05-13-2009')
  })

  it('DS8 the day of an instant is that of the zone', () => {
    expect(dayIn('2026-11-24T23:00:00Z', 'Africa/Nairobi')).toBe('2026-11-25')
    expect(dayIn('2026-11-24T23:00:00Z', 'Europe/London')).toBe('2026-11-24')
  })
})
