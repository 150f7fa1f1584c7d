import type { Entry } from '../../domain/entries/entry.ts'
import { parseOrigin } from '../../domain/entries/origin.ts'
import type { Ack, Refusal, RefusalCode } from '../../domain/wire/wire.ts'

/**
 * The ladder: how far each change of this person on this device got. A rung is climbed by an acknowledgement that names
 * it, never by inference.
 *
 * ```
 * on this device ──ack──▶ saved in <region of the ack's origin> ──replicated──▶ also in <other regions>
 *    ▲  └──refuse──▶ not accepted ──dismiss──▶ (gone)
 *    └─────────retry──────┘
 * ```
 */
export type Rung =
  | { at: 'device' }
  | { at: 'saved'; region: string; also: readonly string[] }
  | { at: 'refused'; code: RefusalCode; detail: string }

export type Change = {
  id: string
  entry: Entry
  patientId: string
  /** What it is about, in words of the catalogue and of the clinician: "Allergy to Penicillin". */
  about: string
  rung: Rung
  /** When it reached this rung, ms since 1970. */
  since: number
}

export type Ladder = ReadonlyMap<string, Change>

export type LadderEvent =
  | { type: 'proposed'; changes: readonly Omit<Change, 'since'>[] }
  /** `by`: the region that acknowledged. It has them too, whichever region had them first. */
  | { type: 'acked'; acks: readonly Ack[]; by: string }
  /** Other regions have flushed it too. */
  | { type: 'elsewhere'; ids: readonly string[]; regions: readonly string[] }
  | { type: 'refused'; refusals: readonly Refusal[] }
  | { type: 'retried'; ids: readonly string[] }
  | { type: 'dismissed'; ids: readonly string[] }

/** The ladder after an event. What names a change that is not on it changes nothing; neither does repetition. */
export function climb(ladder: Ladder, event: LadderEvent, now: number): Ladder {
  const next = new Map(ladder)
  const put = (id: string, rung: Rung) => {
    const change = next.get(id)
    if (change) next.set(id, { ...change, rung, since: now })
  }
  switch (event.type) {
    case 'proposed':
      for (const change of event.changes)
        if (!next.has(change.id)) next.set(change.id, { ...change, since: now })
      break
    case 'acked':
      for (const ack of event.acks) {
        // The same entry may be saved in two regions; the first one stays what is shown.
        const rung = next.get(ack.id)?.rung
        const region = parseOrigin(ack.origin)?.region ?? ack.origin
        const saved = rung?.at === 'saved' ? rung : { at: 'saved' as const, region, also: [] }
        const also = [...new Set([...saved.also, region, event.by])].filter((name) => name !== saved.region)
        if (rung?.at !== 'saved' || also.length > saved.also.length)
          put(ack.id, { ...saved, also: also.sort() })
      }
      break
    case 'elsewhere':
      for (const id of event.ids) {
        const rung = next.get(id)?.rung
        if (rung?.at !== 'saved') continue
        const also = [...new Set([...rung.also, ...event.regions])].filter((region) => region !== rung.region)
        if (also.length > rung.also.length) put(id, { ...rung, also: also.sort() })
      }
      break
    case 'refused':
      for (const { id, code, detail } of event.refusals)
        if (next.get(id)?.rung.at !== 'saved') put(id, { at: 'refused', code, detail })
      break
    case 'retried':
      for (const id of event.ids) if (next.get(id)?.rung.at === 'refused') put(id, { at: 'device' })
      break
    case 'dismissed':
      // Also one that another window has just put on its way again: it is in no outbox any more.
      for (const id of event.ids) if (next.get(id)?.rung.at !== 'saved') next.delete(id)
      break
  }
  return next
}

/** Changes that have not reached a region yet. */
export function onTheWay(ladder: Ladder): Change[] {
  return [...ladder.values()].filter((change) => change.rung.at === 'device')
}

/** Changes that one region has, and of which no other one has said so yet. */
export function savedOnce(ladder: Ladder): Change[] {
  return [...ladder.values()].filter(({ rung }) => rung.at === 'saved' && rung.also.length === 0)
}

export function notAccepted(ladder: Ladder): Change[] {
  return [...ladder.values()].filter((change) => change.rung.at === 'refused')
}

/** How long the word of the last rung stays beside a change, in ms. */
export const lastRungStaysMs = 60_000
