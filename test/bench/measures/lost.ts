import { setTimeout as sleep } from 'node:timers/promises'
import * as Y from 'yjs'
import { openNote } from '../load/note-socket.ts'
import { createTypist, eachRange } from '../load/typing.ts'
import type { Measure } from './measure.ts'

/**
 * (f) 20 edits, each sent when somebody else has received the one before. When the last was received the server gets
 * SIGKILL. How many are not there when it runs again?
 */
export const lost: Measure = {
  letter: 'f',
  title: 'edits that others had, lost by a SIGKILL, of 20',
  of: 'all',
  async run(server, { run }) {
    const edits = 20
    const note = `f-${run}`
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
      while (received < i) await new Promise(setImmediate)
    }
    await server.kill()
    writer.terminate()
    other.terminate()
    await server.start()

    const doc = new Y.Doc()
    const text = doc.getText('text')
    const reader = await openNote(server.note(note), { update: (update) => Y.applyUpdate(doc, update) })
    // Some servers load after they have answered.
    for (let waited = 0; text.length < edits && waited < 2000; waited += 50) await sleep(50)
    reader.terminate()
    return { values: { lostEdits: edits - text.length } }
  },
}
