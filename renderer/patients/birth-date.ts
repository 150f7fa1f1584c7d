/**
 * Birth dates as people type them into a search field: `04-Mar-1985`, `4 mar 85`, `4.3.1985`, `04/03/85`,
 * `1985-03-04`, `04031985`, `Mar 1985`, `3/1985`, `1985`. Where day and month can be read both ways, both are meant.
 */
export type BirthDatePattern = { year?: number; month?: number; day?: number }

/** What the text can mean as a birth date; empty if it is none. `thisYear` tells the century of two-digit years. */
export function readBirthDate(text: string, thisYear: number): BirthDatePattern[] {
  const typed = text.trim().toLowerCase()
  const iso = /^(\d{4})-(\d{1,2})(?:-(\d{1,2}))?$/.exec(typed)
  if (iso)
    return valid([
      { year: Number(iso[1]), month: Number(iso[2]), ...(iso[3] ? { day: Number(iso[3]) } : {}) },
    ])
  const compact = /^(\d{2})(\d{2})(\d{4})$/.exec(typed)
  if (compact) return dayAndMonth(Number(compact[1]), Number(compact[2]), Number(compact[3]))
  const numbers = /^(\d{1,2})[./\- ](\d{1,2})[./\- ](\d{4}|\d{2})$/.exec(typed)
  if (numbers) return dayAndMonth(Number(numbers[1]), Number(numbers[2]), fullYear(numbers[3]!, thisYear))
  const monthYear = /^(\d{1,2})[./-](\d{4})$/.exec(typed)
  if (monthYear) return valid([{ month: Number(monthYear[1]), year: Number(monthYear[2]) }])
  const named = /^(?:(\d{1,2})[. -]?\s*)?([a-z]{3,9})\.?[ -]*(\d{4}|\d{2})?$/.exec(typed)
  const month = named?.[2] && monthOf(named[2])
  if (named && month)
    return valid([
      {
        month,
        ...(named[1] ? { day: Number(named[1]) } : {}),
        ...(named[3] ? { year: fullYear(named[3], thisYear) } : {}),
      },
    ]).filter((p) => p.day !== undefined || p.year !== undefined)
  const year = /^(1[89]\d\d|20\d\d)$/.exec(typed)
  return year ? [{ year: Number(year[1]) }] : []
}

/** True if a FHIR date (`1985`, `1985-03`, `1985-03-04`) fits the pattern. A part that was not recorded does not. */
export function bornOn(born: string, pattern: BirthDatePattern): boolean {
  const [year, month, day] = born.split('-').map(Number)
  return (
    (pattern.year === undefined || pattern.year === year) &&
    (pattern.month === undefined || pattern.month === month) &&
    (pattern.day === undefined || pattern.day === day)
  )
}

const months = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec']
const monthNames =
  'january february march april may june july august september october november december'.split(' ')

function monthOf(word: string): number | undefined {
  const at = months.indexOf(word.slice(0, 3))
  return at >= 0 && monthNames[at]!.startsWith(word) ? at + 1 : undefined
}

function dayAndMonth(first: number, second: number, year: number): BirthDatePattern[] {
  const readings = [{ year, month: second, day: first }]
  if (first !== second) readings.push({ year, month: first, day: second })
  return valid(readings)
}

function valid(patterns: BirthDatePattern[]): BirthDatePattern[] {
  return patterns.filter(
    ({ month, day }) =>
      (month === undefined || (month >= 1 && month <= 12)) && (day === undefined || (day >= 1 && day <= 31)),
  )
}

/** Nobody on the list is born in the future: `85` is 1985, `24` in 2026 is 2024. */
function fullYear(digits: string, thisYear: number): number {
  if (digits.length === 4) return Number(digits)
  const century = thisYear - (thisYear % 100)
  return century + Number(digits) > thisYear ? century - 100 + Number(digits) : century + Number(digits)
}
