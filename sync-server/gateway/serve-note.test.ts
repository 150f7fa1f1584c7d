import { expect, test } from 'vitest'
import * as Y from 'yjs'
import { createNotes } from '../documents/notes.ts'
import type { Identity } from '../identity/tokens.ts'
import { createLogger } from '../observability/logger.ts'
import { createMetrics } from '../observability/metrics.ts'
import { createMemoryStore } from '../store/memory-store.ts'
import { updateMessage } from './messages.ts'
import { serveNote } from './serve-note.ts'
import type { Socket } from './socket.ts'

const nurse: Identity = {
  user: 'nurse.frankfurt',
  name: 'Nurse',
  role: 'nurse',
  organisation: 'Hospital',
  region: 'frankfurt',
  homeGroups: [],
  sources: [],
  expiresAt: Number.POSITIVE_INFINITY,
}

test('HO29 a message about a note of more than 4 MiB, as chunks can make it up, ends with 4413; a long one is taken', async () => {
  const store = createMemoryStore()
  const logger = createLogger({ region: 'frankfurt', level: 'silent' })
  const metrics = createMetrics({ processMetrics: false })
  const notes = createNotes({ store, logger, metrics, monotonic: () => 0 })
  const closes: number[] = []
  const works: Promise<unknown>[] = []
  const socket: Socket = {
    send: () => undefined,
    room: () => true,
    close: (code) => void closes.push(code),
    terminate: () => undefined,
    ping: () => undefined,
    busy: (work) => void works.push(work),
    times: { sent: 0, heard: 0 },
    serve: () => undefined,
  }
  const { message } = serveNote('note/n1', nurse, socket, { notes, metrics, logger })
  const written = (length: number) => {
    const doc = new Y.Doc()
    doc.getText('text').insert(0, 'x'.repeat(length))
    return updateMessage(Y.encodeStateAsUpdate(doc))
  }
  message(written(4 * 1024 * 1024 - 100))
  await Promise.all(works)
  expect(closes).toEqual([])
  while ((await store.notes.updatesOf('note/n1')).length === 0) await new Promise(setImmediate)
  message(written(4 * 1024 * 1024))
  expect(closes).toEqual([4413])
  expect(works).toHaveLength(1)
  notes.close()
})
