import { asText, type FhirResource } from '../../domain/fhir/resource.ts'

/** The date of death, true if only the fact is recorded. */
export function diedOf(patient: FhirResource): string | true | undefined {
  const date = asText(patient['deceasedDateTime'])
  return date ?? (patient['deceasedBoolean'] === true ? true : undefined)
}
