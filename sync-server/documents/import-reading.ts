import { entryLimits } from '../../domain/entries/entry.ts'
import { aspectsOf } from '../../domain/fhir/aspect-table.ts'
import {
  type RefusedPart,
  renamedFrom,
  type Survey,
  surveyImport,
  type TakenPart,
} from '../../domain/fhir/bundle.ts'
import type { KeptResource } from '../../domain/fhir/kept.ts'
import { asList } from '../../domain/fhir/resource.ts'
import { partsOfText, type Unreadable } from './import-text.ts'

/**
 * Reads a body that is to be imported, and hands out what is in it patient by patient, in portions that are asked for.
 * What is kept meanwhile is the body's text and where everything stands in it.
 */
export type Reading = {
  summary: ImportSummary
  /** What cannot be taken, from the `from`th on, some hundreds. */
  refused(from: number): RefusedPart[]
  /** A {@link Portion} as JSON: text is handed from thread to thread faster than objects are. */
  portion(patient: number, from: number): string
}

export type ImportSummary = {
  /** Type → how many of this product's resources stood there once more, and how many of others. */
  repeated: [type: string, count: number][]
  leftAside: [type: string, count: number][]
  refused: number
  patients: number
}

export type UnreadImport = { unreadable: Unreadable } | { problem: string }

/** Some resources of one patient; the Patient itself, if it is there, is the first of all. */
export type Portion = {
  patientId: string
  items: PortionItem[]
  /** From where on the next portion of this patient is to be asked for; absent with the last. */
  next?: number
}

export type PortionItem = Pick<TakenPart, 'at' | 'place' | 'type' | 'id'> & {
  /** `<Type>/<id>` as the source says it, if it is kept under another id. */
  from?: string
} & (
    | { resource: KeptResource }
    /** Why no entry can hold it: so much that it is not even looked at. */
    | { excess: 'length' | 'items' }
  )

/** So few that clinicians' entries wait for one commit of so many at most. */
const portionItems = 50
const portionLength = 256 * 1024
/** The most of a resource that is looked at: twice what an entry holds. Its JSON in UTF-16 units, and items of its lists. */
const mostOfResource = { length: 2 * entryLimits.entryBytes, items: 2 * entryLimits.aspects }
const refusedAtOnce = 500

export function openReading(bytes: Uint8Array, source: string): Reading | UnreadImport {
  const parts = partsOfText(bytes)
  if (!('part' in parts)) return parts
  const survey = surveyImport(parts, source)
  const patients = [...byPatient(survey.taken)]
  return {
    summary: {
      repeated: [...survey.repeated],
      leftAside: [...survey.leftAside],
      refused: survey.refused.length,
      patients: patients.length,
    },
    refused: (from) => survey.refused.slice(from, from + refusedAtOnce),
    portion(patient, from) {
      const [patientId, taken] = patients[patient]!
      const items: string[] = []
      let length = 0
      for (const one of taken.slice(from, from + portionItems)) {
        const item = itemOf(one, survey)
        length += item.length
        if (items.length > 0 && length > portionLength) break
        items.push(item)
      }
      const next = from + items.length < taken.length ? `,"next":${from + items.length}` : ''
      return `{"patientId":${JSON.stringify(patientId)},"items":[${items.join()}]${next}}`
    },
  }
}

/** Each patient's parts in the order of the body, the Patient itself first. */
function byPatient(taken: readonly TakenPart[]): Map<string, TakenPart[]> {
  const patients = new Map<string, TakenPart[]>()
  for (const one of taken) {
    const own = patients.get(one.patientId) ?? []
    if (one.type === 'Patient') own.unshift(one)
    else own.push(one)
    patients.set(one.patientId, own)
  }
  return patients
}

function itemOf(taken: TakenPart, survey: Survey): string {
  const { at, place, type, id } = taken
  const from = renamedFrom(taken)
  const head = JSON.stringify({ at, place, type, id, ...(from === undefined ? {} : { from }) })
  const resource = survey.read(taken)
  const json = JSON.stringify(resource)
  const excess =
    json.length > mostOfResource.length
      ? 'length'
      : listItems(resource) > mostOfResource.items
        ? 'items'
        : undefined
  return `${head.slice(0, -1)},${excess === undefined ? `"resource":${json}` : `"excess":"${excess}"`}}`
}

/** Items that each become an aspect of an entry. */
function listItems(resource: KeptResource): number {
  const lists = aspectsOf(resource.resourceType).items.map((element) => asList(resource[element]))
  return lists.reduce((sum, list) => sum + list.length, 0)
}
