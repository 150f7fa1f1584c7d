/**
 * Names of documents: `<kind>/<id>[/<year>]`. The kind decides what a document holds and what a partition means for it.
 *
 * | kind | name | guarded | free Yjs |
 * |---|---|---|---|
 * | chart | `chart/<patientId>` | yes | no |
 * | journal | `journal/<patientId>/<year>` or `/undated` | no | no |
 * | notices | `notices/<patientId>` | no | no |
 * | thread | `thread/<threadId>` | no | no |
 * | note | `note/<noteId>` | no | yes |
 * | group | `group/<homeGroup>` | written by regions only | no |
 */

export const documentKinds = ['chart', 'journal', 'notices', 'thread', 'note', 'group'] as const

export type DocumentName =
  | { kind: 'chart' | 'notices' | 'thread' | 'note' | 'group'; id: string; name: string }
  | { kind: 'journal'; id: string; year: string; name: string }

export type NameProblem = { problem: 'unknown-kind' | 'malformed'; detail: string }

/** One id inside a document name or a subject: 1 to 64 of `A-Z a-z 0-9 . -`. `.` and `..` are refused: they are paths. */
export const idPattern = /^(?!\.{1,2}$)[A-Za-z0-9.-]{1,64}$/
const yearPattern = /^(?:[0-9]{4}|undated)$/

/**
 * Reads a document name as it stands in a URL path or a frame, already percent-decoded once.
 * Unknown kinds and malformed names are values, because the gateway answers them differently.
 */
export function parseDocumentName(name: string): DocumentName | NameProblem {
  const parts = name.split('/')
  const kind = documentKinds.find((k) => k === parts[0])
  if (!kind) return { problem: 'unknown-kind', detail: `a document is one of ${documentKinds.join(', ')}` }
  const id = parts[1]
  if (id === undefined || !idPattern.test(id))
    return { problem: 'malformed', detail: 'the id has 1 to 64 characters of A-Z a-z 0-9 . -' }
  if (kind === 'journal') {
    const year = parts[2]
    if (parts.length !== 3 || year === undefined || !yearPattern.test(year))
      return { problem: 'malformed', detail: 'a journal is journal/<patientId>/<year or undated>' }
    return { kind, id, year, name }
  }
  if (parts.length !== 2) return { problem: 'malformed', detail: `a ${kind} is ${kind}/<id>` }
  return { kind, id, name }
}

/** True for a parsed name, false for a {@link NameProblem}. */
export function isDocumentName(parsed: DocumentName | NameProblem): parsed is DocumentName {
  return 'kind' in parsed
}

/** The patient whom a document is about, or undefined for threads, notes and groups. */
export function patientOf(name: DocumentName): string | undefined {
  return name.kind === 'chart' || name.kind === 'journal' || name.kind === 'notices' ? name.id : undefined
}

/** Grow-only documents hold entries; only `note` is free Yjs. */
export function isGrowOnly(name: DocumentName): boolean {
  return name.kind !== 'note'
}

/** Guarded documents turn read-only where the right to write cannot be proved. */
export function isGuarded(name: DocumentName): boolean {
  return name.kind === 'chart'
}

export const chartOf = (patientId: string) => `chart/${patientId}`
export const journalOf = (patientId: string, year: string) => `journal/${patientId}/${year}`
export const noticesOf = (patientId: string) => `notices/${patientId}`
