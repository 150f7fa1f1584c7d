import { defaultRangeExtractor, type Range, useVirtualizer } from '@tanstack/react-virtual'
import { type RefObject, useCallback, useLayoutEffect, useRef, useState } from 'react'

export type RowInWindow<T> = {
  row: T
  index: number
  /** Room of the rows between this one and the one drawn before it, in px. */
  before: number
}

/** Rows drawn beyond what is in sight: the next ones by Tab and arrow keys are always there. */
const overscan = 8

/**
 * Which rows of a long table are drawn, in the nearest `main` that scrolls, and the focus among them. Rows may have any
 * height: each is measured once it is drawn.
 */
export function useRowWindow<T extends { id: string }>(props: {
  body: RefObject<HTMLTableSectionElement | null>
  rows: readonly T[]
  /** Usual height of a row, in px. */
  estimate: number
}) {
  const { body, rows, estimate } = props
  /** From the top of what scrolls to the first row, in px. */
  const [above, setAbove] = useState(0)
  const wanted = useRef<number | undefined>(undefined)

  const focused = useCallback(() => {
    const row = document.activeElement?.closest('tr')
    const index = row && body.current?.contains(row) ? Number(row.dataset['index']) : undefined
    return Number.isInteger(index) ? index : undefined
  }, [body])

  const virtualizer = useVirtualizer<HTMLElement, HTMLTableRowElement>({
    count: rows.length,
    getScrollElement: () => scrollerOf(body.current),
    estimateSize: () => estimate,
    getItemKey: (index) => rows[index]?.id ?? index,
    overscan,
    scrollMargin: above,
    useFlushSync: false,
    rangeExtractor: (range: Range) => withFocus(defaultRangeExtractor(range), focused(), range.count),
  })

  useLayoutEffect(() => {
    const scroller = scrollerOf(body.current)
    if (!body.current || !scroller) return
    const top =
      body.current.getBoundingClientRect().top - scroller.getBoundingClientRect().top + scroller.scrollTop
    setAbove(Math.round(top))
  })

  useLayoutEffect(() => {
    if (wanted.current === undefined) return
    const link = linkIn(body.current, wanted.current)
    if (!link) return
    wanted.current = undefined
    link.focus()
  })

  const focusRow = (index: number) => {
    const link = linkIn(body.current, index)
    if (link) return link.focus()
    wanted.current = index
    virtualizer.scrollToIndex(index)
  }

  const drawn = virtualizer.getVirtualItems()
  let end = above
  const items = drawn.flatMap((item): RowInWindow<T>[] => {
    const row = rows[item.index]
    const before = item.start - end
    end = item.end
    return row ? [{ row, index: item.index, before }] : []
  })
  const after = rows.length === 0 ? 0 : above + virtualizer.getTotalSize() - end
  return { items, after, focused, focusRow, measure: virtualizer.measureElement }
}

function scrollerOf(body: HTMLElement | null): HTMLElement | null {
  return body?.closest('main') ?? null
}

function linkIn(body: HTMLElement | null, index: number): HTMLAnchorElement | null {
  return body?.querySelector<HTMLAnchorElement>(`tr[data-index="${index}"] a`) ?? null
}

/** Without what has the focus the next key would go nowhere; without its neighbours Tab would leave the table. */
function withFocus(indexes: number[], focused: number | undefined, count: number): number[] {
  if (focused === undefined) return indexes
  const kept = [focused - 1, focused, focused + 1].filter((index) => index >= 0 && index < count)
  return [...new Set([...indexes, ...kept])].sort((a, b) => a - b)
}
