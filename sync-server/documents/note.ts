import * as Y from 'yjs'
import { type Logger, plainError } from '../observability/logger.ts'
import type { Metrics } from '../observability/metrics.ts'
import type { NoteLog } from '../store/ports.ts'
import { createNoteAwareness, type NoteAwareness, type Person } from './note-awareness.ts'
import { noteUpdateProblem } from './note-update.ts'

/**
 * One note in memory: free Yjs, written by several people at once. What a client sends is applied to the document, and
 * what the document *emits* is stored and passed on, to everybody, once it is flushed. Nobody ever sees, by update or by
 * sync step 2, what is not durable. A write that failed discards the document and starts again from the log.
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
  receive(update: Uint8Array): void
  /** False if the bytes are no awareness update. */
  applyAwareness(update: Uint8Array, member: NoteMember): boolean
  everybody(): Uint8Array | undefined
  close(): void
}

export type NoteDeps = {
  document: string
  log: NoteLog
  logger: Logger
  metrics: Metrics
  /** Called when nothing is on its way any more. */
  onIdle(): void
}

/** Emissions that go into one append: merging many at once is slow. */
const mergeAtMost = 64

/** Origins of changes to the document, as Yjs hands them on. */
const fromLog = Symbol('from the log')
const fromRegion = Symbol('from another region')

type Emission = { update: Uint8Array; author: string }

export function createNote({ document, log, logger, metrics, onIdle }: NoteDeps): Note {
  const members = new Set<NoteMember>()
  let awareness: NoteAwareness | undefined
  let doc: Y.Doc
  let loaded: Promise<void>
  let unflushed: Emission[] = []
  let writing: Promise<void> | undefined
  /** Counts up whenever the document was discarded: what was read from an older one is void. */
  let generation = 0

  load()

  function load(): void {
    generation += 1
    doc = createDoc()
    const mine = doc
    loaded = log.updatesOf(document).then((updates) => {
      // Applied one by one to a document: merging updates is quadratic.
      mine.transact(() => {
        for (const update of updates) Y.applyUpdate(mine, update, fromLog)
      }, fromLog)
    })
    loaded.catch(() => undefined)
  }

  function createDoc(): Y.Doc {
    const fresh = new Y.Doc()
    fresh.getXmlFragment('content')
    fresh.getText('text')
    fresh.getMap('meta')
    fresh.on('update', (update: Uint8Array, origin: unknown) => {
      if (origin === fromLog || fresh !== doc) return
      if (origin === fromRegion) tell(update)
      else {
        unflushed.push({ update, author: String(origin) })
        writing ??= new Promise<void>((resolve) => setImmediate(resolve)).then(write)
      }
    })
    return fresh
  }

  function tell(update: Uint8Array): void {
    for (const member of [...members]) member.update(update)
  }

  async function write(): Promise<void> {
    let mine = generation
    try {
      while (unflushed.length > 0) {
        mine = generation
        const batch = takeBatch(unflushed)
        await log.append({ document, ...batch })
        metrics.noteAppends.inc({ outcome: 'stored' })
        // Loaded anew in the meantime, the document may have been read before this was flushed.
        if (mine !== generation)
          void loaded.then(() => Y.applyUpdate(doc, batch.update, fromLog)).catch(() => undefined)
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
    doc.destroy()
    load()
    try {
      await loaded
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

  function applyNow(update: Uint8Array, author: string): ApplyOutcome {
    const problem = noteUpdateProblem(update, doc)
    if (problem?.problem === 'missing') return { outcome: 'missing', stateVector: Y.encodeStateVector(doc) }
    if (problem?.problem === 'refused') return { outcome: 'refused', detail: problem.detail }
    if (problem) return { outcome: 'malformed' }
    const waitedBefore = doc.store.pendingStructs !== null
    try {
      Y.applyUpdate(doc, update, author)
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
    ready: () => loaded,
    add(member) {
      awareness ??= createNoteAwareness((update) => {
        for (const one of [...members]) one.awareness(update)
      })
      members.add(member)
    },
    remove,
    members: () => members.size,
    busy: () => writing !== undefined,
    async stateVector() {
      await loaded
      return Y.encodeStateVector(doc)
    },
    async answer(stateVector) {
      for (;;) {
        await loaded
        const mine = generation
        const update = encodeSince(doc, stateVector)
        await whenFlushed()
        if (mine === generation) return update
      }
    },
    async apply(update, member) {
      await loaded
      return applyNow(update, member.person.id)
    },
    receive(update) {
      void loaded
        .then(() => Y.applyUpdate(doc, update, fromRegion))
        .catch((error) =>
          logger.error({ document, error: plainError(error) }, "another region's update does not fit a note"),
        )
    },
    applyAwareness: (update, member) => awareness?.apply(update, member, member.person) ?? true,
    everybody: () => (awareness && awareness.size() > 0 ? awareness.everybody() : undefined),
    close() {
      generation += 1
      awareness?.close()
      doc.destroy()
    },
  }
}

/** The next emissions of one author, as one update. */
function takeBatch(unflushed: Emission[]): Emission {
  const author = unflushed[0]!.author
  let count = 1
  while (count < mergeAtMost && unflushed[count]?.author === author) count += 1
  const updates = unflushed.splice(0, count).map((e) => e.update)
  return { author, update: updates.length === 1 ? updates[0]! : Y.mergeUpdates(updates) }
}

function encodeSince(doc: Y.Doc, stateVector: Uint8Array): Uint8Array {
  try {
    return Y.encodeStateAsUpdate(doc, stateVector)
  } catch {
    throw new RangeError('no state vector')
  }
}
