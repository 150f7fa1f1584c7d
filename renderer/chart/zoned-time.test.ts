import { expect, test } from 'vitest'
import { whenText } from './use-when.tsx'
import { fromWallTime, isDay, readTime, writtenOffset, zonedDateTime } from './zoned-time.ts'

const wall = (month: number, day: number, hour: number, minute = 0) => ({
  year: 2026,
  month,
  day,
  hour,
  minute,
})

test('RE60 a wall-clock time of a zone becomes the instant with the offset that held there', () => {
  expect(fromWallTime(wall(11, 24, 14, 2), 'Africa/Nairobi')).toBe('2026-11-24T14:02:00+03:00')
  expect(fromWallTime(wall(7, 1, 9), 'Europe/Berlin')).toBe('2026-07-01T09:00:00+02:00')
  expect(fromWallTime(wall(1, 1, 0), 'America/St_Johns')).toBe('2026-01-01T00:00:00-03:30')
})

test('RE61 the hour that comes twice is the first one; the hour that is left out moves on', () => {
  expect(fromWallTime(wall(10, 25, 2, 30), 'Europe/Berlin')).toBe('2026-10-25T02:30:00+02:00')
  expect(Date.parse(fromWallTime(wall(3, 29, 2, 30), 'Europe/Berlin'))).toBe(
    Date.parse('2026-03-29T03:30:00+02:00'),
  )
})

test('RE62 an instant is shown with the clocks of the zone', () => {
  expect(zonedDateTime(Date.parse('2026-11-24T11:02:05Z'), 'Africa/Nairobi')).toBe(
    '2026-11-24T14:02:05+03:00',
  )
})

test.each([
  ['14:02', { hour: 14, minute: 2 }],
  ['14.02', { hour: 14, minute: 2 }],
  ['1402', { hour: 14, minute: 2 }],
  ['9', { hour: 9, minute: 0 }],
  ['24:00', undefined],
  ['9:5', undefined],
  ['noon', undefined],
])('RE63 a time is read as people type it: %s', (text, time) => {
  expect(readTime(text)).toEqual(time)
})

test('RE64 days that do not exist are refused; offsets are read as written', () => {
  expect(isDay({ year: 2026, month: 2, day: 29 })).toBe(false)
  expect(writtenOffset('2026-11-24T14:02:00-03:30')).toBe(-210)
  expect(writtenOffset('2026-11-24')).toBeUndefined()
})

test('D+Ta-0010 dates are 05-Jan-2009 and 14:02; the zone is named where device or author stand in another', () => {
  expect(whenText('2009-01-05T14:02:00+03:00', 'Africa/Nairobi', 'Africa/Nairobi')).toBe('05-Jan-2009 14:02')
  expect(whenText('2009-01-05T14:02:00+03:00', 'Africa/Nairobi', 'Europe/Berlin')).toBe(
    '05-Jan-2009 14:02 EAT',
  )
  expect(whenText('2009-01-05T12:02:00+01:00', 'Africa/Nairobi', 'Africa/Nairobi')).toBe(
    '05-Jan-2009 14:02 EAT',
  )
  expect(whenText('2009-01', 'Africa/Nairobi', 'Europe/Berlin')).toBe('Jan-2009')
})
