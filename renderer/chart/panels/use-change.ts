import { useState } from 'react'
import type { SubjectState } from '../../../domain/entries/heads.ts'
import { headsOf, headsSeenBy, type News, newsSince, type SeenHeads } from './change.ts'
import type { Refused } from './panel.ts'
import { isTouched, type Parts, rebased, touchedParts } from './rebase.ts'

/** A form about something that is on the chart, while the chart goes on. */
export type ChangeForm<D extends Parts> = {
  draft: D
  /** What the author saw when the form was opened, or has seen since. */
  base: D
  /** Parts that the author has changed. */
  touched: readonly (keyof D & string)[]
  /** What somebody else has changed meanwhile and the author has not decided about. Nothing is saved while it stands. */
  news: readonly News[]
  /** Would what was typed replace something of the news? */
  clash: boolean
  change<P extends keyof D & string>(part: P, value: Partial<D[P]>): D
  /** The author has seen the news: what they typed stays. */
  keepMine(): void
  /** The author has seen the news: where it is about what they typed, it takes its place. */
  takeTheirs(): void
}

/** `read` makes the form of what the chart shows. `refused`: a change that was not accepted, and the form filled with it. */
export function useChangeForm<D extends Parts>(
  state: SubjectState,
  read: (state: SubjectState) => D,
  refused: Refused<D> | undefined,
): ChangeForm<D> {
  const [form, setForm] = useState<{ draft: D; base: D; seen: SeenHeads }>(() => ({
    base: read(state),
    draft: refused?.draft ?? read(state),
    seen: refused ? headsSeenBy(refused.entry, state) : headsOf(state),
  }))
  const { draft, base } = form
  const news = newsSince(form.seen, state)
  const parts = news.map(({ part }) => part)
  const goOn = (theirs: readonly string[]) => {
    const now = read(state)
    setForm({ draft: rebased(draft, base, now, theirs), base: now, seen: headsOf(state) })
  }
  return {
    draft,
    base,
    touched: touchedParts(draft, base),
    news,
    clash: parts.some((part) => part in draft && isTouched(draft, base, part)),
    change(part, value) {
      const next = { ...draft, [part]: { ...draft[part], ...value } }
      setForm({ ...form, draft: next })
      return next
    },
    keepMine: () => goOn([]),
    takeTheirs: () => goOn(parts),
  }
}
