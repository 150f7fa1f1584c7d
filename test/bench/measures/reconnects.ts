import { watchCpu } from '../load/cpu-use.ts'
import { openNote } from '../load/note-socket.ts'
import { createTypist, eachRange } from '../load/typing.ts'
import { within } from '../load/waiting.ts'
import type { Measure } from './measure.ts'

/**
 * (e) 1,000 clients of 50 notes connect at once, each with 1 KB that it wrote while it was away and that it gives in
 * answer to the server's step 1. Until a watcher of each note, which was there all along, has received all 20.
 */
export const reconnects: Measure = {
  letter: 'e',
  title: '1,000 clients reconnect with 1 KB each, 50 notes × 20',
  of: 'all',
  async run(server, { quick, run }) {
    const notes = quick ? 5 : 50
    const each = 20
    const bytes = 1024
    const firstClient = 6_000_000
    const missing = new Set(Array.from({ length: notes * each }, (_, i) => firstClient + i))
    let tell: () => void = () => {}
    const all = new Promise<void>((resolve) => {
      tell = resolve
    })

    const watchers = await Promise.all(
      Array.from({ length: notes }, (_, note) =>
        openNote(server.note(`e-${run}-${note}`), {
          update: (update) =>
            eachRange(update, (client, _, to) => {
              if (to === bytes) missing.delete(client)
              if (missing.size === 0) tell()
            }),
        }),
      ),
    )
    const own = [...missing].map((client) => createTypist(client).type('c'.repeat(bytes)))

    const use = await watchCpu(server)
    const began = performance.now()
    const clients = own.map((update, i) =>
      openNote(server.note(`e-${run}-${Math.floor(i / each)}`, i), { own: update }),
    )
    await within(60_000, 'the reconnects', Promise.all([all, ...clients]))
    const elapsed = performance.now() - began
    const cpu = use()

    for (const client of await Promise.all(clients)) client.terminate()
    for (const watcher of watchers) watcher.terminate()
    const values = { reconnectSeconds: elapsed / 1000, reconnectCore: cpu.serverMs / 1000 }
    return { values, cpu: { reconnects: cpu } }
  },
}
