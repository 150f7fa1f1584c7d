import * as Y from 'yjs'
import { maxJsonDepth, nestedDeeper } from '../../domain/entries/canonical.ts'
import type { Struct } from './note-order.ts'

/**
 * Where the items of an update come to lie in a note, and whether they may lie there. A note has the root types `content`
 * (rich text), `text` (plain text) and `meta` (a map); each type holds what its own methods can put into it.
 */

const roots = { content: 'xml', text: 'text', meta: 'map' } as const
type Kind = 'xml' | 'text' | 'map' | 'list'
/** A Yjs type, whatever its events are. */
type Type = { _item: Y.Item | null }
/** A type that holds items. `depth`: types around it. */
type Holder = { kind: Kind; depth: number }
/** Where an item lies: in the list of its type, or under a key. Undefined where Yjs collects it, as its base is gone. */
type Place = { holder: Holder; key: string | null } | undefined

const apart = 'an item lies between two that are no neighbours'
const deeper = `a note holds nothing that is nested deeper than ${maxJsonDepth}`

/**
 * Says what of an update must not lie in a note, or nothing.
 * @param order the structs, each behind everything that it builds on.
 */
export function foreignPart(order: readonly Struct[], doc: Y.Doc): string | undefined {
  const holders = new Map<object, Holder>()
  const fresh = new Map<number, { struct: Y.Item; place: Place }[]>()

  for (const struct of order) {
    if (!(struct instanceof Y.Item)) continue
    const { parent, origin, rightOrigin, content } = struct
    if (typeof parent === 'string' && !Object.hasOwn(roots, parent))
      return `a note has the root types ${Object.keys(roots).join(', ')} only`
    const place = placeOf(struct)
    if (origin && rightOrigin)
      if (Y.compareIDs(origin, rightOrigin) || lieApart(placeAt(origin), placeAt(rightOrigin))) return apart
    const known = lastKnown(struct)
    if (known && lieApart(place, placeAt(known))) return apart
    const list = fresh.get(struct.id.client)
    if (list) list.push({ struct, place })
    else fresh.set(struct.id.client, [{ struct, place }])
    if (place && !fits(place, content))
      return `a ${place.holder.kind} of a note is used as another type than it is`
    if (place && content instanceof Y.ContentType && place.holder.depth >= maxJsonDepth) return deeper
    if (valuesOf(content).some((value) => nestedDeeper(value, maxJsonDepth))) return deeper
    if (content instanceof Y.ContentDoc) return 'a note holds no documents'
  }
  return undefined

  function placeOf({ parent, parentSub, origin, rightOrigin }: Y.Item): Place {
    const neighbour = origin ?? rightOrigin
    if (neighbour) return placeAt(neighbour)
    const root: Type | undefined = typeof parent === 'string' ? doc.share.get(parent) : undefined
    const holder = root ? holderOf(root) : parent instanceof Y.ID ? holderAt(parent) : undefined
    return holder && { holder, key: parentSub }
  }

  /** The last part of an item that the document has, where it has one and not all: Yjs puts the rest behind that. */
  function lastKnown({ id: { client, clock }, length }: Y.Item): Y.ID | undefined {
    const state = Y.getState(doc.store, client)
    return clock < state && state < clock + length ? Y.createID(client, state - 1) : undefined
  }

  /** Where the item with this id lies. */
  function placeAt(id: Y.ID): Place {
    if (!isStored(id)) return freshAt(id)?.place
    const stored = storedAt(id)
    const type = parentIn(stored)
    return type && { holder: holderOf(type), key: stored?.parentSub ?? null }
  }

  /** The type that the item with this id is. */
  function holderAt(id: Y.ID): Holder | undefined {
    const here = isStored(id) ? undefined : freshAt(id)
    const { content } = here?.struct ?? storedAt(id) ?? {}
    if (!(content instanceof Y.ContentType)) return undefined
    if (!here) return holderOf(content.type)
    return here.place && holderOf(content.type, here.place.holder.depth + 1)
  }

  /** The same object for the same type. */
  function holderOf(type: Type, depth = depthOf(type)): Holder {
    const holder = holders.get(type) ?? { kind: kindOf(type), depth }
    holders.set(type, holder)
    return holder
  }

  /** What comes again counts as it is in the document. */
  function isStored({ client, clock }: Y.ID): boolean {
    return clock < Y.getState(doc.store, client)
  }

  function storedAt(id: Y.ID): Y.Item | undefined {
    const found: unknown = isStored(id) ? Y.getItem(doc.store, id) : undefined
    return found instanceof Y.Item ? found : undefined
  }

  /** The item of this update that has this clock: items of one client stand in the order of their clocks. */
  function freshAt({ client, clock }: Y.ID) {
    const list = fresh.get(client) ?? []
    let [low, high] = [0, list.length - 1]
    while (low <= high) {
      const middle = (low + high) >> 1
      const { id, length } = list[middle]!.struct
      if (clock < id.clock) high = middle - 1
      else if (clock >= id.clock + length) low = middle + 1
      else return list[middle]
    }
    return undefined
  }
}

/**
 * Yjs would put an item into the type of one neighbour, or collect it, depending on which of them is gone: no two readers
 * would see the same.
 */
function lieApart(left: Place, right: Place): boolean {
  return left !== undefined && right !== undefined && (left.holder !== right.holder || left.key !== right.key)
}

function parentIn(item: Y.Item | undefined): Type | undefined {
  return item?.parent instanceof Y.AbstractType ? item.parent : undefined
}

function kindOf(type: Type): Kind {
  if (type instanceof Y.Text) return 'text'
  if (type instanceof Y.XmlFragment) return 'xml'
  return type instanceof Y.Map ? 'map' : 'list'
}

function depthOf(type: Type): number {
  let depth = 0
  for (let around = parentIn(type._item ?? undefined); around; around = parentIn(around._item ?? undefined))
    depth += 1
  return depth
}

/** Could this content be put there through the methods of that type? */
function fits({ holder: { kind, depth }, key }: NonNullable<Place>, content: Y.Item['content']): boolean {
  if (kind === 'map') return key !== null || content instanceof Y.ContentDeleted
  // Elements and texts within the note have attributes, the roots have none.
  if (key !== null) return depth > 0 && kind !== 'list'
  if (content instanceof Y.ContentDeleted) return true
  switch (kind) {
    case 'xml':
      return (
        content instanceof Y.ContentType &&
        (content.type instanceof Y.XmlElement ||
          content.type instanceof Y.XmlText ||
          content.type instanceof Y.XmlHook)
      )
    case 'text':
      return (
        content instanceof Y.ContentString ||
        content instanceof Y.ContentFormat ||
        content instanceof Y.ContentEmbed ||
        content instanceof Y.ContentType
      )
    case 'list':
      return !(content instanceof Y.ContentFormat)
  }
}

function valuesOf(content: Y.Item['content']): unknown[] {
  if (content instanceof Y.ContentAny || content instanceof Y.ContentJSON) return content.arr
  if (content instanceof Y.ContentEmbed) return [content.embed]
  return content instanceof Y.ContentFormat ? [content.value] : []
}
