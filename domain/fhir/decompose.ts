import { idPattern } from '../documents/document-name.ts'
import type { Json, JsonObject } from '../entries/canonical.ts'
import { aspectsOf, groupOf, orderAspect, restAspect } from './aspect-table.ts'
import { withoutGenerated } from './generated.ts'
import { itemIds } from './item-id.ts'
import { asObjects, type FhirResource } from './resource.ts'

export type Decomposed = {
  type: string
  id: string
  /** `<Type>/<id>`. */
  subject: string
  /** Aspect → the object of its elements as they came; for an item of a list the item itself. */
  aspects: Map<string, Json>
}

/**
 * Takes a resource apart into aspects, losing nothing but what is made anew. Throws a TypeError if it has no id that
 * can stand in a subject: who calls has given it one.
 */
export function decompose(resource: FhirResource): Decomposed {
  const { resourceType: type, id, ...elements } = withoutGenerated(resource)
  if (id === undefined || !idPattern.test(id)) throw new TypeError(`this ${type} has no id that can be used`)
  const groups = new Map<string, JsonObject>()
  const items = new Map<string, Json>()
  const order: JsonObject = {}
  for (const [element, value] of Object.entries(elements)) {
    if (value === undefined) continue
    const list = aspectsOf(type).items.includes(element) ? itemsIn(value) : undefined
    if (list) {
      const ids = itemIds(list)
      for (const [at, item] of list.entries()) items.set(`${element}/${ids[at]}`, item)
      if (ids.length > 1) order[element] = ids
    } else {
      const aspect = groupOf(type, element)
      const group = groups.get(aspect) ?? {}
      group[element] = value
      groups.set(aspect, group)
    }
  }
  const aspects = new Map<string, Json>([...groups, ...items])
  if (Object.keys(order).length > 0) aspects.set(orderAspect, order)
  // A resource that says nothing at all is still a statement: that it exists.
  if (aspects.size === 0) aspects.set(restAspect, {})
  return { type, id, subject: `${type}/${id}`, aspects }
}

/** The items of a list that consists of objects; anything else is no such list and is kept in one piece. */
function itemsIn(value: Json): JsonObject[] | undefined {
  if (!Array.isArray(value) || value.length === 0) return undefined
  const objects = asObjects(value)
  return objects.length === value.length ? objects : undefined
}
