import { z } from 'zod'
import { type Entry, isParsedEntry, parseEntry } from '../../domain/entries/entry.ts'
import type { RefusalCode } from '../../domain/wire/wire.ts'
import type { Rung } from '../sync/ladder.ts'

/** How far a change got, as far as it needs to be known after a restart. */
export type StoredRung =
  | Exclude<Rung, { at: 'saved' }>
  // Which other regions have it is heard again.
  | Omit<Extract<Rung, { at: 'saved' }>, 'also'>

export type StoredChange = {
  /** Id of the entry. */
  id: string
  entry: Entry
  patientId: string
  /** What it is about, in words. */
  about: string
  /** When it reached its rung, ms since 1970. */
  at: number
  rung: StoredRung
}

const rungShape = z.discriminatedUnion('at', [
  z.object({ at: z.literal('device') }),
  z.object({ at: z.literal('saved'), region: z.string() }),
  z.object({
    at: z.literal('refused'),
    // A newer region may have codes that this app does not know. They are kept as they came: the detail says it in words.
    code: z.custom<RefusalCode>((code) => typeof code === 'string'),
    detail: z.string(),
  }),
])

const packedShape = z.object({
  /** Canonical JSON of the entry, from which its id is computed again. */
  entry: z.string(),
  patientId: z.string(),
  about: z.string(),
  at: z.number(),
  rung: rungShape,
})

/** The text under which a change is sealed, or why it could not be read back. Words hold no values of the entry. */
export function packChange(change: StoredChange): { text: string } | { problem: string } {
  const { id, entry, patientId, about, at, rung } = change
  const parsed = parseEntry(entry)
  if (!isParsedEntry(parsed)) return { problem: parsed.detail }
  if (parsed.id !== id) return { problem: 'the id is not the id of the entry' }
  const packed: z.input<typeof packedShape> = { entry: parsed.canonical, patientId, about, at, rung }
  return { text: JSON.stringify(packed) }
}

/** The change of a text, or undefined if it is none that this app understands. */
export function unpackChange(text: string): StoredChange | undefined {
  const packed = packedShape.safeParse(parseJson(text))
  if (!packed.success) return undefined
  const parsed = parseEntry(parseJson(packed.data.entry), { text: packed.data.entry })
  return isParsedEntry(parsed) ? { ...packed.data, id: parsed.id, entry: parsed.entry } : undefined
}

/** Undefined for what is no JSON. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
