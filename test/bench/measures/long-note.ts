import { setTimeout as sleep } from 'node:timers/promises'
import * as Y from 'yjs'
import { type CpuUse, watchCpu } from '../load/cpu-use.ts'
import { typedUpdates } from '../load/long-text.ts'
import { openNote } from '../load/note-socket.ts'
import { until, within } from '../load/waiting.ts'
import type { BenchServer } from '../servers/server.ts'
import type { Measure } from './measure.ts'

/**
 * (d) A note of 100,000 single-character edits, stored as 1,000 updates: from the opening of the WebSocket until the
 * client's document holds the text. Cold: the server was started anew and has opened one small note. Warm: once more.
 */
export const longNote: Measure = {
  letter: 'd',
  title: 'a note of 100,000 edits to content',
  of: 'all',
  async run(server, { quick, run }) {
    const edits = quick ? 2000 : 100_000
    const updates = typedUpdates(edits)
    const note = `d-${run}`
    await within(120_000, 'writing the long note', write(server, note, updates))
    await server.settled()
    // The client's own code must not be the one that is cold.
    Y.applyUpdate(new Y.Doc(), Y.mergeUpdates(updates.slice(0, 200)))

    await server.restart()
    ;(await openNote(server.note(`d-small-${run}`))).terminate()
    const cold = await timeToContent(server, note, edits)
    const warm = await timeToContent(server, note, edits)
    return {
      values: {
        longNoteCold: cold.ms,
        longNoteColdCore: cold.cpu.serverMs,
        longNoteWarm: warm.ms,
        longNoteWarmCore: warm.cpu.serverMs,
      },
      cpu: { cold: cold.cpu, warm: warm.cpu },
    }
  },
}

/** One update at a time: the next when somebody else has received the last, so that each is stored by itself. */
async function write(server: BenchServer, note: string, updates: readonly Uint8Array[]): Promise<void> {
  let received = 0
  const watcher = await openNote(server.note(note), {
    update: (update) => {
      if (update.length > 2) received++
    },
  })
  const writer = await openNote(server.note(note, 1))
  for (const [i, update] of updates.entries()) {
    writer.update(update)
    await until('an update of the long note', () => received > i)
  }
  watcher.terminate()
  writer.terminate()
}

async function timeToContent(
  server: BenchServer,
  note: string,
  characters: number,
): Promise<{ ms: number; cpu: CpuUse }> {
  const doc = new Y.Doc()
  const text = doc.getText('text')
  const use = await watchCpu(server)
  const began = performance.now()
  let tell: () => void = () => {}
  const full = new Promise<void>((resolve) => {
    tell = resolve
  })
  const socket = await openNote(server.note(note), {
    update: (update) => {
      Y.applyUpdate(doc, update)
      if (text.length === characters) tell()
    },
  })
  await within(30_000, 'the long note', full)
  const ms = performance.now() - began
  const cpu = use()
  socket.terminate()
  // A server that forgets a document when its last reader leaves is given the time to.
  await sleep(200)
  return { ms, cpu }
}
