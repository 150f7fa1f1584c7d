import { closeCodes } from '../../domain/wire/wire.ts'
import type { Note, NoteMember } from '../documents/note.ts'
import { nobody } from '../documents/note-awareness.ts'
import type { Notes } from '../documents/notes.ts'
import type { Identity } from '../identity/tokens.ts'
import { type Logger, plainError } from '../observability/logger.ts'
import type { Metrics } from '../observability/metrics.ts'
import {
  awarenessMessage,
  decodeMessage,
  deniedMessage,
  type StockMessage,
  step1Message,
  step2Message,
  updateMessage,
} from './messages.ts'
import type { Socket, SocketHandlers } from './socket.ts'

export type ServeNoteDeps = { notes: Notes; metrics: Metrics; logger: Logger }

/** A message that came in chunks may be longer than a frame, but not as long as any frame: it is taken in one go. */
const mostBytes = 4 * 1024 * 1024

/** One writer of one note, over the plain y-websocket protocol. */
export function serveNote(
  document: string,
  identity: Identity,
  socket: Socket,
  { notes, metrics, logger }: ServeNoteDeps,
): SocketHandlers {
  let open = true
  /** Updates were left out because the socket was full: one that holds everything takes their place. */
  let behind = false
  /** A sync step 1 that waits for its answer; a later one takes its place. */
  let asked: Uint8Array | undefined
  let answering = false

  const member: NoteMember = {
    person: { id: identity.user, name: identity.name },
    update: (update) => {
      if (socket.room()) socket.send(encodedOnce(update))
      else behind = true
    },
    // Awareness is told again every few seconds: a slow reader misses nothing that counts.
    awareness: (update) => {
      if (socket.room()) socket.send(awarenessMessage(update))
    },
    resync: (stateVector) => socket.send(step1Message(stateVector)),
    lost: () => unreadable(),
  }

  const joined = notes.join(document, member).then(greet, (error) => {
    logger.warn({ document, error: plainError(error) }, 'a note cannot be opened')
    unreadable()
    return undefined
  })

  async function greet(note: Note): Promise<Note> {
    socket.send(step1Message(await note.stateVector()))
    const everybody = note.everybody()
    if (everybody) socket.send(awarenessMessage(everybody))
    return note
  }

  async function handle(message: StockMessage): Promise<void> {
    const note = await joined
    if (!note || !open) return
    switch (message.type) {
      case 'step1':
        asked = message.stateVector
        return answerAsked(note)
      case 'step2':
      case 'update':
        return apply(note, message.update)
      case 'awareness':
        if (!note.applyAwareness(message.update, member)) malformed()
        return
      case 'query-awareness':
        return socket.send(awarenessMessage(note.everybody() ?? nobody))
      case 'auth':
        return
    }
  }

  /** One answer at a time, and only when there is room: an answer may be the whole note. */
  async function answerAsked(note: Note): Promise<void> {
    if (answering) return
    answering = true
    try {
      while (asked && open && socket.room()) {
        const stateVector = asked
        asked = undefined
        socket.send(step2Message(await note.answer(stateVector)))
      }
    } catch (error) {
      if (error instanceof RangeError) malformed()
      else unreadable()
    } finally {
      answering = false
    }
  }

  async function apply(note: Note, update: Uint8Array): Promise<void> {
    const applied = await note.apply(update, member)
    if (applied.outcome === 'refused') socket.send(deniedMessage(applied.detail))
    else if (applied.outcome === 'missing') socket.send(step1Message(applied.stateVector))
    else if (applied.outcome === 'malformed') malformed()
  }

  async function catchUp(): Promise<void> {
    const note = await joined
    behind = false
    metrics.resyncs.inc()
    if (note && open) socket.send(updateMessage(await note.answer(nothingYet)))
  }

  function malformed(): void {
    close(closeCodes.malformed, 'this is no y-websocket message, or no Yjs update')
  }

  function unreadable(): void {
    close(closeCodes.busy, 'this region cannot read the note now')
  }

  function close(code: number, reason: string): void {
    open = false
    socket.close(code, reason)
  }

  return {
    message: (bytes) => {
      const message = bytes && decodeMessage(bytes)
      if (!message) malformed()
      else if (bytes.length > mostBytes)
        close(closeCodes.tooLarge, 'a message about a note was above the limit')
      else
        socket.busy(
          handle(message).catch(() => unreadable()),
          bytes.length + messageCost,
        )
    },
    drained: () => {
      if (behind) void catchUp().catch(() => unreadable())
      if (asked) void joined.then((note) => note && answerAsked(note))
    },
    closed: () => {
      open = false
      notes.leave(document, member)
    },
  }
}

let lastUpdate: Uint8Array | undefined
let lastMessage: Uint8Array | undefined

/** A note tells all its members the same bytes, one after the other: they are encoded for the first. */
function encodedOnce(update: Uint8Array): Uint8Array {
  if (update === lastUpdate && lastMessage) return lastMessage
  lastUpdate = update
  lastMessage = updateMessage(update)
  return lastMessage
}

/** What a message costs while it waits, however short it is, in bytes. */
const messageCost = 500

/** State vector of a document with nothing in it. */
const nothingYet = new Uint8Array([0])
