/**
 * An age as it stands in brackets behind the birth date: `41y`; `7y 3m` below 18 years; `14m 5d` below 2 years;
 * `12w 3d` below one year; `9d` below four weeks. A birth date without month or day gives `~41y`.
 * Both dates are FHIR dates or begin with one; nothing if `at` lies before the birth, or if one is no date.
 */
export function ageAt(born: string, at: string): string | undefined {
  const from = dayPattern.exec(born)
  const to = dayPattern.exec(at)
  if (!from || !to) return undefined
  if (from[3] === undefined || to[3] === undefined) return approximate(from, to)
  const start = Date.UTC(Number(from[1]), Number(from[2]) - 1, Number(from[3]))
  const end = Date.UTC(Number(to[1]), Number(to[2]) - 1, Number(to[3]))
  if (end < start) return undefined
  const days = Math.round((end - start) / dayMs)
  const months = wholeMonths(start, end)
  if (days < 28) return `${days}d`
  if (months < 12) return joined(Math.floor(days / 7), 'w', days % 7, 'd')
  if (months < 24) return joined(months, 'm', Math.round((end - addMonths(start, months)) / dayMs), 'd')
  if (months < 18 * 12) return joined(Math.floor(months / 12), 'y', months % 12, 'm')
  return `${Math.floor(months / 12)}y`
}

const dayMs = 24 * 60 * 60 * 1000
const dayPattern = /^([0-9]{4})(?:-([0-9]{2})(?:-([0-9]{2}))?)?/

function approximate(from: RegExpExecArray, to: RegExpExecArray): string | undefined {
  const years = Number(to[1]) - Number(from[1])
  const before = from[2] !== undefined && to[2] !== undefined && Number(to[2]) < Number(from[2]) ? 1 : 0
  return years - before < 0 ? undefined : `~${years - before}y`
}

/** Months after which the day comes round again; of 31 May the month after is the last day of June. */
function wholeMonths(start: number, end: number): number {
  const a = new Date(start)
  const b = new Date(end)
  const months = (b.getUTCFullYear() - a.getUTCFullYear()) * 12 + b.getUTCMonth() - a.getUTCMonth()
  return addMonths(start, months) > end ? months - 1 : months
}

function addMonths(start: number, months: number): number {
  const date = new Date(start)
  const lastDay = new Date(Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + months + 1, 0)).getUTCDate()
  return Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + months, Math.min(date.getUTCDate(), lastDay))
}

function joined(large: number, largeUnit: string, small: number, smallUnit: string): string {
  return small === 0 ? `${large}${largeUnit}` : `${large}${largeUnit} ${small}${smallUnit}`
}
