import type { Json, JsonObject } from '../entries/canonical.ts'
import { type FhirResource, jsonOf } from './resource.ts'

/** A copy in which every `reference`, also in contained resources and extensions, went through `rewrite`. */
export function withReferences(resource: FhirResource, rewrite: (reference: string) => string): FhirResource {
  const { resourceType, id, ...elements } = jsonOf(resource)
  return {
    ...rewritten(elements, rewrite),
    resourceType: resource.resourceType,
    ...(id === undefined ? {} : { id: String(id) }),
  }
}

function rewritten(object: JsonObject, rewrite: (reference: string) => string): JsonObject {
  const copy: JsonObject = {}
  for (const [key, value] of Object.entries(object))
    copy[key] =
      key === 'reference' && typeof value === 'string' ? rewrite(value) : rewrittenValue(value, rewrite)
  return copy
}

function rewrittenValue(value: Json, rewrite: (reference: string) => string): Json {
  if (Array.isArray(value)) return value.map((item) => rewrittenValue(item, rewrite))
  return typeof value === 'object' && value !== null ? rewritten(value, rewrite) : value
}
