import * as Y from 'yjs'
import { chartOf, journalOf } from '../../../domain/documents/document-name.ts'
import { entriesMap } from '../../../domain/entries/items.ts'
import { watchCpu } from '../load/cpu-use.ts'
import { openMeridian, submitAll } from '../load/meridian-socket.ts'
import { openNote } from '../load/note-socket.ts'
import { importPatients } from '../load/patients.ts'
import { heartRateProposal } from '../load/proposals.ts'
import { within } from '../load/waiting.ts'
import type { Meridian } from '../servers/meridian.ts'
import type { Measure } from './measure.ts'

/**
 * (j) A journal of 5,000 entries, from the opening of the WebSocket until the client's document holds them, and until the
 * last byte is here. Cold: the server was started anew, and another document has been opened before, so that the first
 * connection's own costs are not those of the journal.
 */
export const journal: Measure = {
  letter: 'j',
  title: 'a journal of 5,000 entries to content',
  of: 'meridian',
  async run(server, { quick }) {
    const entries = quick ? 500 : 5000
    const api = await server.api('frankfurt')
    const [patient] = (await importPatients(api, 1)) as [string]
    const socket = await openMeridian(server.sync('frankfurt'), api.token)
    const proposals = Array.from({ length: entries }, (_, n) => heartRateProposal(api, patient, n + 1))
    await within(60_000, 'the journal', submitAll(socket, proposals))
    socket.terminate()

    await server.restart()
    await open(server, chartOf(patient), 1)
    const cold = await open(server, journalOf(patient, '2026'), entries)
    const warm = await open(server, journalOf(patient, '2026'), entries)
    return {
      values: {
        journalCold: cold.content,
        journalColdBytes: cold.lastByte,
        journalColdCore: cold.cpu.serverMs,
        journalWarm: warm.content,
        journalWarmBytes: warm.lastByte,
        journalWarmCore: warm.cpu.serverMs,
      },
      cpu: { cold: cold.cpu, warm: warm.cpu },
    }
  },
}

/** Milliseconds until the last byte was here, and until the document held so many entries. */
async function open(server: Meridian, document: string, entries: number) {
  const { token } = await server.api('frankfurt')
  const doc = new Y.Doc()
  const map = doc.getMap(entriesMap)
  const use = await watchCpu(server)
  const began = performance.now()
  let lastByte = 0
  const socket = await openNote(
    { url: `${server.sync('frankfurt')}/${document}?token=${token}`, prefix: new Uint8Array(0) },
    {
      update: (update) => {
        lastByte = performance.now() - began
        Y.applyUpdate(doc, update)
      },
    },
  )
  const content = performance.now() - began
  const cpu = use()
  socket.terminate()
  if (map.size !== entries) throw new Error(`${document} holds ${map.size} of ${entries} entries`)
  return { lastByte, content, cpu }
}
