import { expect, test } from 'vitest'
import { clockBeside, timeText, whenShort } from './use-when.tsx'
import { deviceZone } from './zoned-time.ts'

const now = Date.parse('2026-11-24T00:30:00+01:00')
const short = (value: string, device = 'Europe/Berlin') => whenShort(value, 'Europe/Berlin', device, now)

test('RE95 a latest value says when it was measured: the time today, else the day as well, by the ward’s midnight', () => {
  expect(short('2026-11-24T00:10:00+01:00')).toBe('00:10')
  expect(short('2026-11-23T23:50:00+01:00')).toBe('23-Nov 23:50')
  expect(short('2026-11-20T08:00:00+01:00')).toBe('20-Nov 08:00')
  expect(short('2025-11-24T08:00:00+01:00')).toBe('24-Nov-2025 08:00')
  expect(short('2026-11-20')).toBe('20-Nov')
  expect(short('2026-11-24')).toBe('24-Nov')
  expect(short('2026-11')).toBe('Nov-2026')
  expect(short('2026-11-24T00:10:00+01:00', 'Africa/Nairobi')).toBe('00:10 CET')
})

test('RE65 beside a chart the frame tells times by the chart’s clocks, and names the zone where the device has another', () => {
  const ms = Date.parse('2026-11-24T10:34:00Z')
  const elsewhere = deviceZone() === 'Africa/Nairobi' ? 'Asia/Tokyo' : 'Africa/Nairobi'
  expect(clockBeside(ms, undefined)).toMatch(/^\d\d:\d\d$/)
  expect(clockBeside(ms, deviceZone())).toBe(clockBeside(ms, undefined))
  expect(clockBeside(ms, elsewhere)).toMatch(/^(?:13:34 EAT|19:34 \S+)$/)
  expect(timeText('2026-11-24', 'Europe/London', 'Europe/London')).toBe('')
})
