import type { Json } from '../entries/canonical.ts'
import { asObject, asObjects, asText } from '../fhir/resource.ts'

/** What a person reads for a CodeableConcept: its text, else a coding's display, else a code. */
export function conceptText(concept: Json | undefined): string | undefined {
  const codings = asObjects(asObject(concept)?.['coding'])
  const chosen = [...codings.filter((c) => c['userSelected'] === true), ...codings]
  return (
    asText(asObject(concept)?.['text']) ??
    chosen.map((c) => asText(c['display'])).find((d) => d !== undefined) ??
    chosen.map((c) => asText(c['code'])).find((c) => c !== undefined)
  )
}
