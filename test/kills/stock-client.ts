import { WebSocket } from 'ws'
import * as Y from 'yjs'
import {
  decodeMessage,
  step1Message,
  step2Message,
  updateMessage,
} from '../../sync-server/gateway/messages.ts'
import { opened } from './meridian-client.ts'

/** Somebody who writes a note over the stock endpoint, and reads what the region sends back. */
export type NoteWriter = {
  write(word: string): void
  /** Calls at once, in the turn in which it arrived, when the region has sent all of these words back. */
  whenEchoed(words: readonly string[], act: () => void): void
  close(): void
}

export async function openNote(sync: string, note: string, token: string): Promise<NoteWriter> {
  const socket = await dial(sync, note, token)
  const own = new Y.Doc()
  const echo = new Y.Doc()
  own.on('update', (update: Uint8Array) => socket.send(updateMessage(update)))
  let waiting: { words: readonly string[]; act(): void } | undefined
  const look = () => {
    const text = echo.getText('text').toString()
    if (!waiting?.words.every((word) => text.includes(word))) return
    const { act } = waiting
    waiting = undefined
    act()
  }
  socket.on('message', (data) => {
    const message = decodeMessage(new Uint8Array(data as Buffer))
    if (message?.type === 'step1') socket.send(step2Message(Y.encodeStateAsUpdate(own, message.stateVector)))
    if (message?.type !== 'update' && message?.type !== 'step2') return
    Y.applyUpdate(echo, message.update)
    look()
  })
  socket.send(step1Message(Y.encodeStateVector(echo)))
  return {
    write(word) {
      const text = own.getText('text')
      text.insert(text.length, word)
    },
    whenEchoed(words, act) {
      waiting = { words, act }
      look()
    },
    close: () => socket.terminate(),
  }
}

/** A document as the stock endpoint gives it to a client that has nothing of it. */
export async function readDocument(sync: string, document: string, token: string): Promise<Y.Doc> {
  const socket = await dial(sync, document, token)
  const doc = new Y.Doc()
  try {
    await new Promise<void>((resolve, reject) => {
      socket.on('close', (code) => reject(new Error(`${document} was closed with ${code}`)))
      socket.on('message', (data) => {
        const message = decodeMessage(new Uint8Array(data as Buffer))
        if (message?.type !== 'step2') return
        Y.applyUpdate(doc, message.update)
        resolve()
      })
      socket.send(step1Message(Y.encodeStateVector(doc)))
    })
    return doc
  } finally {
    socket.terminate()
  }
}

async function dial(sync: string, document: string, token: string): Promise<WebSocket> {
  const socket = new WebSocket(`${sync}/${encodeURIComponent(document)}`, [`bearer.${token}`])
  await opened(socket)
  return socket
}
