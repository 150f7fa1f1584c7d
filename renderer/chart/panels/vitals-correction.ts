import { formatDate, formatTime } from '../../../domain/display/dates.ts'
import type { Entry } from '../../../domain/entries/entry.ts'
import { type Author, type Seen, withSeen } from '../author.ts'
import type { Reading } from '../measures.ts'
import { noVitals, type VitalsTyped } from '../vitals-form.ts'
import { zonedDateTime } from '../zoned-time.ts'
import { canBeChanged, changeOf, type News, newsSince, type SeenHeads } from './change.ts'

/** The correction of readings of one moment: which of them are wrong, and why. */
export type CorrectionDraft = {
  /** Subjects of the readings that are ticked. */
  wrong: { subjects: readonly string[] }
  why: { reason: string }
}

/** Can it be marked as entered in error? Not if it is already, nor if a newer version of the app has stated something of it (CM12). */
export function canBeStruck({ status, item }: Reading): boolean {
  return status !== 'entered-in-error' && canBeChanged(item.state)
}

/** Those of the readings that the draft calls wrong and that can be marked so, as the chart shows them now. */
export function wrongOf(draft: CorrectionDraft, readings: readonly Reading[]): Reading[] {
  return readings.filter(
    (reading) => canBeStruck(reading) && draft.wrong.subjects.includes(reading.item.subject),
  )
}

/** What others changed of the readings since they were seen; the part that each is about is its subject. */
export function newsOf(seen: ReadonlyMap<string, SeenHeads>, readings: readonly Reading[]): News[] {
  return readings.flatMap(({ item }) => {
    const news = newsSince(seen.get(item.subject) ?? new Map(), item.state)
    return news.length === 0 ? [] : [{ part: item.subject, by: news.find(({ by }) => by !== undefined)?.by }]
  })
}

/**
 * Marks readings as entered in error: one entry for each, which states its status alone, over the heads that the author
 * saw. A blood pressure is one reading. The value stays, and is shown struck through.
 */
export function strikeReadings(
  readings: readonly Reading[],
  reason: string,
  seen: Seen,
  author: Author,
): { reading: Reading; entry: Entry }[] {
  let view = seen
  return readings.map((reading) => {
    const aspects = { status: { status: 'entered-in-error' } }
    const entry = changeOf(reading.item.state, aspects, view, author, reason)
    view = withSeen(view, entry)
    return { reading, entry }
  })
}

/** The form that records them anew: the same time, in the zone of the chart, and the old values in the measures' units. */
export function typedAgain(readings: readonly Reading[], timeZone: string): VitalsTyped {
  const typed = { ...noVitals }
  for (const { at, ms, measure, value, diastolic } of readings) {
    // Of a day alone no time is made up.
    const wall = formatTime(at) === undefined ? at : zonedDateTime(ms, timeZone)
    typed.date = formatDate(wall)
    typed.time = formatTime(wall) ?? ''
    const text = value === undefined ? '' : String(value)
    if (measure === 'bloodPressure') {
      typed.systolic = text
      typed.diastolic = diastolic === undefined ? '' : String(diastolic)
    } else typed[measure] = text
  }
  return typed
}
