import { setTimeout as sleep } from 'node:timers/promises'
import { residentBytes } from '../affinity.ts'
import { inTurns } from '../load/in-turns.ts'
import { type NoteSocket, openNote } from '../load/note-socket.ts'
import { createTypist } from '../load/typing.ts'
import type { BenchServer } from '../servers/server.ts'
import type { Measure } from './measure.ts'

/**
 * (c) 2,000 notes of 5 KB, each open in one client that does nothing. They are written first; then the server is started
 * anew, does some work so that its code is loaded, and rests: what it has more when all are open and it has rested again
 * is divided by their number. Nobody asks for a collection of garbage.
 */
export const memory: Measure = {
  letter: 'c',
  title: '2,000 idle notes of 5 KB, one client each',
  of: 'all',
  async run(server, { quick, run }) {
    const notes = quick ? 50 : 2000
    const bytes = 5 * 1024
    const ids = Array.from({ length: notes }, (_, i) => i)

    await inTurns(ids, 20, async (i) => {
      let seen = false
      const watcher = await openNote(server.note(`c-${run}-${i}`), {
        update: (update) => {
          seen ||= update.length > bytes
        },
      })
      const writer = await openNote(server.note(`c-${run}-${i}`, 1))
      writer.update(createTypist(3_000_000 + i).type('a'.repeat(bytes)))
      while (!seen) await sleep(2)
      watcher.terminate()
      writer.terminate()
    })
    await server.settled()
    await server.restart()

    await warmUp(server, `c-warm-${run}`, quick ? 10 : 200)
    const before = await restedBytes(server.pid(), quick)
    const sockets: NoteSocket[] = []
    await inTurns(ids, 20, async (i) => {
      let had = 0
      const socket = await openNote(server.note(`c-${run}-${i}`), {
        update: (update) => {
          had += update.length
        },
      })
      sockets.push(socket)
      while (had < bytes) await sleep(2)
    })
    const after = await restedBytes(server.pid(), quick)
    for (const socket of sockets) socket.terminate()
    return { values: { noteKilobytes: (after - before) / 1024 / notes } }
  },
}

/** Opens notes, writes a little and leaves. */
async function warmUp(server: BenchServer, prefix: string, notes: number): Promise<void> {
  const ids = Array.from({ length: notes }, (_, i) => i)
  await inTurns(ids, 20, async (i) => {
    const socket = await openNote(server.note(`${prefix}-${i}`))
    socket.update(createTypist(4_000_000 + i).type('b'.repeat(1000)))
    await sleep(20)
    socket.terminate()
  })
}

/** Resident memory once it has not changed by more than 1 % for 5 s, or after 30 s. */
async function restedBytes(pid: number, quick: boolean): Promise<number> {
  const most = quick ? 2 : 30
  let last = residentBytes(pid)
  let still = 0
  for (let second = 0; second < most && still < 5; second++) {
    await sleep(1000)
    const now = residentBytes(pid)
    still = Math.abs(now - last) < last / 100 ? still + 1 : 0
    last = now
  }
  return last
}
