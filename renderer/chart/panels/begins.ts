import type { ComboboxItem, OptionsFilter } from '@mantine/core'
import { fold } from '../../patients/fold.ts'

/** Finds an option by the begin of any word of its name, or of another name of it, without diacritics. */
export function beginsAnyWord(othersOf: (label: string) => readonly string[]): OptionsFilter {
  return ({ options, search }) => {
    const wanted = fold(search.trim())
    const fits = ({ label }: ComboboxItem) =>
      [label, ...othersOf(label)].some((name) => {
        const folded = fold(name)
        return folded.startsWith(wanted) || folded.split(/[\s(/]+/).some((word) => word.startsWith(wanted))
      })
    return options
      .map((option) => ('group' in option ? { ...option, items: option.items.filter(fits) } : option))
      .filter((option) => ('group' in option ? option.items.length > 0 : fits(option)))
  }
}
