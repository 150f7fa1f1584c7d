import { existsSync } from 'node:fs'
import type { Server } from 'node:http'
import { join } from 'node:path'
import { createAdaptorServer } from '@hono/node-server'
import type { ClusterArguments } from './arguments.ts'
import { CannotStart } from './cannot-start.ts'
import { createClusterLog } from './cluster-log.ts'
import { createControlPort } from './control-port.ts'
import { type DataDir, indexOf, openDataDir } from './data-dir.ts'
import { untilEqual } from './health.ts'
import { createLinkProxy, type LinkProxy } from './link-proxy.ts'
import { createLinks } from './links.ts'
import { accountsOf, homeGroupsOf } from './people.ts'
import { firstUnusable, portOfLink, portsOfCluster, portsOfRegion, type RegionPorts } from './ports.ts'
import { createDatabase, type RegionDatabase } from './postgres.ts'
import { postgresBinaries } from './postgres-binaries.ts'
import { postgresUser } from './postgres-user.ts'
import { readyLine } from './ready-line.ts'
import { createRegion, parts, type Region } from './region.ts'
import { addressesOf, httpOf, writeRegionConfig } from './region-config.ts'
import { findSamples, importSamples } from './samples.ts'
import { readIdentity } from './secrets.ts'
import { createServer } from './server-process.ts'

/**
 * A development cluster: every region a PostgreSQL and a sync server of its own, joined by links that can be harmed.
 *
 * 1. `start` resolves with the ready line when every region takes writes, or rejects; then `stop` must be called too.
 * 2. `stop` may come at any time, also during `start`, and ends in bounded time with no process left.
 * 3. A start that was stopped before it was ready removes what it made, if it made the cluster.
 * 4. A region that dies stays dead until the control port starts it.
 */
export type Cluster = {
  start(): Promise<string>
  stop(): Promise<void>
}

export type ClusterSpec = {
  arguments: ClusterArguments
  /** The server's program. */
  serverEntry: string
  /** Folder of the built web edition; may be missing. */
  web: string
  samples: string
  /** Takes progress, one line at a time. */
  progress(text: string): void
}

type Member = {
  region: Region
  database: RegionDatabase
  ports: RegionPorts
}

/** A new region, or one that was away, fills itself from the others; the ready line does not wait longer than this. */
const mostMsUntilEqual = 20_000

export function createCluster(spec: ClusterSpec): Cluster {
  const { basePort, mode } = spec.arguments
  const names = spec.arguments.regions
  const closing = new AbortController()
  const links = createLinks(names)
  const members = new Map<string, Member>()
  const toClose: (() => Promise<void>)[] = []
  let dir: DataDir | undefined
  let log = spec.progress
  let starting: Promise<string> | undefined
  /** What an abandoned start leaves: `nothing` yet made, something `begun`, or a cluster that was `ready`. */
  let progress: 'nothing' | 'begun' | 'ready' = 'nothing'
  let failed = false

  async function start(): Promise<string> {
    dir = openDataDir(spec.arguments.data)
    log = createClusterLog(spec.progress, join(dir.logs, 'cluster.log'))
    await findMembers(dir)
    await claimPorts(dir)
    progress = 'begun'
    const joined = await initialiseNew(dir)
    await configure(dir)
    await openLinks(dir)
    await allOf(names, (name) => startRegion(name))
    const loaded = spec.arguments.samples ? await loadSamples(dir) : false
    if (loaded || joined) await waitUntilEqual()
    await openControlPort()
    closing.signal.throwIfAborted()
    progress = 'ready'
    return readyLine(process.pid, mode, `http://127.0.0.1:${basePort}`, names.map(readyRegion))
  }

  /** Every region that this folder knows is a member, also one that is not started this time: it is away. */
  async function findMembers(dir: DataDir): Promise<void> {
    for (const [name, { initialised }] of Object.entries(dir.record.regions))
      if (!initialised && !names.includes(name)) delete dir.record.regions[name]
    for (const name of names) indexOf(dir.record, name)
    const binaries = await postgresBinaries()
    const user = postgresUser(dir.path, binaries.folder)
    for (const [name, { index, initialised }] of byIndex(dir)) {
      const folder = dir.folderOf(name)
      const ports = portsOfRegion(basePort, index)
      const logFile = (part: string) => join(dir.logs, `${name}${part}.log`)
      const common = { region: name, folder, log: (text: string) => log(text) }
      const database = createDatabase({
        ...common,
        port: ports.postgres,
        logFile: logFile('-postgres'),
        binaries,
        user,
      })
      const server = createServer({
        ...common,
        entry: spec.serverEntry,
        http: httpOf(ports),
        logFile: logFile(''),
      })
      const region = createRegion(name, folder, database, server)
      members.set(name, { region, database, ports })
      if (initialised) await region.clearAway()
    }
  }

  async function claimPorts(dir: DataDir): Promise<void> {
    const indexes = new Map(names.map((name) => [name, indexOf(dir.record, name)]))
    const ports = portsOfCluster(basePort, indexes)
    const unusable = await firstUnusable(ports.keys())
    if (!unusable) return
    const why = unusable.code === 'EADDRINUSE' ? 'is in use' : `cannot be used (${unusable.code})`
    throw new CannotStart(
      `port ${unusable.port} on 127.0.0.1 ${why}; ${ports.get(unusable.port)} needs it: give another --base-port`,
    )
  }

  /** @returns whether a region joins a cluster that was there before */
  async function initialiseNew(dir: DataDir): Promise<boolean> {
    const { regions } = dir.record
    const fresh = names.filter((name) => !regions[name]?.initialised)
    const joins = fresh.length > 0 && Object.values(regions).some((known) => known.initialised)
    dir.save()
    await allOf(fresh, async (name) => {
      log(`${name}: making keys and a database`)
      await member(name).region.initialise(closing.signal)
      regions[name]!.initialised = true
      dir.save()
    })
    return joins
  }

  async function configure(dir: DataDir): Promise<void> {
    const all = byIndex(dir).map(([name, { index }]) => ({
      index,
      member: {
        region: name,
        ports: member(name).ports,
        identity: readIdentity(dir.folderOf(name).secrets),
      },
    }))
    const everybody = all.map(({ member }) => member.region)
    const accounts = await accountsOf(everybody)
    const web = existsSync(join(spec.web, 'index.html')) ? spec.web : undefined
    for (const own of all)
      writeRegionConfig({
        own: own.member,
        folder: dir.folderOf(own.member.region),
        database: member(own.member.region).database.url(),
        peers: all
          .filter((other) => other !== own)
          .map((other) => ({ member: other.member, linkPort: portOfLink(basePort, own.index, other.index) })),
        homeGroups: homeGroupsOf(everybody),
        accounts,
        web,
      })
  }

  async function openLinks(dir: DataDir): Promise<void> {
    for (const from of names)
      for (const to of names.filter((name) => name !== from)) {
        const proxy: LinkProxy = createLinkProxy({
          port: portOfLink(basePort, indexOf(dir.record, from), indexOf(dir.record, to)),
          target: member(to).ports.replication,
          forward: links.between(from, to),
          backward: links.between(to, from),
        })
        await proxy.listen()
        toClose.push(proxy.close)
      }
  }

  async function startRegion(name: string, what = parts): Promise<void> {
    const begun = Date.now()
    log(`${name}: starting ${what.join(' and ')}`)
    await member(name).region.start(what, closing.signal)
    log(`${name}: ready after ${((Date.now() - begun) / 1000).toFixed(1)} s`)
  }

  async function loadSamples(dir: DataDir): Promise<boolean> {
    const { samples } = dir.record
    const homes = new Map(homeGroupsOf(names).map((group) => [group.name, group.home]))
    const due = findSamples(spec.samples, [...homes.keys()]).filter((set) => samples[set.group] !== set.hash)
    await allOf(due, async (set) => {
      log(`${set.group}: loading ${set.files.length} sample files`)
      const problem = await importSamples(set, httpOf(member(homes.get(set.group)!).ports), closing.signal)
      if (problem) return log(`${set.group}: the samples were not all loaded; ${problem}`)
      samples[set.group] = set.hash
      dir.save()
    })
    return due.length > 0
  }

  async function waitUntilEqual(): Promise<void> {
    log('waiting until all regions hold the same')
    const https = names.map((name) => httpOf(member(name).ports))
    if (!(await untilEqual(https, mostMsUntilEqual, closing.signal)))
      log(
        `the regions do not hold the same after ${mostMsUntilEqual / 1000} s; they go on filling themselves`,
      )
  }

  async function openControlPort(): Promise<void> {
    const all = (act: (region: Region) => Promise<void>) => allOf(names, (name) => act(member(name).region))
    const app = createControlPort({
      regions: names,
      addresses: Object.fromEntries(names.map((name) => [name, addressesOf(member(name).ports)])),
      state: () => ({
        regions: Object.fromEntries(names.map((name) => [name, member(name).region.state()])),
        links: links.settings(),
      }),
      setLink: (from, to, settings) => links.between(from, to).set(settings),
      isolate: links.isolate,
      rejoin: links.rejoin,
      start: startRegion,
      stop: (name, what) => member(name).region.stop(what),
      kill: (name, what) => member(name).region.kill(what),
      pause: (name, what) => member(name).region.pause(what),
      resume: (name, what) => member(name).region.resume(what),
      async reset() {
        links.reset()
        await all(async (region) => region.resume(parts))
        await all((region) => region.start(parts, closing.signal))
      },
    })
    const server = createAdaptorServer({ fetch: app.fetch }) as Server
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject)
      server.listen(basePort, '127.0.0.1', resolve)
    })
    toClose.push(async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    })
  }

  async function stop(): Promise<void> {
    closing.abort(new Error('the cluster is being stopped'))
    await starting?.catch(() => undefined)
    if (progress !== 'nothing') log('stopping')
    const closed = await Promise.allSettled([
      ...[...members.values()].map(({ region }) => region.stop(parts)),
      ...toClose.map((close) => close()),
    ])
    // A start that failed halfway leaves its logs for whoever wants to know why, and can be tried again.
    if (progress === 'ready' || (failed && progress === 'begun')) dir?.release()
    else dir?.undo()
    const problem = closed.find((outcome) => outcome.status === 'rejected')
    if (problem) throw problem.reason
  }

  function member(name: string): Member {
    const found = members.get(name)
    if (!found) throw new Error(`${name} is no region of this cluster`)
    return found
  }

  function readyRegion(region: string) {
    const { ports, database, region: own } = member(region)
    const { server, postgres } = own.state()
    return {
      region,
      ports,
      database: database.url(),
      pids: { server: server.pid ?? 0, postgres: postgres.pid ?? 0 },
    }
  }

  return {
    start() {
      starting = start()
      starting.catch(() => {
        failed = !closing.signal.aborted
      })
      return starting
    },
    stop,
  }
}

function byIndex(dir: DataDir) {
  return Object.entries(dir.record.regions).sort(([, a], [, b]) => a.index - b.index)
}

/** Does it for all at once, and waits for all of them also if one fails: nothing goes on behind an error. */
async function allOf<T>(items: readonly T[], act: (item: T) => Promise<void>): Promise<void> {
  const outcomes = await Promise.allSettled(items.map(act))
  const failed = outcomes.find((outcome) => outcome.status === 'rejected')
  if (failed) throw failed.reason
}
