import { setTimeout as sleep } from 'node:timers/promises'
import * as Y from 'yjs'
import { watchCpu } from '../load/cpu-use.ts'
import { type NoteSocket, openNote } from '../load/note-socket.ts'
import { createTypist, eachRange, type Typist } from '../load/typing.ts'
import type { BenchServer } from '../servers/server.ts'
import type { Measure } from './measure.ts'

/**
 * (a) 50 notes × 4 clients. Each client types one character and the next one as soon as the next client of the same
 * note has received it: the one thing that can be said of all three servers alike. An edit counts when it was received.
 */
export const closedLoopEdits: Measure = {
  letter: 'a',
  title: 'closed loop, 50 notes × 4 clients',
  of: 'all',
  async run(server, { quick, run }) {
    const writers = await openWriters(server, `a-${run}`, quick ? 5 : 50, 4)
    const count = () => writers.reduce((sum, { received }) => sum + received(), 0)
    for (const writer of writers) writer.go()
    await sleep(quick ? 500 : 5000)

    const use = await watchCpu(server)
    const before = count()
    const began = performance.now()
    await sleep(quick ? 1000 : 8000)
    const edits = count() - before
    const perSecond = (edits / (performance.now() - began)) * 1000
    const cpu = use()

    for (const writer of writers) writer.halt()
    await sleep(500)
    await checkContent(server, `a-${run}-0`, writers.slice(0, 4))
    for (const writer of writers) writer.terminate()
    const values = { editsPerSecond: perSecond, editMicros: (cpu.serverMs / edits) * 1000 }
    return { values, cpu: { edits: cpu } }
  },
}

type Writer = {
  typist: Typist
  /** Own edits that the next client of the note has received. */
  received(): number
  go(): void
  halt(): void
  terminate(): void
}

async function openWriters(
  server: BenchServer,
  prefix: string,
  notes: number,
  each: number,
): Promise<Writer[]> {
  const firstClient = 1_000_000
  const sockets: NoteSocket[] = []
  const typists = Array.from({ length: notes * each }, (_, i) => createTypist(firstClient + i))
  const received = typists.map(() => 0)
  let going = true
  const neighbour = (i: number, by: number) => i - (i % each) + ((i + by + each) % each)

  for (const i of typists.keys()) {
    const before = neighbour(i, -1)
    sockets[i] = await openNote(server.note(`${prefix}-${Math.floor(i / each)}`, i), {
      update: (update) =>
        eachRange(update, (client, _, to) => {
          if (client !== firstClient + before || to <= received[before]!) return
          received[before] = to
          if (going && to === typists[before]!.typed()) sockets[before]!.update(typists[before]!.type())
        }),
    })
  }
  return typists.map((typist, i) => ({
    typist,
    received: () => received[i]!,
    go: () => sockets[i]!.update(typist.type()),
    halt: () => {
      going = false
    },
    terminate: () => sockets[i]!.terminate(),
  }))
}

/** A benchmark of something that does not work is worth nothing: the note must hold what was typed. */
async function checkContent(server: BenchServer, note: string, writers: readonly Writer[]): Promise<void> {
  const doc = new Y.Doc()
  const socket = await openNote(server.note(note), { update: (update) => Y.applyUpdate(doc, update) })
  const typed = writers.reduce((sum, { typist }) => sum + typist.typed(), 0)
  const { length } = doc.getText('text')
  socket.terminate()
  if (length !== typed) throw new Error(`${note} holds ${length} of ${typed} characters`)
}
