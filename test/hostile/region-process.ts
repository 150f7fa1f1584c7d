import * as Y from 'yjs'
import { startSampleRegion } from '../../sync-server/gateway/sample-region.ts'

/**
 * A whole region in memory, in a process of its own: what is sent to it can end it, and its memory is nobody else's.
 * Start it with `--expose-gc`; it is asked by messages, see `hostile-region.ts`.
 */

export type Question = 'token' | 'memory' | 'audit' | 'connections'

/** In bytes, after everything that can be collected has been. */
export type Memory = { heap: number; outside: number; resident: number; stored: number }

export type Audit = {
  /** Ids of all entries in the log. */
  entries: string[]
  notes: { documents: number; updates: number; bytes: number }
  /** What is wrong with what is stored. */
  wrong: string[]
  /** Lines of the log that tell of errors. */
  errors: string[]
}

const never = { strikes: Number.POSITIVE_INFINITY, windowMs: 1, refuseMs: 1 }
const region = await startSampleRegion({ gateway: { stubborn: never } })
const entries: string[] = []
const errors: string[] = []
const notes = new Map<string, number>()
let noteBytes = 0
region.store.entries.onFlushed((rows) => {
  entries.push(...rows.map((row) => row.id))
})
const { append } = region.store.notes
region.store.notes.append = (note) => {
  notes.set(note.document, (notes.get(note.document) ?? 0) + 1)
  noteBytes += note.update.length
  return append(note)
}

/** The log is kept by the test, not by the region. */
function collectErrors(): void {
  errors.push(...region.lines.splice(0).filter((line) => JSON.parse(line).level >= 50))
}

async function memory(): Promise<Memory> {
  collectErrors()
  for (let rounds = 0; rounds < 4; rounds++) {
    globalThis.gc?.()
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  const { heapUsed, external, rss } = process.memoryUsage()
  return { heap: heapUsed, outside: external, resident: rss, stored: noteBytes }
}

async function audit(): Promise<Audit> {
  const wrong: string[] = []
  let updates = 0
  for (const document of notes.keys()) {
    const doc = new Y.Doc()
    const stored = await region.store.notes.updatesOf(document)
    updates += stored.length
    try {
      for (const update of stored) Y.applyUpdate(doc, update)
      Y.applyUpdate(new Y.Doc(), Y.encodeStateAsUpdate(doc))
    } catch {
      wrong.push('a note cannot be read back')
    }
    if (doc.store.pendingStructs) wrong.push('something in a note waits for what nobody has')
    for (const root of doc.share.keys())
      if (!['content', 'text', 'meta'].includes(root)) wrong.push('a note has a foreign root type')
    for (const client of doc.store.clients.keys())
      if (client >= 2 ** 32) wrong.push("a note holds a region's client id")
  }
  collectErrors()
  return { entries, notes: { documents: notes.size, updates, bytes: noteBytes }, wrong, errors }
}

const answers: { [question in Question]: () => unknown } = {
  token: () => region.tokenOf(),
  memory,
  audit,
  connections: () => region.gateway.connections(),
}

process.on('message', async ({ id, question }: { id: number; question: Question }) => {
  process.send?.({ id, answer: await answers[question]() })
})
process.on('disconnect', () => process.exit(0))
process.send?.({ id: 0, answer: { http: region.http, sync: region.sync, author: region.authorOf() } })
