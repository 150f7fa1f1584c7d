import { hash } from 'node:crypto'
import { isDocumentName, parseDocumentName, patientOf } from '../../domain/documents/document-name.ts'
import {
  canonicalJson,
  type Json,
  jsonProblem,
  sameJson,
  sha256Base64url,
} from '../../domain/entries/canonical.ts'
import {
  type Entry,
  entryLimits,
  isParsedEntry,
  type ParsedEntry,
  parseEntry,
  parseSubject,
} from '../../domain/entries/entry.ts'
import { aspectsOf } from '../../domain/fhir/aspect-table.ts'
import { compose } from '../../domain/fhir/compose.ts'
import { isKeptType } from '../../domain/fhir/kept.ts'
import { patientIdOf } from '../../domain/fhir/patient-of-resource.ts'
import { documentFor } from '../../domain/fhir/place.ts'
import type { Proposal, Refusal, RefusalCode } from '../../domain/wire/wire.ts'
import type { Identity } from '../identity/tokens.ts'

/**
 * Whether a proposed entry may be committed: pure decisions, each proposal by itself. First its form (nothing has to
 * be known), then its place among what this region knows. Reasons never hold values of the entry.
 */

/** What must be known to judge one entry. */
export type Facts = {
  /** The patient whose document this is was erased. */
  erased: boolean
  /** Home group of the patient whose document this is; undefined if nobody has heard of the patient. */
  patientGroup: string | undefined
  /** Highest Lamport number in the document. */
  highestLamport: number
  /** Document in which the first statement about the subject stands. */
  subjectDocument: string | undefined
  /** Superseded entry → what it is about, undefined if it is not here (yet). */
  superseded: (entryId: string) => string | undefined
  /** Value of an immutable aspect of this subject, undefined if none was stated. */
  immutable: (aspect: string) => Json | undefined
}

export type Verdict = { homeGroup: string } | Refusal

/** A proposal in a frame: canonical text and the id that it claims. */
export function examineText({ id, text }: Proposal): ParsedEntry | Refusal {
  // UTF-8 is never shorter than UTF-16 in units: what is too long here need not be parsed to be refused.
  if (text.length > entryLimits.entryBytes)
    return refusal(id, 'limit', `an entry has at most ${entryLimits.entryBytes} bytes`)
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return refusal(id, 'schema', 'the proposal is no JSON')
  }
  const parsed = parseEntry(value, { text, hash: nativeHash })
  if (!isParsedEntry(parsed)) return refusal(id, parsed.code, parsed.detail)
  if (parsed.canonical !== text)
    return refusal(id, 'schema', 'the proposal is not in canonical form (RFC 8785)')
  if (parsed.id !== id) return refusal(id, 'hash', 'the id is not the SHA-256 of the canonical entry')
  return parsed
}

/** The hash of an entry by Node's own cryptography: several times as fast as the one that runs in browsers too. */
const nativeHash = (text: string) => hash('sha256', text, 'base64url')

/** A proposal in a JSON body, where the region itself makes the id. What has no id is called by its place. */
export function examineValue(value: unknown, place: string): ParsedEntry | Refusal {
  const parsed = parseEntry(value, { hash: nativeHash })
  if (isParsedEntry(parsed)) return parsed
  const id = jsonProblem(value) === undefined ? sha256Base64url(canonicalJson(value as Json)) : place
  return refusal(id, parsed.code, parsed.detail)
}

/** May this person state this, here, now? The home group in the answer is the one that the entry belongs to. */
export function judge({ id, entry }: ParsedEntry, facts: Facts, identity: Identity): Verdict {
  const no = (code: RefusalCode, detail: string) => refusal(id, code, detail)
  const place = parseDocumentName(entry.document)
  const subject = parseSubject(entry.subject)
  if (!isDocumentName(place) || !subject) return no('schema', 'document or subject is no name')
  if (entry.minReader > entry.schema) return no('schema', 'minReader is above schema: nobody could read this')
  if (!speaksAs(entry, identity)) return no('author', 'the author is not the one whose token this is')
  if (entry.source !== undefined && identity.sources !== 'any' && !identity.sources.includes(entry.source))
    return no('forbidden', 'this account may not speak for that source')
  if (place.kind === 'note') return no('forbidden', 'notes are written as Yjs updates, not as entries')
  if (place.kind === 'group') return no('forbidden', 'group documents are written by regions only')
  if (!mayHold(place.kind, subject.type)) return no('schema', `a ${place.kind} holds no ${subject.type}`)

  const patient = patientOf(place)
  if (facts.erased) return no('erased', 'this patient was erased: nothing about them is kept any more')
  const homeGroup = homeGroupFor(entry, patient, facts, identity)
  if (homeGroup === undefined) return no('unknown-document', 'no such patient is known here')
  if (patient !== undefined) {
    const misplaced = misplacedIn(entry, patient, facts)
    if (misplaced) return no('schema', misplaced)
  }
  if (entry.lamport > facts.highestLamport + entryLimits.lamportAhead)
    return no(
      'lamport',
      `a Lamport number is at most ${entryLimits.lamportAhead} above its document's highest`,
    )
  for (const superseded of entry.supersedes) {
    const about = facts.superseded(superseded)
    if (about !== undefined && about !== entry.subject)
      return no('supersedes', 'an entry can only supersede statements about its own subject')
  }
  for (const aspect of aspectsOf(subject.type).immutable) {
    const value = entry.aspects[aspect]
    const known = facts.immutable(aspect)
    if (value !== undefined && known !== undefined && known !== null && !sameJson(known, value))
      return no(
        'immutable',
        `the ${aspect} of an ${subject.type} cannot be changed: mark this one as entered in error and enter it anew`,
      )
  }
  return { homeGroup }
}

export function isRefusal(answer: ParsedEntry | Verdict | Refusal): answer is Refusal {
  return 'retry' in answer
}

export function refusal(id: string, code: RefusalCode, detail: string, retry = false): Refusal {
  return { id, code, detail, retry }
}

/** The organisation is the author's own word: a session does not name one, and a clinician may act for several. */
function speaksAs({ author }: Entry, identity: Identity): boolean {
  return author.user === identity.user && author.role === identity.role
}

function mayHold(kind: 'chart' | 'journal' | 'notices' | 'thread', type: string): boolean {
  if (kind === 'thread') return type === 'Communication'
  if (!isKeptType(type)) return false
  const isJournal = documentFor({ resourceType: type }, 'x').startsWith('journal/')
  return isJournal === (kind === 'journal')
}

/** A patient's entries belong to the patient's group; who states a new patient's identity brings it into the own group. */
function homeGroupFor(
  entry: Entry,
  patient: string | undefined,
  facts: Facts,
  identity: Identity,
): string | undefined {
  if (patient === undefined) return identity.homeGroups[0]
  if (facts.patientGroup !== undefined) return facts.patientGroup
  const creates = entry.document === `chart/${patient}` && entry.subject === `Patient/${patient}`
  return creates ? identity.homeGroups[0] : undefined
}

/** Says why a statement stands in the wrong document of a patient, or nothing. */
function misplacedIn(entry: Entry, patient: string, facts: Facts): string | undefined {
  const resource = compose(entry.subject, new Map(Object.entries(entry.aspects)))
  const named = patientIdOf(resource)
  if (named !== undefined && named !== patient) return 'the statement names another patient than its document'
  if (entry.document.startsWith('notices/')) return undefined
  const first = facts.subjectDocument
  if (first !== undefined && !first.startsWith('notices/'))
    return first === entry.document
      ? undefined
      : 'statements about this subject stand in another document: they follow the first one there'
  return documentFor(resource, patient) === entry.document
    ? undefined
    : 'the year of a first statement decides its journal, and this is another one'
}
