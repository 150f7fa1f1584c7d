import { setTimeout as sleep } from 'node:timers/promises'
import * as Y from 'yjs'
import { type NoteSocket, openNote } from '../load/note-socket.ts'
import { openLoop } from '../load/open-loop.ts'
import { createTypist, eachRange, type Typist } from '../load/typing.ts'
import { until } from '../load/waiting.ts'
import type { BenchServer } from '../servers/server.ts'
import type { Measure } from './measure.ts'

/**
 * (f) 20 edits, each sent when somebody else has received the one before. When the last was received the server gets
 * SIGKILL. How many are not there when it runs again? Once while nothing else happens, once while other notes take 1,000
 * edits a second.
 */
export const lost: Measure = {
  letter: 'f',
  title: 'edits that others had, lost by a SIGKILL, of 20',
  of: 'all',
  async run(server, { quick, run }) {
    await server.restart()
    const quiet = await lostBySigkill(server, `f-quiet-${run}`)

    const { typing, stop } = await typeElsewhere(server, `f-busy-${run}`, quick ? 1 : 4)
    const busy = await lostBySigkill(server, `f-busy-${run}`, stop)
    await typing
    return { values: { lostEdits: quiet, lostEditsBusy: busy } }
  },
}

const edits = 20
const mostSeconds = 60

/** @param struck called as soon as the server is gone */
async function lostBySigkill(server: BenchServer, note: string, struck = () => {}): Promise<number> {
  const typist = createTypist(7_000_000)
  let received = 0
  const other = await openNote(server.note(note), {
    update: (update) =>
      eachRange(update, (_, __, to) => {
        received = Math.max(received, to)
      }),
  })
  const writer = await openNote(server.note(note, 1))
  for (let i = 1; i <= edits; i++) {
    writer.update(typist.type())
    await until('an edit', () => received >= i)
  }
  const killed = server.kill()
  struck()
  writer.terminate()
  other.terminate()
  await killed
  await server.start()

  const doc = new Y.Doc()
  const text = doc.getText('text')
  const reader = await openNote(server.note(note), { update: (update) => Y.applyUpdate(doc, update) })
  // Some servers load after they have answered.
  for (let waited = 0; text.length < edits && waited < 2000; waited += 50) await sleep(50)
  reader.terminate()
  return edits - text.length
}

/** Types in 50 other notes until it is stopped. Resolves when it has gone on for so many seconds. */
async function typeElsewhere(server: BenchServer, prefix: string, seconds: number) {
  const writers: { typist: Typist; socket: NoteSocket }[] = []
  for (let i = 0; i < 50; i++)
    writers.push({
      typist: createTypist(8_000_000 + i),
      socket: await openNote(server.note(`${prefix}-${i}`, i)),
    })
  let going = true
  const typing = openLoop(1000, mostSeconds, (i) => {
    if (!going) return 'stop'
    const { typist, socket } = writers[i % writers.length]!
    socket.update(typist.type())
    return undefined
  })
  const stop = () => {
    going = false
    for (const { socket } of writers) socket.terminate()
  }
  await sleep(seconds * 1000)
  return { typing, stop }
}
