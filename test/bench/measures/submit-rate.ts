import { setTimeout as sleep } from 'node:timers/promises'
import { type CpuUse, watchCpu } from '../load/cpu-use.ts'
import { acknowledgedIn, openMeridian } from '../load/meridian-socket.ts'
import { importPatients } from '../load/patients.ts'
import { allergyProposal, submitFrame } from '../load/proposals.ts'
import type { Meridian } from '../servers/meridian.ts'
import type { Measure } from './measure.ts'

/**
 * (g) 50 charts × 4 clients, each with so many entries on their way: the next is proposed when one is acknowledged.
 */
export const submitRate: Measure = {
  letter: 'g',
  title: 'entries through submit, 50 charts × 4 clients',
  of: 'meridian',
  async run(server, { quick }) {
    const one = await submitInLoop(server, quick, 1)
    const eight = await submitInLoop(server, quick, 8)
    return {
      values: {
        entriesPerSecond: one.perSecond,
        entryMicros: one.micros,
        entriesPerSecond8: eight.perSecond,
        entryMicros8: eight.micros,
      },
      cpu: { 'one in flight': one.cpu, 'eight in flight': eight.cpu },
    }
  },
}

/** What a region will not exceed on this machine: as many entries are made beforehand. */
const mostPerSecond = 15_000

async function submitInLoop(
  server: Meridian,
  quick: boolean,
  inFlight: number,
): Promise<{ perSecond: number; micros: number; cpu: CpuUse }> {
  const [charts, each] = quick ? [5, 4] : [50, 4]
  const [warmMs, runMs] = quick ? [300, 700] : [4000, 6000]
  const api = await server.api('frankfurt')
  const patients = await importPatients(api, charts)
  const perClient = Math.ceil((mostPerSecond * (warmMs + runMs)) / 1000 / (charts * each))
  let acknowledged = 0
  let going = true

  const clients = await Promise.all(
    Array.from({ length: charts * each }, async (_, i) => {
      const patient = patients[Math.floor(i / each)]!
      const frames = Array.from({ length: perClient }, (_, n) =>
        submitFrame([allergyProposal(api, patient, n + 1)]),
      )
      const socket = await openMeridian(server.sync('frankfurt'), api.token)
      const next = () => {
        const frame = frames.pop()
        if (going && frame) socket.send(frame)
      }
      socket.listen((frame) => {
        const acks = acknowledgedIn(frame)
        acknowledged += acks
        for (let n = 0; n < acks; n++) next()
      })
      return { next, socket }
    }),
  )
  for (const { next } of clients) for (let n = 0; n < inFlight; n++) next()
  await sleep(warmMs)
  const use = await watchCpu(server)
  const before = acknowledged
  const began = performance.now()
  await sleep(runMs)
  const entries = acknowledged - before
  const perSecond = (entries / (performance.now() - began)) * 1000
  const cpu = use()
  going = false
  await sleep(500)
  for (const { socket } of clients) socket.terminate()
  return { perSecond, micros: (cpu.serverMs / entries) * 1000, cpu }
}
