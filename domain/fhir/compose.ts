import type { Json, JsonObject } from '../entries/canonical.ts'
import { parseSubject } from '../entries/entry.ts'
import { aspectsOf, groupOf, orderAspect } from './aspect-table.ts'
import { asList, asObject, type FhirResource } from './resource.ts'

/**
 * Puts a resource together from its aspects; the reverse of `decompose`. From each aspect only the elements that the
 * table gives it are taken, so that no statement about one aspect can speak for another. An aspect with the value
 * null has been removed. Elements come in the order of their names: equal aspects give equal bytes.
 * Throws a TypeError for a subject that is none.
 */
export function compose(subject: string, aspects: ReadonlyMap<string, Json>): FhirResource {
  const named = parseSubject(subject)
  if (!named) throw new TypeError('a subject is <Type>/<id>')
  const elements = new Map<string, Json>()
  for (const [aspect, value] of aspects)
    for (const [element, part] of Object.entries(asObject(value) ?? {}))
      if (belongs(named.type, aspect, element)) elements.set(element, part)
  const order = asObject(aspects.get(orderAspect))
  for (const element of aspectsOf(named.type).items) {
    const list = itemsOf(element, aspects, order)
    if (list.length > 0) elements.set(element, list)
  }
  const sorted = [...elements].sort(([a], [b]) => (a < b ? -1 : 1))
  return { resourceType: named.type, id: named.id, ...Object.fromEntries(sorted) }
}

const neverKept = ['resourceType', 'id', 'text']

function belongs(type: string, aspect: string, element: string): boolean {
  return groupOf(type, element) === aspect && !neverKept.includes(element)
}

function itemsOf(element: string, aspects: ReadonlyMap<string, Json>, order?: JsonObject): Json[] {
  const place = new Map<Json, number>()
  for (const [at, id] of asList(order?.[element]).entries()) if (!place.has(id)) place.set(id, at)
  return [...aspects]
    .filter(([aspect, item]) => aspect.startsWith(`${element}/`) && asObject(item) !== undefined)
    .map(([aspect, item]) => {
      const id = aspect.slice(element.length + 1)
      return { id, item, at: place.get(id) ?? Number.POSITIVE_INFINITY }
    })
    .sort((a, b) => (a.at === b.at ? (a.id < b.id ? -1 : 1) : a.at - b.at))
    .map(({ item }) => item)
}
