import MiniSearch from 'minisearch'
import { bornOn, readBirthDate } from './birth-date.ts'
import { fold, foldedWords } from './fold.ts'
import type { PatientRow } from './worklist.ts'

/** Finds patients by name, date of birth or identifier, while somebody types. */
export type PatientSearch = (query: string) => readonly PatientRow[]

/**
 * An index over a list. An empty query gives the whole list by name. Words of a name may be incomplete, without
 * diacritics, in any order, and from four letters on with one letter wrong; all of them must fit. A date of birth may
 * stand among them. An identifier may be typed with or without its spaces and dashes, from its third character on.
 *
 * What can be known of a list beforehand is computed here, once: a query costs a look-up and a walk over the list.
 */
export function createPatientSearch(rows: readonly PatientRow[], thisYear: number): PatientSearch {
  const alphabet = new Intl.Collator()
  const lines = rows
    .map((row) => ({ row, name: fold(row.name), identifier: row.identifier && bare(row.identifier) }))
    .sort((a, b) => alphabet.compare(a.name, b.name) || (a.row.id < b.row.id ? -1 : 1))
  const byName = lines.map(({ row }) => row)
  const byId = new Map(rows.map((row) => [row.id, row]))
  const index = new MiniSearch<{ id: string; name: string }>({
    fields: ['name'],
    tokenize: foldedWords,
    processTerm: (term) => term,
  })
  index.addAll(rows.map(({ id, name }) => ({ id, name })))

  return (query) => {
    const typed = query.trim()
    if (typed === '') return byName
    const { words, dates } = wordsAndDate(typed, thisYear)
    const named = words.length === 0 ? byName : searchNames(words)
    const found =
      dates.length === 0
        ? named
        : named.filter(({ born }) => born !== undefined && dates.some((date) => bornOn(born, date)))
    const listed = new Set(words.length === 0 && dates.length === 0 ? [] : found)
    const wanted = bare(typed)
    const byNumber =
      wanted.length < 3
        ? []
        : lines.filter(({ row, identifier }) => identifier?.includes(wanted) && !listed.has(row))
    return [...byNumber.map(({ row }) => row), ...listed]
  }

  function searchNames(words: readonly string[]): PatientRow[] {
    return index
      .search(words.join(' '), {
        combineWith: 'AND',
        prefix: true,
        fuzzy: (term) => (term.length >= 4 && !/\d/.test(term) ? 1 : false),
      })
      .flatMap(({ id }) => byId.get(String(id)) ?? [])
  }
}

/** Takes a date of birth out of a query: the longest run of words that is one. What is left are words of a name. */
function wordsAndDate(typed: string, thisYear: number) {
  const parts = typed.split(/[\s,]+/).filter((part) => part !== '')
  for (let length = Math.min(3, parts.length); length >= 1; length--)
    for (let from = 0; from + length <= parts.length; from++) {
      const dates = readBirthDate(parts.slice(from, from + length).join(' '), thisYear)
      if (dates.length === 0) continue
      const rest = [...parts.slice(0, from), ...parts.slice(from + length)]
      return { words: foldedWords(rest.join(' ')), dates }
    }
  return { words: foldedWords(typed), dates: [] }
}

function bare(identifier: string): string {
  return fold(identifier).replaceAll(/[^a-z0-9]/g, '')
}
