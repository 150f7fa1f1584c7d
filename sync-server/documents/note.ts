import * as Y from 'yjs'
import { type Logger, plainError } from '../observability/logger.ts'
import type { Metrics } from '../observability/metrics.ts'
import type { NoteLog, NotePlace, Quarantine, StoredNote } from '../store/ports.ts'
import { assembleNote } from './assemble-note.ts'
import { createNoteAwareness, type NoteAwareness, type Person } from './note-awareness.ts'
import { applyNoteUpdate, noteUpdateProblem } from './note-update.ts'

/**
 * One note in memory: free Yjs, written by several people at once. What a client sends is applied to the document, and
 * what the document *emits* is stored and passed on, to everybody, once it is flushed. Nobody ever sees, by update or by
 * sync step 2, what is not durable. A write that failed discards the document and starts again from the log.
 *
 * A note that rests keeps its members and lets its document go; the next one to ask has it read again. After many
 * updates a snapshot is kept, of what is flushed and nothing else, so that this is quick.
 */

/** Somebody who has the note open. */
export type NoteMember = {
  person: Person
  /** An update that is flushed. */
  update(update: Uint8Array): void
  awareness(update: Uint8Array): void
  /** What was not saved is gone from the region's document: ask for what this state vector lacks. */
  resync(stateVector: Uint8Array): void
  /** The note cannot be read now. The member has been taken out. */
  lost(): void
}

export type ApplyOutcome =
  | { outcome: 'applied' }
  /** Bytes that are no update, or that this document cannot digest. */
  | { outcome: 'malformed' }
  | { outcome: 'refused'; detail: string }
  /** Nothing was applied: the sender has more, and is to be asked for what this state vector lacks. */
  | { outcome: 'missing'; stateVector: Uint8Array }

export type Note = {
  /** Resolves when the document is loaded; rejects if it cannot be. */
  ready(): Promise<void>
  add(member: NoteMember): void
  remove(member: NoteMember): void
  members(): number
  /** True while something is on its way to the log. */
  busy(): boolean
  stateVector(): Promise<Uint8Array>
  /** What a holder of this state vector lacks, once all of it is flushed. Throws a RangeError if it is none. */
  answer(stateVector: Uint8Array): Promise<Uint8Array>
  apply(update: Uint8Array, member: NoteMember): Promise<ApplyOutcome>
  /** Takes an update that another region has stored, and this one with it. */
  receive(update: Uint8Array, place: NotePlace): void
  /** To be called about every second: keeps a snapshot where one is due, and lets a document go that rests. */
  rest(): void
  /** Is the document in memory? */
  awake(): boolean
  /** False if the bytes are no awareness update. */
  applyAwareness(update: Uint8Array, member: NoteMember): boolean
  everybody(): Uint8Array | undefined
  close(): void
}

export type NoteDeps = {
  document: string
  log: NoteLog
  quarantine: Pick<Quarantine, 'noteLoaded'>
  /** Milliseconds of a clock that never jumps. */
  monotonic(): number
  logger: Logger
  metrics: Metrics
  /** Called when nothing is on its way any more. */
  onIdle(): void
}

/** Emissions that go into one append: merging many at once is slow. */
const mergeAtMost = 64

/** Updates since the last snapshot from which one is kept when the note rests, and from which it is kept at once. */
const snapshotUpdates = { resting: 200, writing: 5000 }
/** Quiet time after which a snapshot is kept, and after which the document leaves memory, in ms. */
const quietMs = { snapshot: 2000, sleep: 10_000 }

/** Bytes that may wait to be stored; what comes then is applied when they are. */
const mostUnflushed = 8 * 1024 * 1024

/** Origins of changes to the document, as Yjs hands them on. */
const fromLog = Symbol('from the log')
const fromRegion = Symbol('from another region')

/** Author of what nobody wrote: Yjs takes away marks of formatting that mean nothing any more. */
const tidied = 'region'

type Emission = { update: Uint8Array; author: string }

/** A document in memory, or on its way there. */
type Held = { doc: Y.Doc | undefined; loaded: Promise<Y.Doc> }

export function createNote(deps: NoteDeps): Note {
  const { document, log, quarantine, monotonic, logger, metrics, onIdle } = deps
  const members = new Set<NoteMember>()
  let awareness: NoteAwareness | undefined
  let held: Held | undefined
  let touched = monotonic()
  /** Origin → how many of its updates the document holds, from the first on without a gap; undefined if nobody knows. */
  let covers: Map<string, number> | undefined
  /** Updates that the last snapshot does not hold. */
  let uncovered = 0
  let unflushed: Emission[] = []
  let unflushedBytes = 0
  let writing: Promise<void> | undefined
  /** Counts up whenever the document was discarded: what was read from an older one is void. */
  let generation = 0

  load()

  function load(): Held {
    generation += 1
    const mine = generation
    const loading: Held = { doc: undefined, loaded: log.load(document).then(assemble) }
    function assemble(stored: StoredNote): Y.Doc {
      const { doc, misfits } = assembleNote(stored, createDoc, fromLog)
      listenTo(doc)
      quarantine.noteLoaded(document, misfits)
      loading.doc = doc
      if (mine !== generation) return doc
      // A snapshot would hide what did not fit in.
      covers = misfits.length > 0 ? undefined : stored.covers
      uncovered = stored.updates.length
      return doc
    }
    // A failed load is not kept: the next one to ask tries again.
    loading.loaded.catch(() => {
      if (held === loading) held = undefined
    })
    touched = monotonic()
    held = loading
    return loading
  }

  /** The document, read from the log if it is not in memory. */
  async function wake(): Promise<Y.Doc> {
    const doc = await (held ?? load()).loaded
    touched = monotonic()
    return doc
  }

  function letGo(): void {
    generation += 1
    held?.doc?.destroy()
    held = undefined
    covers = undefined
    uncovered = 0
  }

  /** The document holds the update of this place now. */
  function cover({ origin, clock }: NotePlace): void {
    uncovered += 1
    const next = covers?.get(origin) ?? 0
    if (clock === next) covers?.set(origin, next + 1)
    // Something before it is not here: a snapshot would hide it.
    else if (clock > next) covers = undefined
  }

  function keepSnapshot(doc: Y.Doc): void {
    if (!covers) return
    uncovered = 0
    const state = Y.encodeStateAsUpdate(doc)
    metrics.noteSnapshots.inc()
    log.keepSnapshot(document, new Map(covers), state).catch((error) => {
      logger.warn({ error: plainError(error) }, 'a snapshot of a note could not be kept')
    })
  }

  function createDoc(): Y.Doc {
    const fresh = new Y.Doc()
    fresh.getXmlFragment('content')
    fresh.getText('text')
    fresh.getMap('meta')
    return fresh
  }

  /** Only a document that is loaded is listened to: Yjs would encode the whole of it for the listener. */
  function listenTo(doc: Y.Doc): void {
    doc.on('update', (update: Uint8Array, origin: unknown) => {
      if (origin === fromLog || doc !== held?.doc) return
      if (origin === fromRegion) tell(update)
      else {
        unflushed.push({ update, author: typeof origin === 'string' ? origin : tidied })
        unflushedBytes += update.length
        writing ??= new Promise<void>((resolve) => setImmediate(resolve)).then(write)
      }
    })
  }

  function tell(update: Uint8Array): void {
    for (const member of [...members]) member.update(update)
  }

  async function write(): Promise<void> {
    let mine = generation
    try {
      while (unflushed.length > 0) {
        mine = generation
        for (const { update } of unflushed.slice(0, mergeAtMost)) unflushedBytes -= update.length
        const batch = takeBatch(unflushed)
        const place = await log.append({ document, ...batch })
        metrics.noteAppends.inc({ outcome: 'stored' })
        // Loaded anew in the meantime, the document may have been read before this was flushed.
        if (mine === generation) cover(place)
        else void applyStored(batch.update, place, fromLog).catch(() => undefined)
        tell(batch.update)
      }
    } catch (error) {
      metrics.noteAppends.inc({ outcome: 'failed' })
      logger.warn({ document, error: plainError(error) }, 'a note could not be saved; it is loaded anew')
      if (mine === generation) await startAgain()
    } finally {
      writing = undefined
      if (unflushed.length > 0) writing = write()
      else onIdle()
    }
  }

  /** Discards what was never stored. Its authors still have it, and are asked for it. */
  async function startAgain(): Promise<void> {
    unflushed = []
    unflushedBytes = 0
    letGo()
    try {
      const doc = await wake()
      for (const member of [...members]) member.resync(Y.encodeStateVector(doc))
    } catch (error) {
      logger.error({ document, error: plainError(error) }, 'a note cannot be loaded')
      for (const member of [...members]) {
        remove(member)
        member.lost()
      }
    }
  }

  function remove(member: NoteMember): void {
    members.delete(member)
    awareness?.remove(member)
    if (members.size > 0) return
    awareness?.close()
    awareness = undefined
  }

  async function applyStored(update: Uint8Array, place: NotePlace, origin: symbol): Promise<void> {
    const doc = await wake()
    Y.applyUpdate(doc, update, origin)
    if (doc === held?.doc) cover(place)
  }

  function applyNow(doc: Y.Doc, update: Uint8Array, author: string): ApplyOutcome {
    const problem = noteUpdateProblem(update, doc)
    if (problem?.problem === 'missing') return { outcome: 'missing', stateVector: Y.encodeStateVector(doc) }
    if (problem?.problem === 'refused') return { outcome: 'refused', detail: problem.detail }
    if (problem) return { outcome: 'malformed' }
    const waitedBefore = doc.store.pendingStructs !== null
    try {
      applyNoteUpdate(doc, update, author)
    } catch (error) {
      // The document may be half changed: nothing of it may be stored or built upon.
      logger.warn({ document, error: plainError(error) }, 'an update broke a note; it is loaded anew')
      void startAgain()
      return { outcome: 'malformed' }
    }
    if (!waitedBefore && doc.store.pendingStructs !== null) {
      doc.store.pendingStructs = null
      return { outcome: 'malformed' }
    }
    return { outcome: 'applied' }
  }

  async function whenFlushed(): Promise<void> {
    while (writing) await writing
  }

  return {
    ready: async () => void (await wake()),
    add(member) {
      members.add(member)
    },
    remove,
    members: () => members.size,
    busy: () => writing !== undefined,
    stateVector: async () => Y.encodeStateVector(await wake()),
    async answer(stateVector) {
      for (;;) {
        const doc = await wake()
        const mine = generation
        const update = encodeSince(doc, stateVector)
        await whenFlushed()
        if (mine === generation) return update
      }
    },
    async apply(update, member) {
      // Who sends faster than the log takes is held back by this; see `busy` of its socket.
      let doc = await wake()
      while (writing && unflushedBytes > mostUnflushed) {
        await writing
        doc = await wake()
      }
      return applyNow(doc, update, member.person.id)
    },
    receive(update, place) {
      // Who reads along needs no document for it.
      if (held)
        applyStored(update, place, fromRegion).catch((error) => {
          // The document may be half changed; read anew it goes on without this update.
          logger.error({ error: plainError(error) }, "another region's update does not fit a note")
          void startAgain()
        })
      else tell(update)
    },
    applyAwareness(update, member) {
      awareness ??= createNoteAwareness((told) => {
        for (const one of [...members]) one.awareness(told)
      })
      return awareness.apply(update, member, member.person)
    },
    rest() {
      if (!held?.doc || writing || unflushed.length > 0) return
      const quiet = monotonic() - touched
      const due = quiet > quietMs.snapshot ? snapshotUpdates.resting : snapshotUpdates.writing
      if (uncovered >= due) keepSnapshot(held.doc)
      if (quiet > quietMs.sleep && members.size > 0) letGo()
    },
    awake: () => held !== undefined,
    everybody: () => (awareness && awareness.size() > 0 ? awareness.everybody() : undefined),
    close() {
      if (held?.doc && !writing && unflushed.length === 0 && uncovered >= snapshotUpdates.resting)
        keepSnapshot(held.doc)
      letGo()
      awareness?.close()
    },
  }
}

/** The next emissions as one update. Who wrote together is named together, a line for each. */
function takeBatch(unflushed: Emission[]): Emission {
  const batch = unflushed.splice(0, mergeAtMost)
  if (batch.length === 1) return batch[0]!
  const author = [...new Set(batch.map((one) => one.author))].sort().join('\n')
  return { author, update: Y.mergeUpdates(batch.map((one) => one.update)) }
}

function encodeSince(doc: Y.Doc, stateVector: Uint8Array): Uint8Array {
  try {
    return Y.encodeStateAsUpdate(doc, stateVector)
  } catch {
    throw new RangeError('no state vector')
  }
}
