import { LRUCache } from 'lru-cache'
import type { Logger } from '../observability/logger.ts'
import type { Metrics } from '../observability/metrics.ts'
import type { NoteLog, Quarantine } from '../store/ports.ts'
import { createNote, type Note, type NoteMember } from './note.ts'

/**
 * The notes that are in memory: those that somebody has open, and some that were open lately. Each is loaded once,
 * however many ask for it at the same time.
 */
export type Notes = {
  /** Opens a note for a member. Rejects if the log cannot be read. */
  join(document: string, member: NoteMember): Promise<Note>
  leave(document: string, member: NoteMember): void
  loaded(): number
  close(): void
}

export type NotesDeps = {
  store: { notes: NoteLog; quarantine: Pick<Quarantine, 'noteLoaded'> }
  logger: Logger
  metrics: Metrics
  /** Milliseconds of a clock that never jumps. */
  monotonic(): number
  idleNotes?: number
}

const restRoundMs = 1000

/** @param deps.idleNotes notes that nobody has open and that stay in memory; 200 if left out. */
export function createNotes({ store, logger, metrics, monotonic, idleNotes = 200 }: NotesDeps): Notes {
  const notes = new Map<string, Note>()
  const idle = new LRUCache<string, Note>({
    max: idleNotes,
    dispose: (note, document, reason) => {
      if (reason === 'evict') forget(document, note)
    },
  })
  const stop = store.notes.onReceived((received) => {
    for (const { document, update, origin, clock } of received)
      notes.get(document)?.receive(update, { origin, clock })
  })
  const resting = setInterval(rest, restRoundMs)
  resting.unref()

  function rest(): void {
    let awake = 0
    for (const note of notes.values()) {
      note.rest()
      if (note.awake()) awake += 1
    }
    metrics.notesLoaded.set(awake)
  }

  function noteOf(document: string): Note {
    const known = notes.get(document)
    if (known) return known
    const note = createNote({
      document,
      log: store.notes,
      quarantine: store.quarantine,
      logger,
      metrics,
      monotonic,
      onIdle: () => setAside(document, note),
    })
    notes.set(document, note)
    return note
  }

  function setAside(document: string, note: Note): void {
    if (note.members() === 0 && !note.busy() && notes.get(document) === note) idle.set(document, note)
  }

  function forget(document: string, note: Note): void {
    if (notes.get(document) === note) notes.delete(document)
    note.close()
  }

  return {
    async join(document, member) {
      const note = noteOf(document)
      idle.delete(document)
      note.add(member)
      try {
        await note.ready()
      } catch (error) {
        note.remove(member)
        // A failed load is not kept: the next one to ask tries again.
        if (note.members() === 0) forget(document, note)
        throw error
      }
      return note
    },
    leave(document, member) {
      const note = notes.get(document)
      if (!note) return
      note.remove(member)
      setAside(document, note)
    },
    loaded: () => notes.size,
    close() {
      stop()
      clearInterval(resting)
      for (const [document, note] of notes) forget(document, note)
    },
  }
}
