import type { JsonObject } from '../entries/canonical.ts'
import { asList, asNumber, asObject, asText } from '../fhir/resource.ts'
import { conceptText } from './concept.ts'
import { formatNumber } from './dose.ts'

/** How often a dose is given, in words: the code's own text, else read from `timing.repeat`; with "as needed". */
export function frequencyText(dosage: JsonObject): string | undefined {
  const timing = asObject(dosage['timing'])
  const repeat = asObject(timing?.['repeat'])
  const code = timing?.['code']
  const coded = conceptText(code)
  const rate = repeat && repeatText(repeat)
  // A code such as BID is for machines; the text of a code is for people.
  const often = asText(asObject(code)?.['text']) ?? rate ?? coded
  const bounds = repeat && boundsText(repeat)
  const said = bounds !== undefined && often?.includes(bounds)
  const parts = [often, asNeeded(dosage), said ? undefined : bounds].filter((p) => p !== undefined)
  return parts.length > 0 ? parts.join(', ') : undefined
}

const periodWords = new Map([
  ['s', 'second'],
  ['min', 'minute'],
  ['h', 'hour'],
  ['d', 'day'],
  ['wk', 'week'],
  ['mo', 'month'],
  ['a', 'year'],
])

const whenWords = new Map([
  ['MORN', 'in the morning'],
  ['MORN.early', 'in the early morning'],
  ['MORN.late', 'in the late morning'],
  ['NOON', 'at noon'],
  ['AFT', 'in the afternoon'],
  ['EVE', 'in the evening'],
  ['NIGHT', 'at night'],
  ['HS', 'at bedtime'],
  ['WAKE', 'on waking'],
  ['PHS', 'after sleep'],
  ['AC', 'before meals'],
  ['ACM', 'before breakfast'],
  ['ACD', 'before lunch'],
  ['ACV', 'before the evening meal'],
  ['C', 'with meals'],
  ['CM', 'with breakfast'],
  ['CD', 'with lunch'],
  ['CV', 'with the evening meal'],
  ['PC', 'after meals'],
  ['PCM', 'after breakfast'],
  ['PCD', 'after lunch'],
  ['PCV', 'after the evening meal'],
])

const dayWords = new Map([
  ['mon', 'Monday'],
  ['tue', 'Tuesday'],
  ['wed', 'Wednesday'],
  ['thu', 'Thursday'],
  ['fri', 'Friday'],
  ['sat', 'Saturday'],
  ['sun', 'Sunday'],
])

function repeatText(repeat: JsonObject): string | undefined {
  const times = texts(repeat['timeOfDay']).map((time) => time.slice(0, 5))
  const when = texts(repeat['when']).map((code) => whenWords.get(code) ?? code)
  const days = texts(repeat['dayOfWeek']).map((code) => dayWords.get(code) ?? code)
  const parts = [
    often(repeat),
    times.length > 0 ? `at ${listed(times)}` : undefined,
    when.length > 0 ? listed(when) : undefined,
    days.length > 0 ? `on ${listed(days)}` : undefined,
  ].filter((part) => part !== undefined)
  return parts.length > 0 ? parts.join(' ') : undefined
}

function often(repeat: JsonObject): string | undefined {
  const count = upTo(asNumber(repeat['frequency']), asNumber(repeat['frequencyMax']))
  const period = upTo(asNumber(repeat['period']), asNumber(repeat['periodMax']))
  const unit = periodWords.get(asText(repeat['periodUnit']) ?? '')
  if (period === undefined || unit === undefined) return count === undefined ? undefined : timesText(count)
  if (period === '1') {
    if (unit === 'hour' && (count ?? '1') === '1') return 'every hour'
    return `${timesText(count ?? '1')} ${unit === 'hour' ? 'an' : 'a'} ${unit}`
  }
  const every = `every ${period} ${unit}s`
  return count === undefined || count === '1' ? every : `${timesText(count)} ${every}`
}

function timesText(count: string): string {
  return count === '1' ? 'once' : count === '2' ? 'twice' : `${count} times`
}

function upTo(from: number | undefined, to: number | undefined): string | undefined {
  if (from === undefined) return to === undefined ? undefined : `up to ${formatNumber(to)}`
  return to === undefined || to === from ? formatNumber(from) : `${formatNumber(from)}–${formatNumber(to)}`
}

function asNeeded(dosage: JsonObject): string | undefined {
  const reason = conceptText(dosage['asNeededCodeableConcept'])
  if (reason !== undefined) return `as needed for ${reason}`
  return dosage['asNeededBoolean'] === true ? 'as needed' : undefined
}

function boundsText(repeat: JsonObject): string | undefined {
  const bounds = asObject(repeat['boundsDuration'])
  const value = asNumber(bounds?.['value'])
  const unit = periodWords.get(asText(bounds?.['code']) ?? '') ?? asText(bounds?.['unit'])
  if (value === undefined || unit === undefined) {
    const count = asNumber(repeat['count'])
    if (count === undefined) return undefined
    return count === 1 ? 'once only' : `${timesText(formatNumber(count))} in all`
  }
  const whole = unit.endsWith('s') || value === 1 ? unit : `${unit}s`
  return `for ${formatNumber(value)} ${whole}`
}

function texts(list: JsonObject[string] | undefined): string[] {
  return asList(list).flatMap((part) => asText(part) ?? [])
}

function listed(words: readonly string[]): string {
  return words.length < 2 ? (words[0] ?? '') : `${words.slice(0, -1).join(', ')} and ${words.at(-1)}`
}
