import { type NoteSocket, openNote } from '../load/note-socket.ts'
import { openLoop } from '../load/open-loop.ts'
import { percentile } from '../load/percentile.ts'
import { createTypist, eachRange } from '../load/typing.ts'
import { until } from '../load/waiting.ts'
import type { Measure } from './measure.ts'

/**
 * (b) 1,000 edits a second in all, from 200 clients of 50 notes in turn, however long each takes: from the moment at which
 * an edit was due until each of the three other clients of the note has received it.
 */
export const editLatency: Measure = {
  letter: 'b',
  title: '1,000 edits a second, 50 notes × 4 clients',
  of: 'all',
  async run(server, { quick, run }) {
    const notes = quick ? 5 : 50
    const each = 4
    const rate = quick ? 100 : 1000
    const seconds = quick ? 1 : 10
    const warmUp = rate * (quick ? 1 : 3)
    const firstClient = 2_000_000
    const typists = Array.from({ length: notes * each }, (_, i) => createTypist(firstClient + i))
    /** When each edit of each typist was due. */
    const due: number[][] = typists.map(() => [])
    const sockets: NoteSocket[] = []
    const latencies: number[] = []
    let counting = false
    let missing = 0

    for (const i of typists.keys())
      sockets[i] = await openNote(server.note(`b-${run}-${Math.floor(i / each)}`, i), {
        update: (update) => {
          const now = performance.now()
          eachRange(update, (client, from, to) => {
            const writer = client - firstClient
            if (writer === i) return
            for (let clock = from; clock < to; clock++) {
              missing--
              if (counting) latencies.push(now - due[writer]![clock]!)
            }
          })
        },
      })

    const edit = (index: number, at: number) => {
      // A step that has no factor in common with 200 visits notes and clients in mixed order.
      const i = (index * 37) % typists.length
      due[i]!.push(at)
      missing += each - 1
      sockets[i]!.update(typists[i]!.type())
      return undefined
    }
    await openLoop(rate, warmUp / rate, edit)
    await until('the edits', () => missing === 0, wait)
    counting = true
    await openLoop(rate, seconds, edit)
    await until('the edits', () => missing === 0, wait)
    for (const socket of sockets) socket.terminate()
    return {
      values: { editP50: percentile(latencies, 0.5), editP99: percentile(latencies, 0.99) },
    }
  },
}

const wait = { everyMs: 10 }
