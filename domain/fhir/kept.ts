import { codeSystem } from './code-systems.ts'
import { asList, type FhirResource, hasCode } from './resource.ts'

/** Types of which every element is kept. Of Consent only the one about resuscitation; any other is left aside. */
export const keptTypes = [
  'Patient',
  'AllergyIntolerance',
  'MedicationRequest',
  'Condition',
  'Observation',
  'Procedure',
  'Immunization',
  'CareTeam',
  'Consent',
] as const
export type KeptType = (typeof keptTypes)[number]

/** A resource of which it is known that it is kept. */
export type KeptResource = FhirResource & { resourceType: KeptType }

/** Categories of `consentcategorycodes` that state what to do when the heart stops. */
const resuscitationCategories = ['dnr', 'polst', 'acd']

export function isKeptType(type: string): type is KeptType {
  return keptTypes.some((kept) => kept === type)
}

/** Does this product keep the resource, or does an import leave it aside? */
export function isKept(resource: FhirResource): resource is KeptResource {
  if (!isKeptType(resource.resourceType)) return false
  return resource.resourceType !== 'Consent' || isResuscitation(resource)
}

/** A Consent about resuscitation: scope `adr`, or a category do-not-resuscitate, POLST or advance directive. */
function isResuscitation(consent: FhirResource): boolean {
  return (
    hasCode(consent['scope'], codeSystem.consentScope, ['adr']) ||
    asList(consent['category']).some((c) => hasCode(c, codeSystem.consentCategory, resuscitationCategories))
  )
}
