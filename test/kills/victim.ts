import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'
import { processesIn, sendSignal } from '../../sync-server/cluster/process-identity.ts'
import { regionFolder } from '../../sync-server/cluster/region-folder.ts'
import type { RunningCluster } from '../support/cluster.ts'

/** The processes of one region, to be killed in an instant, and started again as fast as that goes. */
export type Victim = {
  /** Looks who there is now. To be called before the instant. */
  find(): Promise<void>
  /** SIGKILL of what was found, in this turn of the event loop. */
  kill(what: Part[]): void
  /** Resolves when the cluster has noticed. */
  dead(what: Part[]): Promise<void>
  start(what: Part): Promise<void>
}

export type Part = 'server' | 'postgres'

const processShape = z.looseObject({ pid: z.int().nullable(), state: z.string() })
const stateShape = z.looseObject({
  regions: z.record(z.string(), z.looseObject({ server: processShape, postgres: processShape })),
})

export function createVictim(cluster: RunningCluster, region: string): Victim {
  const folder = regionFolder(cluster.data, region)
  const found: { [part in Part]: number[] } = { server: [], postgres: [] }
  const state = async () => stateShape.parse(await control('/state')).regions[region]!

  /** Every call here can be made twice. A connection that was kept alive may end just as it is used again. */
  async function control(path: string, body?: unknown): Promise<unknown> {
    try {
      return await cluster.control(path, body)
    } catch (error) {
      if (!(error instanceof TypeError)) throw error
      return cluster.control(path, body)
    }
  }

  return {
    async find() {
      const { server, postgres } = await state()
      found.server = server.pid === null ? [] : [server.pid]
      const postmaster = postgres.pid === null ? [] : [postgres.pid]
      // The postmaster first: it neither restarts its children nor says farewell.
      found.postgres = [...new Set([...postmaster, ...processesIn(folder.postgres, 'postgres')])]
      if (found.server.length === 0 || found.postgres.length < 2) throw new Error(`${region} does not run`)
    },
    kill(what) {
      for (const part of what) for (const pid of found[part]) sendSignal(pid, 'SIGKILL')
      // Backends that came since: the postmaster makes no more.
      if (what.includes('postgres'))
        for (const pid of processesIn(folder.postgres, 'postgres')) sendSignal(pid, 'SIGKILL')
    },
    async dead(what) {
      for (;;) {
        const now = await state()
        if (what.every((part) => now[part].state === 'dead')) return
        await sleep(10)
      }
    },
    async start(what) {
      await control(`/regions/${region}/start`, { what })
    },
  }
}
