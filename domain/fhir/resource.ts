import type { Json, JsonObject } from '../entries/canonical.ts'

/**
 * A FHIR R4 resource as it came: every element is kept, known or not, so it is typed as JSON. Who wants to read one
 * element uses the readers below, which answer with nothing where the shape is another one.
 */
export type FhirResource = { resourceType: string; id?: string; [element: string]: Json | undefined }

const typePattern = /^[A-Z][A-Za-z]{0,63}$/

/** True for an object that says which type of resource it is, and whose id, if any, is text. */
export function isResource(value: unknown): value is FhirResource {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false
  const { resourceType, id } = value as { resourceType?: unknown; id?: unknown }
  if (typeof resourceType !== 'string' || !typePattern.test(resourceType)) return false
  return id === undefined || typeof id === 'string'
}

/** A copy that is JSON: elements that are undefined are left out. */
export function jsonOf(resource: FhirResource): JsonObject {
  const json: JsonObject = {}
  for (const [element, value] of Object.entries(resource)) if (value !== undefined) json[element] = value
  return json
}

/** The value if it is an object, else nothing. */
export function asObject(value: Json | undefined): JsonObject | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : undefined
}

/** The value if it is an array, else an empty one. */
export function asList(value: Json | undefined): readonly Json[] {
  return Array.isArray(value) ? value : []
}

/** The objects in an array; an empty list if it is none. */
export function asObjects(value: Json | undefined): JsonObject[] {
  return asList(value).filter(isObject)
}

function isObject(value: Json): value is JsonObject {
  return asObject(value) !== undefined
}

/** The value if it is text with at least one visible character, else nothing. */
export function asText(value: Json | undefined): string | undefined {
  return typeof value === 'string' && value.trim() !== '' ? value : undefined
}

/** The value if it is a number, else nothing. */
export function asNumber(value: Json | undefined): number | undefined {
  return typeof value === 'number' ? value : undefined
}

/** True if a CodeableConcept has a coding with one of these codes, of this system if it names one. */
export function hasCode(concept: Json | undefined, system: string, codes: readonly string[]): boolean {
  return asObjects(asObject(concept)?.['coding']).some((coding) => {
    const code = asText(coding['code'])
    return code !== undefined && codes.includes(code) && (asText(coding['system']) ?? system) === system
  })
}

/** The code that a CodeableConcept has in this system; a coding without a system counts. */
export function codeIn(concept: Json | undefined, system: string): string | undefined {
  for (const coding of asObjects(asObject(concept)?.['coding']))
    if ((asText(coding['system']) ?? system) === system) return asText(coding['code'])
  return undefined
}
