import { type Line, lines } from '../../sync-server/store/line.ts'
import { emptyHead } from '../../sync-server/store/log-row.ts'
import type { Witnessed } from '../../sync-server/store/witness.ts'
import { createDatabase, type Database, type Locks } from './database.ts'
import type { Disk } from './disk.ts'
import type { Network } from './network.ts'
import type { Random } from './random.ts'
import { type OpenRegion, type RegionServer, startServer } from './region-server.ts'
import type { Schedule } from './schedule.ts'
import { createServerProcess } from './server-process.ts'
import { createWitnessPlace, type WitnessPlace } from './witness-place.ts'

/** A region with everything that happens to it: its database, its state folder, and the processes of its server. */
export type SimulatedRegion = {
  name: string
  database: Database & Locks
  /** The process that is open for devices, if there is one. */
  open(): (OpenRegion & { server: RegionServer }) | undefined
  servers(): RegionServer[]
  /** Starts one more process of the server. Two of them are one and its standby. */
  start(): void
  killServers(): void
  /** Who runs the region starts a server again some time after it has ended, as long as this is true. */
  keepRunning: boolean
  copy(): Copy
  restore(copy: Copy, isWitnessKept: boolean): void
}

export type Copy = { disk: Disk; witnesses: { [line in Line]: Witnessed | undefined } }

export type SimulatedRegionDeps = {
  name: string
  regions: readonly string[]
  network: Network
  schedule: Schedule
  random: Random
}

export function createSimulatedRegion(deps: SimulatedRegionDeps): SimulatedRegion {
  const { name, schedule, random } = deps
  const database = createDatabase(name, schedule, random)
  const firstOrigin = `${name}.1`
  const placeOf = (line: Line): WitnessPlace =>
    createWitnessPlace({ origin: firstOrigin, head: emptyHead(line, firstOrigin) }, schedule, random)
  const witnesses = { entries: placeOf('entries'), notes: placeOf('notes') }
  let servers: RegionServer[] = []
  let started = 0

  function start(): void {
    started += 1
    const process = createServerProcess(`${name}/${started}`, schedule)
    const server = startServer({ ...deps, region: name, process, database, witnesses })
    servers.push(server)
    process.onEnd(() => {
      servers = servers.filter((other) => other !== server)
      schedule.after(random.between(100, 3000), () => {
        if (region.keepRunning && servers.length === 0) start()
      })
    })
  }

  const region: SimulatedRegion = {
    name,
    database,
    keepRunning: true,
    open() {
      for (const server of servers) {
        const open = server.open()
        if (open) return { ...open, server }
      }
      return undefined
    },
    servers: () => [...servers],
    start,
    killServers() {
      for (const server of [...servers]) server.process.kill()
    },
    copy: () => ({
      disk: database.copyDisk(),
      witnesses: { entries: witnesses.entries.copy(), notes: witnesses.notes.copy() },
    }),
    restore(copy, isWitnessKept) {
      database.restore(copy.disk)
      if (!isWitnessKept) for (const line of lines) witnesses[line].restore(copy.witnesses[line])
    },
  }
  start()
  return region
}
