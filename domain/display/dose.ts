import type { Json, JsonObject } from '../entries/canonical.ts'
import { asNumber, asObject, asText } from '../fhir/resource.ts'

/**
 * Amounts as they may be written for a patient (BNF, ISMP): no trailing zero, a leading zero below one, thousands
 * with a comma, a space before the unit, and in full the units that have been misread with fatal result.
 */

/** UCUM code or usual abbreviation → the word to write. Others are written as the source writes them. */
const unitWords = new Map([
  ...['ug', 'mcg', 'µg', 'μg', 'microgram', 'microgramme'].map((unit) => [unit, 'micrograms'] as const),
  ...['ng', 'nanogram', 'nanogramme'].map((unit) => [unit, 'nanograms'] as const),
  ...['[iU]', '[IU]', 'IU', 'iu', 'U', 'u', 'unit', "[USP'U]"].map((unit) => [unit, 'units'] as const),
  ...['m[iU]', 'm[IU]', 'mIU', 'mU'].map((unit) => [unit, 'milliunits'] as const),
  ...['k[iU]', 'k[IU]', 'kIU', 'kU'].map((unit) => [unit, 'kilounits'] as const),
  ['umol', 'micromol'],
  ['ml', 'mL'],
  ['l', 'L'],
  ['Cel', '°C'],
  ['[degF]', '°F'],
  ['mm[Hg]', 'mmHg'],
  ['cm[H2O]', 'cmH₂O'],
  ['/min', '/min'],
])

const timeWords = new Map([
  ['s', 'second'],
  ['min', 'minute'],
  ['h', 'hour'],
  ['hr', 'hour'],
  ['d', 'day'],
  ['wk', 'week'],
  ['mo', 'month'],
  ['a', 'year'],
])

/** The words for a UCUM unit: `ug/kg/h` → `micrograms/kg/hour`. Annotations in braces become their text. */
export function unitText(unit: string): string {
  return (
    unitWords.get(unit) ??
    unit
      .split('/')
      .map((part, at) => (at > 0 ? timeWords.get(part) : undefined) ?? unitWords.get(part) ?? plain(part))
      .join('/')
  )
}

/** `{tablet}` → `tablet`; `mL{FEU}` → `mL FEU`; `10*3` → `10³`. */
function plain(unit: string): string {
  return unit
    .replace(/^10\*([0-9]+)$/, (_, digits: string) => `10${superscript(digits)}`)
    .replaceAll('{', ' ')
    .replaceAll('}', '')
    .replaceAll('_', ' ')
    .trim()
}

function superscript(digits: string): string {
  return [...digits].map((digit) => '⁰¹²³⁴⁵⁶⁷⁸⁹'[Number(digit)]).join('')
}

/** `1,000`, `0.5`, `5`: all digits of the value, none added. */
export function formatNumber(value: number): string {
  const [whole = '0', fraction] = plainDecimal(value).split('.')
  const grouped = whole.replaceAll(/\B(?=(?:[0-9]{3})+$)/g, ',')
  return fraction === undefined ? grouped : `${grouped}.${fraction}`
}

/** Decimal text without an exponent: `1e-7` → `0.0000001`. */
function plainDecimal(value: number): string {
  const text = String(value)
  const match = /^(-?)([0-9])(?:\.([0-9]+))?e([+-][0-9]+)$/.exec(text)
  if (!match) return text
  const [, sign = '', lead = '', tail = '', exponent = '0'] = match
  const digits = lead + tail
  const point = 1 + Number(exponent)
  if (point <= 0) return `${sign}0.${'0'.repeat(-point)}${digits}`
  return sign + digits.padEnd(point, '0') + (digits.length > point ? `.${digits.slice(point)}` : '')
}

/** A Quantity, `500 mg`, `< 5 units`; nothing if it has no value. Every digit of a dose is shown. */
export function quantityText(quantity: Json | undefined, digits = formatNumber): string | undefined {
  const parts = asObject(quantity)
  const value = asNumber(parts?.['value'])
  if (!parts || value === undefined) return undefined
  const unit = value === 1 ? singular(unitOf(parts)) : unitOf(parts)
  const amount = unit === '%' ? `${digits(value)}%` : [digits(value), unit].filter(Boolean).join(' ')
  const comparator = asText(parts['comparator'])
  return comparator === undefined ? amount : `${comparator} ${amount}`
}

/** The code decides where there is a word for it; else the source's own unit is better than a code. */
function unitOf(quantity: JsonObject): string {
  const code = asText(quantity['code'])
  const unit = asText(quantity['unit'])
  if (code !== undefined && code !== '1' && !code.startsWith('{') && unitText(code) !== code)
    return unitText(code)
  return unitText(unit ?? (code === '1' ? '' : (code ?? '')))
}

/** `1 tablet`, `1 unit/hour`. */
function singular(unit: string): string {
  return unit.replace(/^(\p{L}{2,}?)(?:(?<=ch|sh|x)es|(?<!s)s)(?=\/|$)/u, '$1')
}

/** A Range, `1–2 tablets`; nothing if both ends are missing. */
export function rangeText(range: Json | undefined): string | undefined {
  const low = asObject(asObject(range)?.['low'])
  const high = asObject(asObject(range)?.['high'])
  const from = quantityText(low)
  const to = quantityText(high)
  if (from === undefined || to === undefined)
    return from === undefined ? to && `up to ${to}` : `at least ${from}`
  const sameUnit = low && high && unitOf(low) === unitOf(high)
  return sameUnit ? `${formatNumber(asNumber(low['value'])!)}–${to}` : `${from}–${to}`
}

/** A Ratio, `5 mg per 1 mL`; nothing if it is not whole. */
export function ratioText(ratio: Json | undefined): string | undefined {
  const numerator = quantityText(asObject(ratio)?.['numerator'])
  const denominator = quantityText(asObject(ratio)?.['denominator'])
  return numerator === undefined || denominator === undefined ? undefined : `${numerator} per ${denominator}`
}
