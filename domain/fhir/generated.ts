import { asObject, type FhirResource } from './resource.ts'

/**
 * The three things that are made anew whenever a resource is shown: `text`, `meta.versionId` and `meta.lastUpdated`.
 * All the rest of a resource is kept as it came. A `meta` that held nothing else is left out.
 */
export function withoutGenerated(resource: FhirResource): FhirResource {
  const { text, meta, ...kept } = resource
  const about = asObject(meta)
  if (!about) return meta === undefined ? kept : { ...kept, meta }
  const { versionId, lastUpdated, ...rest } = about
  const generated = versionId !== undefined || lastUpdated !== undefined
  return generated && Object.keys(rest).length === 0 ? kept : { ...kept, meta: rest }
}
