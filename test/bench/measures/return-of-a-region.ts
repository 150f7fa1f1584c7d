import { setTimeout as sleep } from 'node:timers/promises'
import { vectorsOf } from '../../support/region-api.ts'
import { type CpuUse, watchCpu } from '../load/cpu-use.ts'
import { openMeridian, submitAll } from '../load/meridian-socket.ts'
import { importPatients } from '../load/patients.ts'
import { allergyProposal } from '../load/proposals.ts'
import { until, within } from '../load/waiting.ts'
import type { Meridian } from '../servers/meridian.ts'
import type { Measure } from './measure.ts'

/**
 * (k) Nairobi's server is away while 30,000 entries are committed in Frankfurt, in 50 charts. Rows a second from the
 * first to the last that it takes when it is back, as its own `/health` tells; and how many a second Frankfurt took
 * in large frames while London followed.
 */
export const returnOfARegion: Measure = {
  letter: 'k',
  title: '30,000 rows into a region that was away',
  of: 'meridian',
  async run(server, { quick }) {
    const rows = quick ? 1000 : 30_000
    const api = await server.api('frankfurt')
    const patients = await importPatients(api, 50)
    await untilEqual(server, ['nairobi', 'london'])
    await server.stopServer('nairobi')

    const proposals = Array.from({ length: rows }, (_, n) =>
      allergyProposal(api, patients[n % patients.length]!, Math.floor(n / patients.length) + 1),
    )
    const socket = await openMeridian(server.sync('frankfurt'), api.token)
    const began = performance.now()
    await within(120_000, 'the rows', submitAll(socket, proposals))
    const committedPerSecond = (rows / (performance.now() - began)) * 1000
    socket.terminate()
    await untilEqual(server, ['london'])

    await server.startServer('nairobi')
    const { perSecond, micros, cpu } = await watchReturn(server, await ownRows(server))
    return {
      values: { rowsPerSecond: perSecond, rowMicros: micros, committedPerSecond },
      cpu: { 'the way back': cpu },
    }
  },
}

const pollMs = 50
const mostMsToCatchUp = 120_000
const origin = 'frankfurt.1'

async function rowsAt(server: Meridian, region: 'frankfurt' | 'london' | 'nairobi'): Promise<number> {
  return (await vectorsOf(server.http(region)))?.flushed[origin] ?? 0
}

const ownRows = (server: Meridian) => rowsAt(server, 'frankfurt')

async function untilEqual(server: Meridian, regions: readonly ('london' | 'nairobi')[]): Promise<void> {
  const goal = await ownRows(server)
  const wait = { mostMs: mostMsToCatchUp, everyMs: pollMs }
  for (const region of regions)
    await until(`the rows in ${region}`, async () => (await rowsAt(server, region)) >= goal, wait)
}

async function watchReturn(
  server: Meridian,
  goal: number,
): Promise<{ perSecond: number; micros: number; cpu: CpuUse }> {
  // The server answers as soon as its region takes writes; by then it may have taken the first rows.
  let use = await watchCpu(server)
  let first = { at: performance.now(), rows: await rowsAt(server, 'nairobi') }
  const giveUpAt = first.at + mostMsToCatchUp
  for (;;) {
    await sleep(pollMs)
    const now = { at: performance.now(), rows: await rowsAt(server, 'nairobi') }
    if (now.rows >= goal) {
      const rows = goal - first.rows
      const cpu = use()
      return { perSecond: (rows / (now.at - first.at)) * 1000, micros: (cpu.serverMs / rows) * 1000, cpu }
    }
    // Until the first row has come nothing has begun.
    if (now.rows === first.rows) {
      first = now
      use = await watchCpu(server)
    }
    if (now.at > giveUpAt) throw new Error('nairobi does not catch up')
  }
}
