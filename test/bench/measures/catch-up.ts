import { chartOf } from '../../../domain/documents/document-name.ts'
import { encodeFrame, type FrameVector, type ScopeState } from '../../../domain/wire/wire.ts'
import { openMeridian, submitAll } from '../load/meridian-socket.ts'
import { importPatients } from '../load/patients.ts'
import { allergyProposal } from '../load/proposals.ts'
import { within } from '../load/waiting.ts'
import type { Meridian } from '../servers/meridian.ts'
import type { Measure } from './measure.ts'

/**
 * (i) A device looks after 1,000 charts of 10 entries, and was away for a night in which 5 entries were added to each of
 * 200. From the opening of its WebSocket until the region says that it has caught up; the device stores the updates
 * unopened. Also told: the first time, when it holds nothing.
 */
export const catchUp: Measure = {
  letter: 'i',
  title: 'catch-up of a night, 1,000 charts in scope, 200 changed',
  of: 'meridian',
  async run(server, { quick }) {
    const [charts, changed] = quick ? [50, 10] : [1000, 200]
    const api = await server.api('frankfurt')
    const patients = await importPatients(api, charts)
    const write = async (among: readonly string[], from: number, entries: number) => {
      const socket = await openMeridian(server.sync('frankfurt'), api.token)
      const proposals = Array.from({ length: entries }, (_, n) => n).flatMap((n) =>
        among.map((patient) => allergyProposal(api, patient, from + n)),
      )
      await within(120_000, 'the charts', submitAll(socket, proposals))
      socket.terminate()
    }

    await write(patients, 1, 10)
    const first = await fetchScope(server, patients, 'new', { proof: '', target: {} })
    await write(patients.slice(0, changed), 11, 5)
    const night = await fetchScope(server, patients, 'held', first)
    if (first.documents !== charts || night.documents !== changed)
      throw new Error(`caught up with ${first.documents} and ${night.documents} charts`)
    return { values: { nightSeconds: night.ms / 1000, firstCatchUpSeconds: first.ms / 1000 } }
  },
}

type Cursor = { proof: string; target: FrameVector }

async function fetchScope(
  server: Meridian,
  patients: readonly string[],
  state: ScopeState,
  { proof, target: cursor }: Cursor,
): Promise<Cursor & { ms: number; documents: number }> {
  const { token } = await server.api('frankfurt')
  const scope = patients.map((patient) => ({ document: chartOf(patient), state }))
  const began = performance.now()
  const socket = await openMeridian(server.sync('frankfurt'), token)
  const found: Cursor = { proof: '', target: {} }
  const documents = new Set<string>()
  const caughtUp = new Promise<void>((resolve) => {
    socket.listen((frame) => {
      if (frame.type === 'target') Object.assign(found, { proof: frame.proof, target: frame.target })
      else if (frame.type === 'part') documents.add(frame.document)
      else if (frame.type === 'caught-up') resolve()
    })
  })
  socket.send(encodeFrame({ channel: 0, type: 'catch-up', request: 1, proof, cursor, target: {}, scope }))
  await within(60_000, 'the catch-up', caughtUp)
  const ms = performance.now() - began
  socket.terminate()
  return { ...found, ms, documents: documents.size }
}
