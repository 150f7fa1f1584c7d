import { sameJson } from '../entries/canonical.ts'
import { withoutGenerated } from './generated.ts'
import { importedId, isUuid } from './import-id.ts'
import { isKept, isKeptType, type KeptResource, type KeptType } from './kept.ts'
import { withReferences } from './references.ts'
import { isResource, jsonOf } from './resource.ts'
import { shapeProblem, storableProblem } from './shape.ts'

/** A resource that can be taken, under the id that it has here. `place` is a FHIRPath for OperationOutcomes. */
export type ImportedResource = { place: string; type: KeptType; resource: KeptResource & { id: string } }

export type Import = {
  resources: ImportedResource[]
  /** Type → how many were left aside, because this product does not keep them. */
  leftAside: Map<string, number>
  refused: { place: string; type: string; detail: string }[]
  /** `<Type>/<id>` as the source says it, and as it is kept. */
  renamed: { place: string; from: string; to: string }[]
  /** Type → how many stood in the Bundle once more with the same content: to be counted as unchanged. */
  repeated: Map<string, number>
}

/**
 * Reads what a source sends: a Bundle of any type, or one resource. Ids and references become those under which the
 * resources are kept; what cannot be taken is refused one by one, and holds up nothing. Whether a patient is known
 * is for the region to say. A body that is no FHIR at all is a problem.
 */
export function readImport(body: unknown, source: string): Import | { problem: string } {
  const parts = partsOf(body)
  if ('problem' in parts) return parts
  const read: Import = { resources: [], leftAside: new Map(), refused: [], renamed: [], repeated: new Map() }
  const named = parts.flatMap((part) => nameResource(part, source, read) ?? [])
  const rewrite = createRewriter(named, source)
  const taken = new Map<string, KeptResource>()
  for (const { place, resource, sourceId, id } of named) {
    const type = resource.resourceType
    const kept = { ...withReferences(resource, rewrite), resourceType: type, id }
    const before = taken.get(`${type}/${id}`)
    const detail = before ? repetitionProblem(before, kept) : shapeProblem(kept)
    if (detail !== undefined) read.refused.push({ place, type, detail })
    else if (before) count(read.repeated, type)
    else {
      taken.set(`${type}/${id}`, kept)
      read.resources.push({ place, type, resource: kept })
      if (sourceId !== id) read.renamed.push({ place, from: `${type}/${sourceId}`, to: `${type}/${id}` })
    }
  }
  return read
}

type Part = { place: string; value: unknown; fullUrl: string | undefined }
type Named = {
  place: string
  resource: KeptResource
  fullUrl: string | undefined
  sourceId: string
  id: string
}

function partsOf(body: unknown): Part[] | { problem: string } {
  if (!isResource(body)) return { problem: 'the body is no FHIR resource: a JSON object with a resourceType' }
  if (body.resourceType !== 'Bundle') return [{ place: body.resourceType, value: body, fullUrl: undefined }]
  const { entry = [] } = body
  if (!Array.isArray(entry)) return { problem: 'Bundle.entry is no array' }
  return entry.map((item, at) => {
    const { resource, fullUrl } = Object(item) as { resource?: unknown; fullUrl?: unknown }
    const place = `Bundle.entry[${at}]${resource === undefined ? '' : '.resource'}`
    return { place, value: resource, fullUrl: typeof fullUrl === 'string' ? fullUrl : undefined }
  })
}

/** Finds out what a part is and under which id it is kept; notes what is left aside or refused. */
function nameResource({ place, value, fullUrl }: Part, source: string, read: Import): Named | undefined {
  const refuse = (type: string, detail: string) => {
    read.refused.push({ place, type, detail })
    return undefined
  }
  if (value === undefined) return refuse('Bundle', 'this entry has no resource')
  if (!isResource(value))
    return refuse(
      'Resource',
      'this is no resource: an object with a resourceType and, if it has one, an id that is text',
    )
  const type = value.resourceType
  const broken = storableProblem(value)
  if (broken !== undefined) return refuse(type, broken)
  if (!isKept(value)) {
    count(read.leftAside, type)
    return undefined
  }
  const sourceId = value.id || idInUrl(fullUrl, type)
  if (sourceId === undefined)
    return refuse(
      type,
      'this resource has no id, and no fullUrl that gives it one: a later import could not find it again',
    )
  return { place, resource: value, fullUrl, sourceId, id: importedId(source, value.resourceType, sourceId) }
}

/** The UUID of `urn:uuid:…`, or the id at the end of `https://…/<Type>/<id>`. */
function idInUrl(fullUrl: string | undefined, type: string): string | undefined {
  if (fullUrl === undefined) return undefined
  const uuid = fullUrl.startsWith(urnUuid) ? fullUrl.slice(urnUuid.length) : ''
  return isUuid(uuid) ? uuid : new RegExp(`/${type}/([A-Za-z0-9.-]{1,64})$`).exec(fullUrl)?.[1]
}

const urnUuid = 'urn:uuid:'

/**
 * How references change: those to resources of this body, by `fullUrl` or `<Type>/<id>`, and those to resources that
 * the same source sends another time, whose ids are known without seeing them. All others stay as they are.
 */
function createRewriter(named: readonly Named[], source: string): (reference: string) => string {
  const known = new Map<string, string>()
  for (const { resource, fullUrl, sourceId, id } of named) {
    const type = resource.resourceType
    known.set(`${type}/${sourceId}`, `${type}/${id}`)
    if (fullUrl !== undefined) known.set(urlKey(fullUrl), `${type}/${id}`)
  }
  return (reference) => {
    const [, type = '', id = '', version = ''] =
      /^([A-Z][A-Za-z]*)\/([^/?#]+)(\/_history\/[^/]+)?$/.exec(reference) ?? []
    // Which Consents are kept only their content tells.
    const elsewhere =
      isKeptType(type) && type !== 'Consent' ? `${type}/${importedId(source, type, id)}` : undefined
    const kept = known.get(type ? `${type}/${id}` : urlKey(reference)) ?? elsewhere
    return kept === undefined ? reference : kept + version
  }
}

/** UUIDs are the same in upper and lower case. */
function urlKey(url: string): string {
  return url.toLowerCase().startsWith(urnUuid) ? url.toLowerCase() : url
}

function repetitionProblem(first: KeptResource, again: KeptResource): string | undefined {
  return sameJson(jsonOf(withoutGenerated(first)), jsonOf(withoutGenerated(again)))
    ? undefined
    : 'this resource stands in the Bundle more than once with different content; the first was taken'
}

function count(counts: Map<string, number>, type: string): void {
  counts.set(type, (counts.get(type) ?? 0) + 1)
}
