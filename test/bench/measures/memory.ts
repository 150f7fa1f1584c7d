import { setTimeout as sleep } from 'node:timers/promises'
import { proportionalBytes, residentBytes } from '../affinity.ts'
import { inTurns } from '../load/in-turns.ts'
import { type NoteSocket, openNote } from '../load/note-socket.ts'
import { createTypist } from '../load/typing.ts'
import { until } from '../load/waiting.ts'
import type { BenchServer } from '../servers/server.ts'
import type { Measure } from './measure.ts'

/**
 * (c) 2,000 notes, each open in one client that has written 5 KB, shows that it is there, and does nothing more. What the
 * server process has more than before, after a rest, is divided by their number; what its database has more is told
 * apart. The server was started anew and has done some work before, so that its code is loaded. Nobody asks for a
 * collection of garbage.
 */
export const memory: Measure = {
  letter: 'c',
  title: '2,000 idle notes of 5 KB, one client each',
  of: 'all',
  async run(server, { quick, run }) {
    const notes = quick ? 50 : 2000
    const restMs = quick ? 1000 : 20_000
    await server.restart()
    for (const socket of await openAll(server, `c-warm-${run}`, quick ? 10 : 200, 3_000_000))
      socket.terminate()
    await sleep(quick ? 500 : 8000)

    const before = await memoryOf(server)
    const sockets = await openAll(server, `c-${run}`, notes, 3_100_000)
    await sleep(restMs)
    const after = await memoryOf(server)
    for (const socket of sockets) socket.terminate()
    const each = (bytes: number) => bytes / 1024 / notes
    return {
      values: {
        noteKilobytes: each(after.server - before.server),
        ...(after.database === 0 ? {} : { databaseKilobytes: each(after.database - before.database) }),
      },
    }
  },
}

const noteBytes = 5 * 1024

async function openAll(
  server: BenchServer,
  prefix: string,
  notes: number,
  firstClient: number,
): Promise<NoteSocket[]> {
  const sockets: NoteSocket[] = []
  await inTurns(
    Array.from({ length: notes }, (_, i) => i),
    20,
    async (i) => {
      let heard = 0
      const socket = await openNote(server.note(`${prefix}-${i}`, i), {
        present: firstClient + i,
        update: (update) => {
          heard += update.length
        },
      })
      sockets.push(socket)
      socket.update(createTypist(firstClient + i).type('a'.repeat(noteBytes)))
      // All three send an update to its sender too; by this server it is durable then.
      await until('a note', () => heard > noteBytes, { everyMs: 5 })
    },
  )
  return sockets
}

async function memoryOf(server: BenchServer): Promise<{ server: number; database: number }> {
  const database = (await server.parts()).get('frankfurt postgres') ?? []
  return { server: residentBytes(server.pid()), database: proportionalBytes(database) }
}
