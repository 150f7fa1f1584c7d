import { useState } from 'react'
import type { Reading } from '../measures.ts'
import { headsOf, headsSeenBy, type SeenHeads } from './change.ts'
import type { Refused } from './panel.ts'
import { touchedParts } from './rebase.ts'
import type { ChangeForm } from './use-change.ts'
import { type CorrectionDraft, newsOf } from './vitals-correction.ts'

const untouched: CorrectionDraft = { wrong: { subjects: [] }, why: { reason: '' } }

/** The form that corrects several readings, while the chart goes on: news of any of them has to be decided before a save. */
export function useCorrection(
  readings: readonly Reading[],
  refused: Refused<CorrectionDraft> | undefined,
): ChangeForm<CorrectionDraft> {
  const [form, setForm] = useState<{ draft: CorrectionDraft; seen: ReadonlyMap<string, SeenHeads> }>(() => ({
    draft: refused?.draft ?? untouched,
    seen: new Map(
      readings.map(({ item }) => [
        item.subject,
        refused?.entry.subject === item.subject
          ? headsSeenBy(refused.entry, item.state)
          : headsOf(item.state),
      ]),
    ),
  }))
  const { draft } = form
  const news = newsOf(form.seen, readings)
  const parts = news.map(({ part }) => part)
  const goOn = (theirs: readonly string[]) =>
    setForm({
      draft: { ...draft, wrong: { subjects: draft.wrong.subjects.filter((one) => !theirs.includes(one)) } },
      seen: new Map(readings.map(({ item }) => [item.subject, headsOf(item.state)])),
    })
  return {
    draft,
    base: untouched,
    touched: touchedParts(draft, untouched),
    news,
    clash: parts.some((part) => draft.wrong.subjects.includes(part)),
    change(part, value) {
      const next = { ...draft, [part]: { ...draft[part], ...value } }
      setForm({ ...form, draft: next })
      return next
    },
    keepMine: () => goOn([]),
    takeTheirs: () => goOn(parts),
  }
}
