import { chartOf } from '../../../domain/documents/document-name.ts'
import type { RegionApi } from '../../support/region-api.ts'
import { acknowledgedIn, openMeridian } from '../load/meridian-socket.ts'
import { openNote } from '../load/note-socket.ts'
import { openLoop } from '../load/open-loop.ts'
import { importPatients } from '../load/patients.ts'
import { percentile } from '../load/percentile.ts'
import { allergyProposal, submitFrame } from '../load/proposals.ts'
import { until } from '../load/waiting.ts'
import type { Measure } from './measure.ts'

/**
 * (h) 200 entries a second are proposed in Frankfurt, in 50 charts; a plain y-websocket client in London has each chart
 * open. From the acknowledgement in Frankfurt until the client in London has the entry, and, stricter, from the
 * proposal. What London has before Frankfurt's acknowledgement is here counts as no time at all.
 */
export const betweenRegions: Measure = {
  letter: 'h',
  title: 'commit in Frankfurt to a client in London, 200 entries a second',
  of: 'meridian',
  async run(server, { quick }) {
    const rate = quick ? 50 : 200
    const seconds = quick ? 1 : 10
    const warmUp = quick ? 1 : 4
    const api = await server.api('frankfurt')
    const london = await server.api('london')
    const patients = await importPatients(api, 50)
    const proposed = new Map<string, number>()
    const acknowledged = new Map<string, number>()
    const received = new Map<string, number>()

    await until('the patients in London', () => isKnown(london, patients.at(-1)!), { everyMs: 50 })
    const readers = await Promise.all(
      patients.map((patient) =>
        openNote(
          {
            url: `${server.sync('london')}/${chartOf(patient)}?token=${london.token}`,
            prefix: new Uint8Array(0),
          },
          { update: (update) => noteIds(update, received) },
        ),
      ),
    )
    const socket = await openMeridian(server.sync('frankfurt'), api.token)
    socket.listen((frame) => {
      if (acknowledgedIn(frame) === 0 || frame.type !== 'ack') return
      const now = performance.now()
      for (const { id } of frame.acks) acknowledged.set(id, now)
    })
    const proposals = Array.from({ length: rate * (warmUp + seconds) }, (_, n) =>
      allergyProposal(api, patients[n % patients.length]!, Math.floor(n / patients.length) + 1),
    )
    const frames = proposals.map((proposal) => submitFrame([proposal]))
    await openLoop(rate, warmUp + seconds, (i, at) => {
      proposed.set(proposals[i]!.id, at)
      socket.send(frames[i]!)
      return undefined
    })
    const measured = proposals.slice(rate * warmUp).map(({ id }) => id)
    const arrived = () => measured.every((id) => received.has(id) && acknowledged.has(id))
    await until('the entries in London', arrived, { everyMs: 50 })
    for (const reader of readers) reader.terminate()
    socket.terminate()

    const since = (from: Map<string, number>) =>
      measured.map((id) => Math.max(0, received.get(id)! - from.get(id)!))
    return {
      values: {
        regionP50: percentile(since(acknowledged), 0.5),
        regionP99: percentile(since(acknowledged), 0.99),
        proposalToRegionP50: percentile(since(proposed), 0.5),
        proposalToRegionP99: percentile(since(proposed), 0.99),
      },
    }
  },
}

const idLength = 43
const behindId = Buffer.from('@frankfurt.')

/** Finds the keys `<entryId>@<origin>` in an update without reading it. */
function noteIds(update: Uint8Array, received: Map<string, number>): void {
  const now = performance.now()
  const bytes = Buffer.from(update.buffer, update.byteOffset, update.length)
  for (let at = bytes.indexOf(behindId); at >= 0; at = bytes.indexOf(behindId, at + 1)) {
    const id = bytes.toString('latin1', at - idLength, at)
    if (!received.has(id)) received.set(id, now)
  }
}

async function isKnown(api: RegionApi, patient: string): Promise<boolean> {
  return (await api.get(`/v1/patients/${patient}`)).status === 200
}
