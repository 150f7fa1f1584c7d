import { idPattern } from '../documents/document-name.ts'
import { aspectsOf } from './aspect-table.ts'
import { asObject, asText, type FhirResource } from './resource.ts'

/**
 * Id of the patient whom a resource is about: of a Patient its own, else from `patient` or `subject`, which must be
 * a relative reference `Patient/<id>`. Nothing if there is none, or if the two elements name different patients.
 */
export function patientIdOf(resource: FhirResource): string | undefined {
  if (aspectsOf(resource.resourceType).patient === 'id')
    return resource.id !== undefined && idPattern.test(resource.id) ? resource.id : undefined
  const { patient, subject } = resource
  const named = [patient, subject].filter((element) => element !== undefined).map(referredPatient)
  return named.every((id) => id === named[0]) ? named[0] : undefined
}

function referredPatient(element: FhirResource[string]): string | undefined {
  const id = /^Patient\/([^/]+)(?:\/_history\/[^/]+)?$/.exec(
    asText(asObject(element)?.['reference']) ?? '',
  )?.[1]
  return id !== undefined && idPattern.test(id) ? id : undefined
}
