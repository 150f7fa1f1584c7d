import * as Y from 'yjs'
import { firstOriginClientId } from '../../domain/entries/origin.ts'

/** Reading a Yjs update that a client sent for a note, before it touches the document. */

/** Root types of a note: rich text, plain text, and a map for what is about the note. */
const noteRoots = ['content', 'text', 'meta'] as const
type NoteRoot = (typeof noteRoots)[number]

export type NoteUpdateProblem =
  | { problem: 'malformed' }
  /** It touches what no note has. Nothing of it may be applied. */
  | { problem: 'refused'; detail: string }
  /** It builds on something that this document does not have yet. */
  | { problem: 'missing' }

/** How Yjs numbers the content that is a document inside a document. */
const contentDoc = 9

type Decoded = ReturnType<typeof Y.decodeUpdate>

/** Says why an update must not be applied to this document as it is now, or nothing. */
export function noteUpdateProblem(update: Uint8Array, doc: Y.Doc): NoteUpdateProblem | undefined {
  const decoded = decode(update)
  if (!decoded) return { problem: 'malformed' }
  const detail = foreignPart(decoded)
  if (detail) return { problem: 'refused', detail }
  return dependsOnMore(decoded, doc) ? { problem: 'missing' } : undefined
}

function decode(update: Uint8Array): Decoded | undefined {
  try {
    return Y.decodeUpdate(update)
  } catch {
    return undefined
  }
}

function foreignPart({ structs }: Decoded): string | undefined {
  for (const struct of structs) {
    if (struct.id.client >= firstOriginClientId) return 'client ids from 2^32 on belong to regions'
    if (!(struct instanceof Y.Item)) continue
    if (struct.content.getRef() === contentDoc) return 'a note holds no documents'
    // Where an item has a neighbour, it lies in the same type as that one, which was looked at before.
    const parent: unknown = struct.parent
    if (typeof parent !== 'string') continue
    const root = noteRoots.find((name) => name === parent)
    if (!root) return `a note has the root types ${noteRoots.join(', ')} only`
    if (!fits(root, struct)) return `${root} is used as another type than it is`
  }
  return undefined
}

/** Could an item of this content be put there through the root's own type? */
function fits(root: NoteRoot, { content, parentSub }: Y.Item): boolean {
  if (root === 'meta') return parentSub !== null
  if (parentSub !== null) return false
  if (content instanceof Y.ContentDeleted) return true
  if (root === 'content')
    return (
      content instanceof Y.ContentType &&
      (content.type instanceof Y.XmlElement ||
        content.type instanceof Y.XmlText ||
        content.type instanceof Y.XmlHook)
    )
  return (
    content instanceof Y.ContentString ||
    content instanceof Y.ContentFormat ||
    content instanceof Y.ContentEmbed ||
    content instanceof Y.ContentType
  )
}

/**
 * Would Yjs have to put something of it aside? What waits in a document for its dependencies can neither be stored nor
 * told apart from what other regions sent, so such an update is not applied at all: the client is asked for the rest.
 */
function dependsOnMore({ structs, ds }: Decoded, doc: Y.Doc): boolean {
  const known = new Map<number, number>()
  const end = (client: number) => known.get(client) ?? Y.getState(doc.store, client)
  for (const struct of structs) {
    if (struct instanceof Y.Skip) continue
    const { client, clock } = struct.id
    if (clock > end(client)) return true
    known.set(client, Math.max(end(client), clock + struct.length))
  }
  const lacks = (id: unknown) => id instanceof Y.ID && id.clock >= end(id.client)
  for (const struct of structs)
    if (
      struct instanceof Y.Item &&
      (lacks(struct.origin) || lacks(struct.rightOrigin) || lacks(struct.parent))
    )
      return true
  for (const [client, deletes] of ds.clients)
    for (const { clock, len } of deletes) if (clock + len > end(client)) return true
  return false
}
