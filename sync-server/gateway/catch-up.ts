import {
  isDocumentName,
  isGrowOnly,
  parseDocumentName,
  patientOf,
} from '../../domain/documents/document-name.ts'
import { encodeItems } from '../../domain/entries/items.ts'
import { closeCodes, type Frame, type WritableFrame } from '../../domain/wire/wire.ts'
import type { Tokens } from '../identity/tokens.ts'
import type { CursorProof, FlushedEntry, RegionStore, Vector } from '../store/ports.ts'
import { inParts } from './item-parts.ts'
import type { LostRows } from './lost-rows.ts'

/**
 * What a device lacks of the documents in its scope, as Yjs updates that it stores without opening.
 *
 * 1. The target is what this region can serve when it is asked. A client that goes on towards an earlier target gets that
 *    one, or as much of it as this region has: what is done towards it is done towards less.
 * 2. Documents come in the order of the scope; what has no more is not mentioned.
 * 3. Rows are read in batches of bounded size, the next one when the connection has taken the last.
 * 4. A cursor that knows another row than stands here is void, and with it all that was held: everything comes anew.
 * 5. Of patients who were erased the client is told that what it holds is to be destroyed.
 *    So is one that names rows which are lost (`lost-rows.ts`).
 * 6. A cursor counts as evidence against this region's own log only as far as a region has signed it.
 */
export type CatchUpRequest = Extract<Frame, { type: 'catch-up' }>

export type CatchUpDeps = {
  store: Pick<RegionStore, 'entries' | 'erased' | 'quarantine' | 'vectors' | 'proofOf' | 'proven'>
  tokens: Pick<Tokens, 'signCursor' | 'readCursor'>
  lostRows: LostRows
}

export type CatchUpLink = {
  send(frame: WritableFrame): void
  /** Resolves when the connection takes more. */
  room(): Promise<void>
  /** True once nobody waits for the answer any more. */
  ended(): boolean
}

/** Rows that are read at a time, unless one document alone has more. */
const batchRows = 250

/** Says what is wrong with a scope, or nothing. */
export function scopeProblem({ scope }: CatchUpRequest): string | undefined {
  const seen = new Set<string>()
  for (const { document } of scope) {
    const name = parseDocumentName(document)
    if (!isDocumentName(name)) return 'a scope names a document that can have no such name'
    if (!isGrowOnly(name)) return 'notes are no part of a scope: open them'
    if (seen.has(document)) return 'a document stands twice in a scope'
    seen.add(document)
  }
  return undefined
}

/** Answers a request whose scope is good. Rejects if the store cannot be read. */
export async function catchUp(
  asked: CatchUpRequest,
  { store, tokens, lostRows }: CatchUpDeps,
  link: CatchUpLink,
): Promise<void> {
  const { channel, request } = asked
  const cursor = await tokens.readCursor(asked.proof)
  // The target comes first, so that every row up to it is compared: what is written meanwhile is compared the next time.
  const { servable, flushed } = await store.vectors()
  const target = targetFor(asked.target, servable)
  // What the device holds, and what it was told before in a history that may be gone: both are evidence.
  const differ = new Set<string>()
  for (const part of cursor ? [cursor.furthest, cursor.held] : []) {
    for (const origin of await store.proven(part)) differ.add(origin)
    for (const origin of lostRows.among(part.vector, flushed)) differ.add(origin)
  }
  const held = await store.proofOf(target)
  const furthest = cursor ? higher(without(cursor.furthest, differ), held) : held
  const proof = await tokens.signCursor({ held, furthest })
  if (link.ended()) return
  link.send({ channel, type: 'target', request, proof, target })
  const gone = (document: string, code: number, reason: string) =>
    link.send({ channel, type: 'gone', document, code, reason })
  for (const { document, state } of asked.scope)
    if (isErased(document, store))
      gone(document, closeCodes.erased, 'this patient was erased: destroy what is held')
    else if (differ.size > 0 && state !== 'new')
      gone(document, closeCodes.startAnew, 'what is held may be void: throw it away, all of it comes now')

  for (const part of await changes(differ.size > 0 ? fromNothing(asked) : asked, target, store)) {
    if (link.ended()) return
    const items = await store.entries.itemsBetween(part.documents, part.after, target)
    for (const frame of framesOf(part.documents, items, channel, request)) {
      await link.room()
      if (link.ended()) return
      link.send(frame)
    }
  }
  if (!link.ended()) link.send({ channel, type: 'caught-up', request })
}

/** As much of a wanted target as can be served; all that can be served where none is wanted. */
export function targetFor(wanted: Vector, servable: Vector): Vector {
  if (Object.keys(wanted).length === 0) return servable
  const target: Vector = {}
  for (const [origin, seq] of Object.entries(wanted)) {
    const upTo = Math.min(seq, servable[origin] ?? 0)
    if (upTo > 0) target[origin] = upTo
  }
  return target
}

function isErased(name: string, { erased }: Pick<RegionStore, 'erased'>): boolean {
  const document = parseDocumentName(name)
  const patient = isDocumentName(document) ? patientOf(document) : undefined
  return patient !== undefined && erased.has(patient)
}

type Batch = { documents: string[]; after: Vector }

/** The documents of a scope that have more, in its order, put together so that a batch has few rows. */
async function changes(
  { scope: asked, cursor }: CatchUpRequest,
  target: Vector,
  { entries, quarantine }: CatchUpDeps['store'],
): Promise<Batch[]> {
  // Below the cursor of a document that was in quarantine something may have come back.
  const scope = asked.map(({ document, state }) => ({
    document,
    state: state === 'held' && quarantine.hadGap(document) ? 'new' : state,
  }))
  const starts = { held: cursor, new: {} as Vector }
  const named = (state: 'held' | 'new') => scope.filter((d) => d.state === state).map((d) => d.document)
  const counts = {
    held: await entries.changesIn(named('held'), starts.held, target),
    new: await entries.changesIn(named('new'), starts.new, target),
  }
  const batches: Batch[] = []
  let last: { state: 'held' | 'new'; rows: number } | undefined
  for (const { document, state } of scope) {
    const rows = state === 'done' ? 0 : (counts[state].get(document) ?? 0)
    if (state === 'done' || rows === 0) continue
    if (last?.state === state && last.rows + rows <= batchRows) {
      batches.at(-1)!.documents.push(document)
      last.rows += rows
    } else {
      batches.push({ documents: [document], after: starts[state] })
      last = { state, rows }
    }
  }
  return batches
}

function* framesOf(
  documents: readonly string[],
  items: readonly FlushedEntry[],
  channel: number,
  request: number,
): Generator<WritableFrame> {
  const byDocument = new Map<string, FlushedEntry[]>(documents.map((document) => [document, []]))
  for (const item of items) byDocument.get(item.document)?.push(item)
  for (const [document, own] of byDocument) {
    const parts = inParts(own)
    for (const [at, part] of parts.entries()) {
      const last = at === parts.length - 1
      yield { channel, type: 'part', request, document, last, update: encodeItems(part) }
    }
  }
}

function fromNothing(asked: CatchUpRequest): CatchUpRequest {
  return { ...asked, scope: asked.scope.map(({ document }) => ({ document, state: 'new' })) }
}

/** What everything is read anew for is no evidence any more. */
function without({ vector, hashes }: CursorProof, origins: ReadonlySet<string>): CursorProof {
  const kept = <T>(of: { [origin: string]: T }) =>
    Object.fromEntries(Object.entries(of).filter(([origin]) => !origins.has(origin)))
  return { vector: kept(vector), hashes: kept(hashes) }
}

/** Of each origin what goes further: a device that changes to a region that is behind keeps what it has proven. */
function higher(proven: CursorProof, told: CursorProof): CursorProof {
  const all: CursorProof = { vector: { ...told.vector }, hashes: { ...told.hashes } }
  for (const [origin, seq] of Object.entries(proven.vector)) {
    if (seq <= (all.vector[origin] ?? 0)) continue
    all.vector[origin] = seq
    const hash = proven.hashes[origin]
    if (hash === undefined) delete all.hashes[origin]
    else all.hashes[origin] = hash
  }
  return all
}
