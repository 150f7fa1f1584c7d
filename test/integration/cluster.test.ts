import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import postgres from 'postgres'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { identify, sendSignal } from '../../sync-server/cluster/process-identity.ts'
import { type ClusterProcess, freeBasePort, type Ready, spawnCluster } from '../support/cluster.ts'

/** The command itself, as the documentation promises it: two regions to begin with, without samples. */

const temp = mkdtempSync(join(tmpdir(), 'meridian-command-'))
const data = join(temp, 'below/it')
const started = new Set<ClusterProcess>()
let basePort = 0

/** Starts the command; whatever is still there at the end of this file is killed. */
function cluster(
  args: { data?: string; basePort?: number; regions?: string; more?: string[] } = {},
): ClusterProcess {
  const command = spawnCluster([
    ...['--data', args.data ?? data, '--base-port', String(args.basePort ?? basePort)],
    ...['--regions', args.regions ?? 'frankfurt,london', '--no-samples', ...(args.more ?? [])],
  ])
  started.add(command)
  return command
}

async function stop(command: ClusterProcess): Promise<number | NodeJS.Signals> {
  command.signal('SIGTERM')
  return command.ended
}

const pidsOf = (ready: Ready) =>
  Object.values(ready.regions).flatMap(({ pids }) => [pids.server, pids.postgres])
const living = (pids: number[]) => pids.filter((pid) => identify(pid))

beforeAll(async () => {
  basePort = await freeBasePort(4)
})
afterAll(async () => {
  for (const command of started) command.signal('SIGTERM')
  for (const command of started) await command.ended
  rmSync(temp, { recursive: true, force: true })
})

describe('the cluster command', () => {
  let command: ClusterProcess
  let ready: Ready
  const call = async (path: string, body?: unknown) => {
    const post = { method: 'POST', ...(body === undefined ? {} : { body: JSON.stringify(body) }) }
    const response = await fetch(`${ready.control}${path}`, path === '/state' ? {} : post)
    return { status: response.status, body: await response.json() }
  }

  test('CL30 says on stdout one line, when every region takes writes', async () => {
    command = cluster()
    ready = await command.ready()
    expect(command.stdout()).toBe(`${JSON.stringify(ready)}\n`)
    expect(ready).toMatchObject({
      pid: command.pid,
      mode: 'static',
      control: `http://127.0.0.1:${basePort}`,
      regions: {
        frankfurt: {
          http: `http://127.0.0.1:${basePort + 10}`,
          sync: `ws://127.0.0.1:${basePort + 10}/sync`,
        },
      },
    })
    expect(Object.keys(ready.regions)).toEqual(['frankfurt', 'london'])
    for (const { http } of Object.values(ready.regions))
      expect((await fetch(`${http}/health`)).status).toBe(200)
    expect(living(pidsOf(ready))).toHaveLength(4)
  })

  test('CL31 the database of a region is durable, on loopback, and alone in its folder', async () => {
    const sql = postgres(ready.regions['frankfurt']!.database, { max: 1 })
    const [row] = await sql`select
      current_setting('fsync') as fsync, current_setting('synchronous_commit') as commit,
      current_setting('full_page_writes') as pages, current_setting('listen_addresses') as listen,
      current_setting('unix_socket_directories') as sockets, current_setting('data_directory') as folder`
    await sql.end()
    expect(row).toEqual({
      fsync: 'on',
      commit: 'on',
      pages: 'on',
      listen: '127.0.0.1',
      sockets: '',
      folder: join(data, 'frankfurt/postgres'),
    })
    expect(readFileSync(join(data, 'frankfurt/postgres/PG_VERSION'), 'utf8')).toBe('18\n')
  })

  test('CL32 the state names processes and links', async () => {
    const { regions, links } = (await call('/state')).body
    expect(regions.london).toEqual({
      server: { pid: ready.regions['london']!.pids.server, state: 'running' },
      postgres: { pid: ready.regions['london']!.pids.postgres, state: 'running' },
    })
    expect(Object.keys(links)).toEqual(['frankfurt>london', 'london>frankfurt'])
  })

  test('CL33 a part that was killed is dead until it is started; a living part is left alone', async () => {
    const before = (await call('/state')).body.regions.london
    expect((await call('/regions/london/kill', { what: 'postgres' })).body.regions.london).toEqual({
      server: before.server,
      postgres: { pid: null, state: 'dead' },
    })
    expect(living([before.postgres.pid])).toEqual([])
    await sleep(1500)
    expect((await call('/state')).body.regions.london.postgres.state).toBe('dead')
    const after = (await call('/regions/london/start')).body.regions.london
    expect(after.server).toEqual(before.server)
    expect(after.postgres).toEqual({ pid: expect.any(Number), state: 'running' })
    expect((await fetch(`${ready.regions['london']!.http}/health`)).status).toBe(200)
  })

  test('CL33 a part that was stopped is stopped, one that died otherwise is dead and logged', async () => {
    const stopped = (await call('/regions/london/stop', { what: 'all' })).body.regions.london
    expect([stopped.server.state, stopped.postgres.state]).toEqual(['stopped', 'stopped'])
    await call('/regions/london/start')
    const { server } = (await call('/state')).body.regions.london
    sendSignal(server.pid, 'SIGKILL')
    await expect.poll(async () => (await call('/state')).body.regions.london.server.state).toBe('dead')
    expect(command.stderr()).toContain(`london: server (pid ${server.pid}) ended by itself`)
    expect((await call('/reset')).body.regions.london.server.state).toBe('running')
  })

  test('CL34 an isolated region is seen as such by both sides, and is back after it rejoined', async () => {
    const statuses = async () =>
      Promise.all(
        Object.values(ready.regions).map(
          async ({ http }) => (await (await fetch(`${http}/health`)).json()).status,
        ),
      )
    await expect.poll(statuses, { timeout: 20_000 }).toEqual(['ok', 'ok'])
    await call('/regions/london/isolate')
    await expect.poll(statuses, { timeout: 20_000 }).toEqual(['degraded', 'degraded'])
    await call('/regions/london/rejoin')
    await expect.poll(statuses, { timeout: 20_000 }).toEqual(['ok', 'ok'])
  })

  test('CL35 a folder in use and a port in use end with status 1 and a message, and harm nobody', async () => {
    const sameFolder = cluster({ basePort: await freeBasePort(2) })
    expect(await sameFolder.ended).toBe(1)
    expect(sameFolder.stderr()).toContain(`in use by another cluster (pid ${command.pid})`)

    const samePorts = cluster({ data: join(temp, 'other') })
    expect(await samePorts.ended).toBe(1)
    expect(samePorts.stderr()).toContain(`port ${basePort} on 127.0.0.1 is in use`)
    expect(existsSync(join(temp, 'other'))).toBe(false)
    expect(samePorts.stdout() + sameFolder.stdout()).toBe('')
    expect((await fetch(`${ready.regions['frankfurt']!.http}/health`)).status).toBe(200)
  })

  test('CL36 SIGTERM stops everything with status 0', async () => {
    const pids = (await call('/state')).body.regions
    const all = Object.values<{ server: { pid: number }; postgres: { pid: number } }>(pids).flatMap((r) => [
      r.server.pid,
      r.postgres.pid,
    ])
    expect(living(all)).toHaveLength(4)
    expect(await stop(command)).toBe(0)
    expect(living(all)).toEqual([])
    expect(existsSync(join(data, 'lock'))).toBe(false)
    expect(command.stdout().trim().split('\n')).toHaveLength(1)
  })

  test('CL37 a second start finds everything again, and one more region joins', async () => {
    const before = readFileSync(join(data, 'frankfurt/secrets/signing-key.json'), 'utf8')
    command = cluster({ regions: 'nairobi,frankfurt,london' })
    ready = await command.ready()
    expect(Object.keys(ready.regions)).toEqual(['nairobi', 'frankfurt', 'london'])
    expect(ready.regions['frankfurt']!.http).toBe(`http://127.0.0.1:${basePort + 10}`)
    expect(ready.regions['nairobi']!.http).toBe(`http://127.0.0.1:${basePort + 30}`)
    expect(readFileSync(join(data, 'frankfurt/secrets/signing-key.json'), 'utf8')).toBe(before)
    const { origin } = await (await fetch(`${ready.regions['frankfurt']!.http}/health`)).json()
    expect(origin).toBe('frankfurt.1')
    const signIn = await fetch(`${ready.regions['nairobi']!.http}/v1/session`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ username: 'physician.nairobi', password: 'meridian' }),
    })
    expect(signIn.status).toBe(200)
  })

  test('CL38 a cluster whose command was killed is taken over by the next start', async () => {
    const orphans = pidsOf(ready)
    command.signal('SIGKILL')
    expect(await command.ended).toBe('SIGKILL')
    expect(living(orphans)).toHaveLength(6)
    command = cluster({ regions: 'frankfurt,london' })
    ready = await command.ready()
    expect(living(orphans)).toEqual([])
    expect(await stop(command)).toBe(0)
  })

  test('CL39 a damaged folder ends with status 1 and says what is damaged', async () => {
    truncateSync(join(data, 'london/postgres/PG_VERSION'))
    const damaged = cluster()
    expect(await damaged.ended).toBe(1)
    expect(damaged.stderr()).toContain(join(data, 'london/postgres/PG_VERSION'))
    writeFileSync(join(data, 'london/postgres/PG_VERSION'), '18\n')
    truncateSync(join(data, 'london/postgres/global/pg_control'), 100)
    const worse = cluster()
    expect(await worse.ended).toBe(1)
    expect(worse.stderr()).toContain('the database of london ended while starting')
    expect(worse.stdout()).toBe('')
  })
})

describe('a start that is stopped', () => {
  test.each([150, 500, 1000, 2000, 3000])(
    'CL40 after %i ms ends with status 0 and leaves nothing',
    async (ms) => {
      const folder = join(temp, `stopped-${ms}`)
      mkdirSync(folder)
      const command = cluster({ data: join(folder, 'a/b'), basePort: await freeBasePort(2) })
      // The first moments belong to Node itself: what is stopped before our code runs is ended by the signal.
      await Promise.race([command.ended, sleep(ms)])
      const status = await stop(command)
      expect(ms < 300 ? [0, 'SIGTERM'] : [0]).toContain(status)
      if (command.stdout() === '') expect(readdirSync(folder)).toEqual([])
    },
  )
})

describe('unusable arguments', () => {
  test.each([
    [['--mode', 'quorum'], 'not built yet'],
    [['--regions', 'Frankfurt'], 'is no region'],
    [['--frobnicate'], 'frobnicate'],
  ])('CL41 %s end with status 2, a message, and nothing on stdout', async (more, words) => {
    const command = cluster({ data: join(temp, 'unused'), more })
    expect(await command.ended).toBe(2)
    expect(command.stderr()).toContain(words)
    expect(command.stdout()).toBe('')
    expect(existsSync(join(temp, 'unused'))).toBe(false)
  })

  test('CL42 a folder that is no folder ends with status 1', async () => {
    writeFileSync(join(temp, 'file'), '')
    const command = cluster({ data: join(temp, 'file') })
    expect(await command.ended).toBe(1)
    expect(command.stderr()).toContain('no folder')
  })

  test('CL42 a port that a stranger uses is named', async () => {
    const base = await freeBasePort(2)
    const stranger = createServer()
    await new Promise<void>((resolve) => stranger.listen(base + 22, '127.0.0.1', resolve))
    const command = cluster({ data: join(temp, 'fresh'), basePort: base })
    expect(await command.ended).toBe(1)
    expect(command.stderr()).toContain(
      `port ${base + 22} on 127.0.0.1 is in use; the database of london needs it`,
    )
    expect(existsSync(join(temp, 'fresh'))).toBe(false)
    await new Promise((resolve) => stranger.close(resolve))
  })
})
