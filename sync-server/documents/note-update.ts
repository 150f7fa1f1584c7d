import * as decoding from 'lib0/decoding'
import * as encoding from 'lib0/encoding'
import * as Y from 'yjs'
import { firstOriginClientId } from '../../domain/entries/origin.ts'
import { causalOrder, type Struct } from './note-order.ts'
import { foreignPart } from './note-places.ts'

/** A Yjs update that a client sent for a note: read before it touches the document, and applied within bounds. */

export type NoteUpdateProblem =
  | { problem: 'malformed' }
  /** It touches what no note has. Nothing of it may be applied. */
  | { problem: 'refused'; detail: string }
  /** It builds on something that this document does not have yet: its sender is to be asked for the rest. */
  | { problem: 'missing' }

type Decoded = ReturnType<typeof Y.decodeUpdate>

/** Says why an update must not be applied to this document as it is now, or nothing. */
export function noteUpdateProblem(update: Uint8Array, doc: Y.Doc): NoteUpdateProblem | undefined {
  const decoded = decode(update)
  if (!decoded || !isWellFormed(decoded, update)) return { problem: 'malformed' }
  if (decoded.structs.some((struct) => struct.id.client >= firstOriginClientId))
    return { problem: 'refused', detail: 'client ids from 2^32 on belong to regions' }
  const order = causalOrder(decoded.structs, doc)
  if (typeof order === 'string') return { problem: order }
  const detail = foreignPart(order, doc)
  if (detail) return { problem: 'refused', detail }
  return deletesMore(decoded, order, doc) ? { problem: 'missing' } : undefined
}

function decode(update: Uint8Array): Decoded | undefined {
  try {
    return Y.decodeUpdate(update)
  } catch {
    return undefined
  }
}

/**
 * Nothing is empty, which Yjs takes and cannot read back, no clock leaves the whole numbers, and each client comes once:
 * of two parts Yjs would take the second for all.
 */
function isWellFormed({ structs, ds }: Decoded, update: Uint8Array): boolean {
  const clients = new Set(structs.map((struct) => struct.id.client))
  const parts = decoding.readVarUint(decoding.createDecoder(update))
  return (
    parts === clients.size &&
    structs.every(({ id, length }) => isRange(id.clock, length)) &&
    [...ds.clients.values()].every((deletes) => deletes.every(({ clock, len }) => isRange(clock, len)))
  )
}

function isRange(clock: number, length: number): boolean {
  return length > 0 && Number.isSafeInteger(clock + length)
}

/** Does it delete what neither this document nor the update itself has? */
function deletesMore({ ds }: Decoded, order: readonly Struct[], doc: Y.Doc): boolean {
  const ends = new Map<number, number>()
  for (const { id, length } of order) ends.set(id.client, id.clock + length)
  for (const [client, deletes] of ds.clients) {
    const end = Math.max(ends.get(client) ?? 0, Y.getState(doc.store, client))
    if (deletes.some(({ clock, len }) => clock + len > end)) return true
  }
  return false
}

/** Structs that are put into a document between two looks at the clock. */
const pieceStructs = 100
/**
 * Processor time that an update may take, in ms. A client's largest needs a tenth of it; one that was made to have every
 * item compared with every other would hold the region for minutes.
 */
const costMs = { atMost: 250, perStruct: 0.02 }

/**
 * Applies an update that {@link noteUpdateProblem} let pass. Throws a RangeError when it takes too long; the document is
 * then half changed.
 * @param cpuMs processor time of this thread.
 */
export function applyNoteUpdate(
  doc: Y.Doc,
  update: Uint8Array,
  author: string,
  cpuMs: () => number = threadCpuMs,
): void {
  const order = update.length > pieceStructs ? causalOrder(decode(update)?.structs ?? [], doc) : []
  if (typeof order === 'string' || order.length <= pieceStructs) {
    Y.applyUpdate(doc, update, author)
    return
  }
  const until = cpuMs() + costMs.atMost + order.length * costMs.perStruct
  doc.transact(() => {
    for (const piece of inPieces(order)) {
      Y.applyUpdate(doc, updateOf(piece), author)
      if (cpuMs() > until) throw new RangeError('an update takes too long to be put into its note')
    }
    // By now only what it deletes is left.
    Y.applyUpdate(doc, update, author)
  }, author)
}

/** Structs of each client, without a gap between them. */
type Piece = Map<number, Struct[]>

function* inPieces(order: readonly Struct[]): Generator<Piece> {
  let piece: Piece = new Map()
  let size = 0
  for (const struct of order) {
    const { client, clock } = struct.id
    const last = piece.get(client)?.at(-1)
    const follows = !last || last.id.clock + last.length === clock
    if (size === pieceStructs || !follows) {
      yield piece
      piece = new Map()
      size = 0
    }
    const list = piece.get(client)
    if (list) list.push(struct)
    else piece.set(client, [struct])
    size += 1
  }
  if (size > 0) yield piece
}

/** An update of these structs, and no deletions. */
function updateOf(clients: Piece): Uint8Array {
  const encoder = new Y.UpdateEncoderV1()
  encoding.writeVarUint(encoder.restEncoder, clients.size)
  for (const [client, list] of clients) {
    encoding.writeVarUint(encoder.restEncoder, list.length)
    encoder.writeClient(client)
    encoding.writeVarUint(encoder.restEncoder, list[0]!.id.clock)
    for (const struct of list) struct.write(encoder, 0)
  }
  encoding.writeVarUint(encoder.restEncoder, 0)
  return encoder.toUint8Array()
}

function threadCpuMs(): number {
  const { user, system } = process.threadCpuUsage()
  return (user + system) / 1000
}
