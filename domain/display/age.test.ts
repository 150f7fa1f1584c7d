import { describe, expect, it } from 'vitest'
import { ageAt } from './age.ts'

describe('age', () => {
  it.each([
    ['1985-03-04', '2026-11-24', '41y'],
    ['1985-11-24', '2026-11-24', '41y'],
    ['1985-11-25', '2026-11-24', '40y'],
    ['2008-11-24', '2026-11-24', '18y'],
    ['2008-11-25', '2026-11-24', '17y 11m'],
    ['2019-05-24', '2026-11-24', '7y 6m'],
    ['2024-11-24', '2026-11-24', '2y'],
    ['2024-11-25', '2026-11-24', '23m 30d'],
    ['2025-11-24', '2026-11-24', '12m'],
    ['2026-08-31', '2026-11-24', '12w 1d'],
    ['2026-10-27', '2026-11-24', '4w'],
    ['2026-10-28', '2026-11-24', '27d'],
    ['2026-11-24', '2026-11-24', '0d'],
    ['2024-02-29', '2025-02-28', '12m'],
    ['1949-04-19', '2010-01-02T12:17:10+00:00', '60y'],
  ])('DS9 of %s on %s is %s', (born, at, age) => {
    expect(ageAt(born, at)).toBe(age)
  })

  it('DS10 of an incomplete birth date is approximate, and of none or a later one nothing', () => {
    expect(ageAt('1985', '2026-11-24')).toBe('~41y')
    expect(ageAt('1985-12', '2026-11-24')).toBe('~40y')
    expect(ageAt('2026-11-25', '2026-11-24')).toBeUndefined()
    expect(ageAt('2027', '2026-11-24')).toBeUndefined()
    expect(ageAt('unknown', '2026-11-24')).toBeUndefined()
  })
})
