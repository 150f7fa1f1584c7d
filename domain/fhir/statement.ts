import { isDocumentName, parseDocumentName, patientOf } from '../documents/document-name.ts'
import { canonicalJson, type Json, sameJson } from '../entries/canonical.ts'
import { type CommittedEntry, entryLimits } from '../entries/entry.ts'
import type { SubjectState } from '../entries/heads.ts'
import { aspectsOf } from './aspect-table.ts'
import { decompose } from './decompose.ts'
import { patientIdOf } from './patient-of-resource.ts'
import type { FhirResource } from './resource.ts'

export type Statement =
  /** This source speaks about the subject for the first time, or otherwise than before: one entry. */
  | { outcome: 'new' | 'changed'; aspects: { [aspect: string]: Json }; supersedes: string[] }
  /** It said exactly this before: no entry. */
  | { outcome: 'unchanged' }
  /** It cannot become an entry. `detail` is for the person who has to mend it and holds no patient data. */
  | { outcome: 'refused'; detail: string }

/** Room in an entry for all that is not aspects. */
const envelopeBytes = 4096
const bytesForEachId = 46

/**
 * What a source's resource says against what is known (CM11: a source speaks for itself only). Each aspect is
 * compared with what this source itself said last, whoever may have superseded it since; only that is superseded.
 * The resource has an id and names its patient.
 */
export function statementOf(
  resource: FhirResource,
  state: SubjectState | undefined,
  source: string,
): Statement {
  const { type, aspects } = decompose(resource)
  const conflict = state ? immutableConflict(resource, aspects, state) : undefined
  if (conflict) return { outcome: 'refused', detail: conflict }
  const own = ownHeads(state, source)
  const changed: { [aspect: string]: Json } = {}
  const supersedes = new Set<string>()
  for (const aspect of new Set([...aspects.keys(), ...own.keys()])) {
    const said = own.get(aspect) ?? []
    const value = aspects.get(aspect) ?? null
    if (said.length > 0 && said.every((head) => sameJson(head.entry.aspects[aspect], value))) continue
    changed[aspect] = value
    for (const head of said) supersedes.add(head.id)
  }
  if (Object.keys(changed).length === 0) return { outcome: 'unchanged' }
  const tooLarge = sizeProblem(type, changed, supersedes.size)
  if (tooLarge) return { outcome: 'refused', detail: tooLarge }
  return {
    outcome: own.size === 0 ? 'new' : 'changed',
    aspects: changed,
    supersedes: [...supersedes].sort(),
  }
}

/** Aspect → the statements of this source about it that no other statement of the same source replaced. */
function ownHeads(state: SubjectState | undefined, source: string): Map<string, CommittedEntry[]> {
  const own = [...(state?.entries.values() ?? [])].filter(({ entry }) => entry.source === source)
  const heads = new Map<string, CommittedEntry[]>()
  for (const said of own)
    for (const aspect of Object.keys(said.entry.aspects)) {
      const replaced = own.some(
        ({ entry }) => Object.hasOwn(entry.aspects, aspect) && entry.supersedes.includes(said.id),
      )
      if (!replaced) heads.set(aspect, [...(heads.get(aspect) ?? []), said])
    }
  return heads
}

/** Says which unchangeable thing a resource would change about a subject that is known already, or nothing. */
function immutableConflict(
  resource: FhirResource,
  aspects: ReadonlyMap<string, Json>,
  state: SubjectState,
): string | undefined {
  const { resourceType: type } = resource
  for (const { entry } of state.entries.values()) {
    const document = parseDocumentName(entry.document)
    const patient = isDocumentName(document) ? patientOf(document) : undefined
    if (patient !== undefined && patient !== patientIdOf(resource)) return anotherPatient(type)
  }
  for (const aspect of aspectsOf(type).immutable)
    for (const head of state.heads.get(aspect) ?? []) {
      const known = head.entry.aspects[aspect] ?? null
      if (known !== null && !sameJson(known, aspects.get(aspect) ?? null))
        return `the ${aspect} of an ${type} cannot be changed: mark this one as entered in error and enter it anew`
    }
  return undefined
}

function sizeProblem(
  type: string,
  aspects: { [aspect: string]: Json },
  superseded: number,
): string | undefined {
  if (Object.keys(aspects).length > entryLimits.aspects) return tooManyItems(type)
  const bytes = new TextEncoder().encode(canonicalJson(aspects)).length
  return bytes + superseded * bytesForEachId + envelopeBytes > entryLimits.entryBytes
    ? tooLarge(type)
    : undefined
}

/** Words for a resource whose id is that of another patient's. */
export function anotherPatient(type: string): string {
  return `this ${type} is about another patient here: what it is about cannot be changed; enter it anew under another id`
}

/** Words for a resource whose lists have more items than an entry has aspects. */
export function tooManyItems(type: string): string {
  return `this ${type} has too many list items: an entry holds ${entryLimits.aspects} aspects`
}

/** Words for a resource that no entry can hold. */
export function tooLarge(type: string): string {
  return `this ${type} is too large: an entry has at most ${entryLimits.entryBytes} bytes`
}
