import { codeSystem } from '../fhir/code-systems.ts'
import { asObjects, asText, codeIn, type FhirResource, hasCode } from '../fhir/resource.ts'
import { conceptText } from './concept.ts'

/** What the banner says about allergies: exactly one of four (PAB-0064). */
export const allergyLabels = {
  known: 'Known allergies',
  none: 'No known allergies',
  notRecorded: 'Allergies not recorded',
  unavailable: 'Allergies unavailable',
} as const
export type AllergyLabel = keyof typeof allergyLabels

/** SNOMED CT: no known allergy (any, drug, environmental …, food). */
const negations = ['716186003', '409137002', '428607008', '429625007']

/** Does this statement say that there is no allergy? */
function isNegation(allergy: FhirResource): boolean {
  return hasCode(allergy['code'], codeSystem.snomed, negations)
}

/** Refuted and entered in error are shown, struck through, but do not count. */
function countsAsKnown(allergy: FhirResource): boolean {
  return !hasCode(allergy['verificationStatus'], codeSystem.allergyVerification, [
    'refuted',
    'entered-in-error',
  ])
}

/**
 * The label for a patient's AllergyIntolerances. An allergy outranks a negation. `available` is false whenever the
 * replica is partial, unverified or of unknown age: then nothing may be concluded from what it lacks.
 */
export function allergyLabel(allergies: readonly FhirResource[], available: boolean): AllergyLabel {
  if (!available) return 'unavailable'
  const counted = allergies.filter(countsAsKnown)
  if (counted.some((allergy) => !isNegation(allergy))) return 'known'
  return counted.length > 0 ? 'none' : 'notRecorded'
}

export type AllergySummary = {
  substance: string | undefined
  criticality: string | undefined
  clinicalStatus: string | undefined
  verificationStatus: string | undefined
  category: string[]
  reactions: { manifestations: string[]; severity: string | undefined; onset: string | undefined }[]
  /** Refuted or entered in error: to be struck through. */
  struck: boolean
  negation: boolean
  recorded: string | undefined
  recorder: string | undefined
}

export function allergySummary(allergy: FhirResource): AllergySummary {
  return {
    substance: conceptText(allergy['code']),
    criticality: asText(allergy['criticality']),
    clinicalStatus: codeIn(allergy['clinicalStatus'], codeSystem.allergyClinical),
    verificationStatus: codeIn(allergy['verificationStatus'], codeSystem.allergyVerification),
    category: textsOf(allergy['category']),
    reactions: asObjects(allergy['reaction']).map((reaction) => ({
      manifestations: asObjects(reaction['manifestation']).flatMap((m) => conceptText(m) ?? []),
      severity: asText(reaction['severity']),
      onset: asText(reaction['onset']),
    })),
    struck: !countsAsKnown(allergy),
    negation: isNegation(allergy),
    recorded: asText(allergy['recordedDate']),
    recorder: displayOf(allergy['recorder']) ?? displayOf(allergy['asserter']),
  }
}

function textsOf(list: FhirResource[string]): string[] {
  return Array.isArray(list) ? list.flatMap((part) => asText(part) ?? []) : []
}

function displayOf(reference: FhirResource[string]): string | undefined {
  return asObjects(reference === undefined ? [] : [reference]).flatMap((r) => asText(r['display']) ?? [])[0]
}
