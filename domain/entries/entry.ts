import { z } from 'zod'
import { idPattern, isDocumentName, parseDocumentName } from '../documents/document-name.ts'
import { canonicalJson, type Json, jsonProblem, sha256Base64url } from './canonical.ts'

/**
 * An entry is one immutable statement about one subject in one grow-only document. It names the aspects of the
 * subject that it asserts and, for these, the entries that it supersedes. Its id is the SHA-256 of its canonical
 * JSON, so that the same statement has the same name everywhere and cannot be altered under that name.
 */

/** The entry schema that this code writes, and the newest that it can read. */
export const entrySchema = 1
/** Version of the clinical merge rules that this code applies. */
export const mergeRules = 1

export const entryLimits = {
  /** Canonical JSON of one entry, in bytes of UTF-8. */
  entryBytes: 64 * 1024,
  aspects: 256,
  supersedes: 1024,
  /** A Lamport number may lie at most this far above the highest of its document (CM12). */
  lamportAhead: 2 ** 20,
} as const

export const entryIdPattern = /^[A-Za-z0-9_-]{43}$/
const aspectPattern = /^[a-z][A-Za-z]{0,31}(?:\/[A-Za-z0-9._-]{1,64})?$/
const typePattern = /^[A-Z][A-Za-z]{0,63}$/

const short = z.string().min(1).max(128)
const count = z.int().min(0).max(Number.MAX_SAFE_INTEGER)
const json = z.custom<Json>((value) => jsonProblem(value) === undefined, 'no JSON that can be hashed')

const entryShape = z
  .strictObject({
    schema: z.int().min(1).max(1_000_000),
    minReader: z.int().min(1).max(1_000_000),
    document: z.string().refine((name) => isDocumentName(parseDocumentName(name)), 'no document name'),
    subject: z.string().refine((subject) => parseSubject(subject) !== undefined, 'a subject is <Type>/<id>'),
    aspects: z.record(z.string().regex(aspectPattern, 'no aspect name'), json).refine((aspects) => {
      const names = Object.keys(aspects).length
      return names > 0 && names <= entryLimits.aspects
    }, `an entry asserts 1 to ${entryLimits.aspects} aspects`),
    supersedes: z
      .array(z.string().regex(entryIdPattern, 'no entry id'))
      .max(entryLimits.supersedes)
      .refine((ids) => new Set(ids).size === ids.length, 'an id stands twice in supersedes'),
    lamport: count.min(1),
    author: z.strictObject({ user: short, role: short, organisation: short }),
    device: short,
    deviceSeq: count,
    recordedAt: z.iso.datetime({ offset: true }),
    rules: z.int().min(1).max(1_000_000),
    source: short.optional(),
    reason: z.string().min(1).max(4096).optional(),
  })
  .refine((entry) => entry.minReader <= entry.schema, {
    path: ['minReader'],
    message: 'an entry can be read by whoever knows its own schema',
  })

export type Entry = {
  /** Version of this shape. */
  schema: number
  /** The oldest reader (schema version) that can understand this entry. */
  minReader: number
  document: string
  /** `<Type>/<id>`, for example `AllergyIntolerance/4ab…`. */
  subject: string
  /** Aspect name → its new value, an atomic group of FHIR elements. */
  aspects: { [aspect: string]: Json }
  /** Ids of the entries about this subject that the author had seen and that this one replaces, for its aspects. */
  supersedes: string[]
  /** Lamport number: one above the highest that the author had seen in this document. */
  lamport: number
  author: { user: string; role: string; organisation: string }
  device: string
  /** Sequence number on that device, for people who look for gaps. */
  deviceSeq: number
  /** The author's wall clock, RFC 3339 with offset. For people: it decides nothing. */
  recordedAt: string
  /** Version of the clinical merge rules that the author's app applied. */
  rules: number
  /** The system that an import spoke for (CM11). */
  source?: string
  reason?: string
}

/** Can this code understand an entry? If not, nothing but its document and subject may be relied on. */
export function isReadable(entry: Pick<Entry, 'minReader'>): boolean {
  return entry.minReader <= entrySchema
}

/** What the region adds to an entry when it has flushed it. */
export type Commit = { origin: string; seq: number; epoch: number }
export type CommittedEntry = { id: string; entry: Entry; commits: Commit[] }

export type EntryProblem = { code: 'schema' | 'limit' | 'unknown-schema'; detail: string }
export type ParsedEntry = { id: string; entry: Entry; canonical: string }

/**
 * Parses a proposal that came from outside. The answer holds the entry, its canonical JSON and its id, or one
 * problem in words for the person who has to mend it. Values of the entry never appear in the words.
 * @param given `text`: what the value was parsed from, which saves parsing it again if it is canonical; `hash`: a faster
 *   one than this code's own, with the same result
 */
export function parseEntry(
  value: unknown,
  given: { text?: string; hash?: (text: string) => string } = {},
): ParsedEntry | EntryProblem {
  const broken = jsonProblem(value)
  if (broken) return { code: 'schema', detail: broken }
  const schema = (value as { schema?: unknown } | null)?.schema
  if (typeof schema === 'number' && schema > entrySchema)
    return { code: 'unknown-schema', detail: `this region reads entries up to schema ${entrySchema}` }
  const parsed = entryShape.safeParse(value)
  if (!parsed.success) {
    const issue = parsed.error.issues[0]
    return {
      code: 'schema',
      detail: `${issue?.path.join('.') || 'entry'}: ${issue?.message ?? 'not an entry'}`,
    }
  }
  const canonical = canonicalJson(value as Json)
  if (utf8Length(canonical) > entryLimits.entryBytes)
    return { code: 'limit', detail: `an entry has at most ${entryLimits.entryBytes} bytes` }
  // The entry is read back from its canonical text, so that key order, and with it every encoding, is the same everywhere.
  const entry = (canonical === given.text ? value : JSON.parse(canonical)) as Entry
  return { id: (given.hash ?? sha256Base64url)(canonical), entry, canonical }
}

export function isParsedEntry(parsed: ParsedEntry | EntryProblem): parsed is ParsedEntry {
  return 'entry' in parsed
}

/** Id of an entry that this code has built itself. */
export function entryId(entry: Entry): string {
  return sha256Base64url(canonicalJson(entry as unknown as Json))
}

/** `Type` and `id` of a subject. */
export function parseSubject(subject: string): { type: string; id: string } | undefined {
  const [type, id, ...rest] = subject.split('/')
  if (!type || !id || rest.length > 0) return undefined
  return typePattern.test(type) && idPattern.test(id) ? { type, id } : undefined
}

function utf8Length(text: string): number {
  return new TextEncoder().encode(text).length
}
