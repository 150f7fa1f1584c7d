import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { formatNumber, quantityText, rangeText, ratioText, unitText } from './dose.ts'

describe('doses', () => {
  it.each([
    [5, '5'],
    [5.0, '5'],
    [0.5, '0.5'],
    [0.000001, '0.000001'],
    [1e-7, '0.0000001'],
    [1.5e-9, '0.0000000015'],
    [1000, '1,000'],
    [1234567.25, '1,234,567.25'],
    [-1234, '-1,234'],
    [999, '999'],
    [1e21, '1,000,000,000,000,000,000,000'],
    [1.25e22, '12,500,000,000,000,000,000,000'],
    [0, '0'],
  ])(
    'MEDi-051 the number %d is written %s: no trailing zero, a leading zero, thousands with a comma',
    (value, text) => {
      expect(formatNumber(value)).toBe(text)
    },
  )

  it('DS11 a number never gains, loses or changes a digit', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) => {
        const text = formatNumber(value)
        expect(Number(text.replaceAll(',', ''))).toBe(value === 0 ? 0 : value)
        expect(text).not.toMatch(/\.\d*0$|\.$|^-?\.|e/)
      }),
    )
  })

  it.each([
    ['ug', 'micrograms'],
    ['mcg', 'micrograms'],
    ['µg', 'micrograms'],
    ['ng', 'nanograms'],
    ['[iU]', 'units'],
    ['[IU]', 'units'],
    ['IU', 'units'],
    ['U', 'units'],
    ['m[IU]/L', 'milliunits/L'],
    ['ug/kg/h', 'micrograms/kg/hour'],
    ['U/mL', 'units/mL'],
    ['mg', 'mg'],
    ['mm[Hg]', 'mmHg'],
    ['Cel', '°C'],
    ['/min', '/min'],
    ['{tablet}', 'tablet'],
    ['ug/mL{FEU}', 'micrograms/mL FEU'],
    ['10*9/L', '10⁹/L'],
    ['mmol/L', 'mmol/L'],
    ['constructor', 'constructor'],
  ])('DS12 the unit %s is written %s', (unit, text) => {
    expect(unitText(unit)).toBe(text)
  })

  it('DS13 an amount has a space before its unit, and is singular for one', () => {
    expect(quantityText({ value: 500, unit: 'mg', code: 'mg' })).toBe('500 mg')
    expect(quantityText({ value: 1000, unit: 'IU', code: '[iU]' })).toBe('1,000 units')
    expect(quantityText({ value: 0.5, code: 'ug' })).toBe('0.5 micrograms')
    expect(quantityText({ value: 1, unit: 'tablets', code: '{tbl}' })).toBe('1 tablet')
    expect(quantityText({ value: 1, code: 'U/h' })).toBe('1 unit/hour')
    expect(quantityText({ value: 1, unit: 'patches' })).toBe('1 patch')
    expect(quantityText({ value: 2, unit: 'puffs', code: '{puff}' })).toBe('2 puffs')
    expect(quantityText({ value: 93, unit: '%', code: '%' })).toBe('93%')
    expect(quantityText({ value: 7, code: '1' })).toBe('7')
    expect(quantityText({ value: 7 })).toBe('7')
    expect(quantityText({ value: 5, comparator: '<', unit: 'mg' })).toBe('< 5 mg')
    expect(quantityText({ unit: 'mg' })).toBeUndefined()
    expect(quantityText('5 mg')).toBeUndefined()
  })

  it('DS14 ranges and ratios are written whole or not at all', () => {
    const mg = (value: number) => ({ value, unit: 'mg' })
    expect(rangeText({ low: mg(1), high: mg(2) })).toBe('1–2 mg')
    expect(rangeText({ low: mg(500), high: { value: 1, unit: 'g' } })).toBe('500 mg–1 g')
    expect(rangeText({ low: mg(1) })).toBe('at least 1 mg')
    expect(rangeText({ high: mg(1) })).toBe('up to 1 mg')
    expect(rangeText({})).toBeUndefined()
    expect(ratioText({ numerator: mg(5), denominator: { value: 1, unit: 'mL' } })).toBe('5 mg per 1 mL')
    expect(ratioText({ numerator: mg(5) })).toBeUndefined()
  })
})
