import { sameJson } from '../entries/canonical.ts'
import { withoutGenerated } from './generated.ts'
import { importedId, isUuid } from './import-id.ts'
import { isKept, isKeptType, type KeptResource, type KeptType } from './kept.ts'
import { patientIdOf } from './patient-of-resource.ts'
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

/** What a body consists of, in its order. A part is read anew whenever it is asked for: see {@link surveyImport}. */
export type Parts = { length: number; part(at: number): Part }
export type Part = { place: string; value: unknown; fullUrl: string | undefined }

/** What can be taken of a body, without its content. */
export type Survey = Pick<Import, 'leftAside' | 'repeated'> & {
  /** In the order of the body. */
  taken: TakenPart[]
  refused: RefusedPart[]
  /** The resource under the id and with the references that it has here. */
  read(taken: TakenPart): KeptResource & { id: string }
}
export type TakenPart = {
  /** Which part it is. */
  at: number
  place: string
  type: KeptType
  id: string
  sourceId: string
  patientId: string
}
export type RefusedPart = { at: number; place: string; type: string; detail: string }

/**
 * Reads what a source sends: a Bundle of any type, or one resource. Ids and references become those under which the
 * resources are kept; what cannot be taken is refused one by one, and holds up nothing. Whether a patient is known
 * is for the region to say. A body that is no FHIR at all is a problem.
 */
export function readImport(body: unknown, source: string): Import | { problem: string } {
  const parts = partsOf(body)
  if ('problem' in parts) return parts
  const { taken, refused, read, leftAside, repeated } = surveyImport(parts, source)
  return {
    resources: taken.map((one) => ({ place: one.place, type: one.type, resource: read(one) })),
    refused: refused.map(({ place, type, detail }) => ({ place, type, detail })),
    renamed: taken.flatMap((one) => {
      const from = renamedFrom(one)
      return from === undefined ? [] : [{ place: one.place, from, to: `${one.type}/${one.id}` }]
    }),
    leftAside,
    repeated,
  }
}

/** `<Type>/<id>` as the source says it, if it is kept under another id. */
export function renamedFrom({ type, id, sourceId }: TakenPart): string | undefined {
  return sourceId === id ? undefined : `${type}/${sourceId}`
}

/** Parts of a body that is in memory. */
export function partsOf(body: unknown): Parts | { problem: string } {
  if (!isResource(body)) return { problem: 'the body is no FHIR resource: a JSON object with a resourceType' }
  if (body.resourceType !== 'Bundle')
    return { length: 1, part: () => ({ place: body.resourceType, value: body, fullUrl: undefined }) }
  const { entry = [] } = body
  if (!Array.isArray(entry)) return { problem: 'Bundle.entry is no array' }
  return { length: entry.length, part: (at) => partOf(entry[at], at) }
}

/** The part that an element of `Bundle.entry` is. */
export function partOf(entry: unknown, at: number): Part {
  const { resource, fullUrl } = Object(entry) as { resource?: unknown; fullUrl?: unknown }
  const place = `Bundle.entry[${at}]${resource === undefined ? '' : '.resource'}`
  return { place, value: resource, fullUrl: typeof fullUrl === 'string' ? fullUrl : undefined }
}

/**
 * Finds out what can be taken, in two rounds: first under which ids everything is kept, then what is wrong with it. No
 * part is kept in memory, so that the largest body needs little more than its text.
 */
export function surveyImport(parts: Parts, source: string): Survey {
  const refused: RefusedPart[] = []
  const [leftAside, repeated] = [new Map<string, number>(), new Map<string, number>()]
  const named: Named[] = []
  for (let at = 0; at < parts.length; at++) {
    const one = nameResource(parts.part(at), at, source)
    if ('detail' in one) refused.push(one)
    else if ('leftAside' in one) count(leftAside, one.leftAside)
    else named.push(one)
  }
  const rewrite = createRewriter(named, source)
  const read = ({ at, type, id }: Pick<TakenPart, 'at' | 'type' | 'id'>) => ({
    ...withReferences(parts.part(at).value as KeptResource, rewrite),
    resourceType: type,
    id,
  })
  const taken = new Map<string, TakenPart>()
  for (const { at, place, type, sourceId, id } of named) {
    const kept = read({ at, type, id })
    const before = taken.get(`${type}/${id}`)
    const detail = before ? repetitionProblem(read(before), kept) : shapeProblem(kept)
    if (detail !== undefined) refused.push({ at, place, type, detail })
    else if (before) count(repeated, type)
    else taken.set(`${type}/${id}`, { at, place, type, id, sourceId, patientId: patientIdOf(kept) ?? '' })
  }
  return { taken: [...taken.values()], refused, leftAside, repeated, read }
}

type Named = Omit<TakenPart, 'patientId'> & { fullUrl: string | undefined }

/** Finds out what a part is and under which id it is kept, or that it is left aside, or refused. */
function nameResource(
  { place, value, fullUrl }: Part,
  at: number,
  source: string,
): Named | RefusedPart | { leftAside: string } {
  const refuse = (type: string, detail: string) => ({ at, place, type, detail })
  if (value === undefined) return refuse('Bundle', 'this entry has no resource')
  if (!isResource(value))
    return refuse(
      'Resource',
      'this is no resource: an object with a resourceType and, if it has one, an id that is text',
    )
  const type = value.resourceType
  const broken = storableProblem(value)
  if (broken !== undefined) return refuse(type, broken)
  if (!isKept(value)) return { leftAside: type }
  const sourceId = value.id || idInUrl(fullUrl, type)
  if (sourceId === undefined)
    return refuse(
      type,
      'this resource has no id, and no fullUrl that gives it one: a later import could not find it again',
    )
  const kept = value.resourceType
  return { at, place, type: kept, fullUrl, sourceId, id: importedId(source, kept, sourceId) }
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
  for (const { type, fullUrl, sourceId, id } of named) {
    if (type === 'Consent') known.set(`${type}/${sourceId}`, `${type}/${id}`)
    if (fullUrl !== undefined) known.set(urlKey(fullUrl), `${type}/${id}`)
  }
  return (reference) => {
    const [, type = '', id = '', version = ''] =
      /^([A-Z][A-Za-z]*)\/([^/?#]+)(\/_history\/[^/]+)?$/.exec(reference) ?? []
    // Also of those that are in this body. Which Consents are kept only their content tells.
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
