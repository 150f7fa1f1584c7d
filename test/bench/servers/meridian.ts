import { z } from 'zod'
import { startCluster } from '../../support/cluster.ts'
import { type RegionApi, signIn } from '../../support/region-api.ts'
import { familyOf, onServerCore, strayed } from '../affinity.ts'
import { until } from '../load/waiting.ts'
import type { BenchServer } from './server.ts'

/** This server: a development cluster of three regions, each with its PostgreSQL, all on one core. */
export type Meridian = BenchServer & {
  /** Signed in lately as a clinician, in that region. */
  api(region: Region, username?: string): Promise<RegionApi>
  http(region: Region): string
  sync(region: Region): string
  stopServer(region: Region): Promise<void>
  startServer(region: Region): Promise<void>
  postgresPid(region: Region): number
}

export const regions = ['frankfurt', 'london', 'nairobi'] as const
export type Region = (typeof regions)[number]

/** Several people write a note: proposals of one person would be gathered as one, which is not what happens. */
export const people = ['physician.frankfurt', 'nurse.frankfurt', 'physician.london', 'physician.nairobi']

const stateShape = z.looseObject({
  regions: z.record(z.string(), z.looseObject({ server: z.looseObject({ pid: z.int().nullable() }) })),
})
/** Tokens live 15 minutes. */
const signInAgainMs = 5 * 60_000

export async function startMeridian(basePort: number, log: (text: string) => void): Promise<Meridian> {
  const cluster = await onServerCore(() => startCluster({ basePort, regions }))
  const { ready } = cluster
  const frankfurt = ready.regions['frankfurt']!
  const tokens = new Map<string, { api: RegionApi; at: number }>()
  let serverPid = frankfurt.pids.server

  async function api(region: Region, username = 'physician.frankfurt'): Promise<RegionApi> {
    const key = `${region} ${username}`
    const known = tokens.get(key)
    if (known && performance.now() - known.at < signInAgainMs) return known.api
    const fresh = await signIn(http(region), username)
    tokens.set(key, { api: fresh, at: performance.now() })
    return fresh
  }

  const http = (region: Region) => ready.regions[region]!.http
  const sync = (region: Region) => ready.regions[region]!.sync

  async function serverPids(): Promise<Map<string, number>> {
    const state = stateShape.parse(await cluster.control('/state'))
    return new Map(
      Object.entries(state.regions).flatMap(([name, { server }]) => (server.pid ? [[name, server.pid]] : [])),
    )
  }

  async function parts(): Promise<Map<string, number[]>> {
    const servers = await serverPids()
    return new Map(
      regions.flatMap((region): [string, number[]][] => [
        [`${region} server`, servers.has(region) ? [servers.get(region)!] : []],
        [`${region} postgres`, familyOf([ready.regions[region]!.pids.postgres])],
      ]),
    )
  }

  async function startServer(region: Region): Promise<void> {
    await cluster.control(`/regions/${region}/start`, { what: 'server' })
    if (region === 'frankfurt') serverPid = (await serverPids()).get('frankfurt')!
    await signEverybodyIn()
  }

  async function stopServer(region: Region): Promise<void> {
    await cluster.control(`/regions/${region}/stop`, { what: 'server' })
  }

  async function signEverybodyIn(): Promise<void> {
    for (const person of people) await api('frankfurt', person)
  }

  await signEverybodyIn()
  const wrong = strayed([...(await parts()).values()].flat())
  if (wrong.length > 0)
    log(`these processes of the cluster are not on the servers' core: ${wrong.join(', ')}`)

  return {
    name: 'meridian',
    what: 'this server, three regions that replicate, each with its PostgreSQL',
    note(id, person = 0) {
      const { api } = tokens.get(`frankfurt ${people[person % people.length]}`)!
      return { url: `${sync('frankfurt')}/note/${id}?token=${api.token}`, prefix: new Uint8Array(0) }
    },
    pid: () => serverPid,
    parts,
    async restart() {
      await stopServer('frankfurt')
      await startServer('frankfurt')
    },
    async kill() {
      process.kill(serverPid, 'SIGKILL')
      const isGone = async () => (await serverPids()).get('frankfurt') !== serverPid
      await until('the end of the server', isGone, { everyMs: 20 })
    },
    start: () => startServer('frankfurt'),
    settled: async () => undefined,
    async stop() {
      await cluster.stop()
    },
    api,
    http,
    sync,
    stopServer,
    startServer,
    postgresPid: (region) => ready.regions[region]!.pids.postgres,
  }
}
