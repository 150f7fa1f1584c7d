import { readFileSync } from 'node:fs'
import { createServer, connect as dial, type Server, type Socket } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import postgres from 'postgres'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { regionFolder } from '../../sync-server/cluster/region-folder.ts'
import { connect, statementTimeoutMs } from '../../sync-server/store/database.ts'
import { createLineTable } from '../../sync-server/store/line-table.ts'
import { emptyHead, follows } from '../../sync-server/store/log-row.ts'
import { createDrafts } from '../../sync-server/store/sample-drafts.ts'
import { openWitness } from '../../sync-server/store/witness.ts'
import { startCluster } from '../support/cluster.ts'
import { startPostgres, type TestPostgres, testGroup, testRegion } from '../support/database.ts'
import { allergyEntry, type RegionApi, signIn, untilEqual } from '../support/region-api.ts'
import { type SecondProcess, startSecondProcess } from '../support/second-process.ts'

const basePort = 23_200
const sample = join(import.meta.dirname, '../../samples/frankfurt-general/grossmann-juergen.json')
const elsewhere = { http: basePort + 191, replication: basePort + 192 }

describe('two processes of one region', () => {
  let cluster: Awaited<ReturnType<typeof startCluster>>
  let api: RegionApi
  let patientId: string
  const second: SecondProcess[] = []
  const acknowledged = new Set<string>()
  let lamport = 1000

  beforeAll(async () => {
    cluster = await startCluster({ samples: false, regions: ['frankfurt', 'london'], basePort })
    api = await signIn(cluster.ready.regions['frankfurt']!.http, 'physician.frankfurt')
    const bundle = JSON.parse(readFileSync(sample, 'utf8')) as {
      entry: { resource: { resourceType: string; id: string } }[]
    }
    const { status } = await api.post('/v1/import?source=hospital', bundle, 'application/fhir+json')
    expect(status).toBe(200)
    patientId = bundle.entry.find((e) => e.resource.resourceType === 'Patient')!.resource.id
  })
  afterEach(async () => {
    for (const process of second.splice(0)) {
      process.signal('SIGKILL')
      await process.ended
    }
    await cluster.control('/regions/frankfurt/resume', { what: 'server' })
    await serverIsGone()
    await cluster.control('/regions/frankfurt/start', { what: 'server' })
  })
  afterAll(() => cluster?.stop())

  const stateOfServer = async () =>
    (
      (await cluster.control('/state')) as {
        regions: { [region: string]: { server: { state: string; pid: number | null } } }
      }
    ).regions['frankfurt']!.server

  /** Not before a process that is about to end has ended: a start in between would find it running. */
  async function serverIsGone(): Promise<void> {
    if ((await stateOfServer()).state === 'running')
      await cluster.control('/regions/frankfurt/kill', { what: 'server' })
  }

  function standBy(ports?: typeof elsewhere): SecondProcess {
    const process = startSecondProcess(cluster.data, 'frankfurt', ports)
    second.push(process)
    return process
  }

  const at = (http: string): RegionApi => ({
    ...api,
    http,
    post: (path, body) =>
      fetch(http + path, {
        method: 'POST',
        headers: { 'content-type': 'application/json', authorization: `Bearer ${api.token}` },
        body: JSON.stringify(body),
      }).then(async (answer) => ({
        status: answer.status,
        body: (await answer.json()) as { [key: string]: unknown },
      })),
  })

  /** Proposes an entry; remembers it if it was acknowledged. */
  async function propose(where: RegionApi): Promise<boolean> {
    lamport += 1
    try {
      const { body } = await where.post('/v1/entries', { entries: [allergyEntry(api, patientId, lamport)] })
      const committed = (body['committed'] ?? []) as { id: string }[]
      for (const { id } of committed) acknowledged.add(id)
      return committed.length > 0
    } catch {
      return false
    }
  }

  const healthOf = (http: string) =>
    fetch(`${http}/health`, { signal: AbortSignal.timeout(2000) }).then(
      ({ status }) => status,
      () => 0,
    )

  /** The log of frankfurt.1 is one chain, and holds every acknowledged entry once. */
  async function expectWhole(): Promise<void> {
    const sql = connect(cluster.ready.regions['frankfurt']!.database, {
      max: 1,
      name: 'test',
      statementTimeoutMs,
    })
    const rows = await createLineTable(sql, 'entries').rowsAfter('frankfurt.1', 0, 100_000)
    let head = emptyHead('entries', 'frankfurt.1')
    for (const row of rows) {
      expect(follows(head, row)).toBe(true)
      head = { seq: row.seq, hash: row.hash }
    }
    const ids = rows.filter((row) => row.kind === 'entry').map((row) => row.entryId)
    expect(new Set(ids).size).toBe(ids.length)
    expect([...acknowledged].filter((id) => !ids.includes(id))).toEqual([])
    const others =
      await sql`select distinct origin from log where origin like 'frankfurt.%' and origin <> 'frankfurt.1'`
    expect(others).toEqual([])
    await sql.end()
  }

  async function witnessed(): Promise<number | undefined> {
    const witness = await openWitness(regionFolder(cluster.data, 'frankfurt').state, 'entries')
    return (await witness.read())?.head.seq
  }

  test('ST85 a standby takes over from a process that was killed, at the same doors, under the same origin', async () => {
    const { http } = cluster.ready.regions['frankfurt']!
    await propose(api)
    const process = standBy()
    await expect.poll(() => process.log(), { timeout: 20_000 }).toContain('stands by')
    await sleep(1500)
    expect(await propose(api)).toBe(true)
    await cluster.control('/regions/frankfurt/kill', { what: 'server' })
    await expect.poll(() => healthOf(http), { timeout: 20_000 }).toBe(200)
    expect(await propose(api)).toBe(true)
    await untilEqual([http, cluster.ready.regions['london']!.http])
    await expectWhole()
    process.signal('SIGTERM')
    expect(await process.ended).toBe(0)
  })

  test('ST86 a process that was stopped loses its pens; when it wakes up it writes nothing, and ends', async () => {
    for (let round = 0; round < 2; round++) {
      const process = standBy(elsewhere)
      await expect.poll(() => process.log(), { timeout: 20_000 }).toContain('stands by')
      let stopped = false
      const writers = [0, 1, 2, 3].map(async () => {
        while (!stopped && (await propose(api)));
      })
      await sleep(300 + Math.random() * 300)
      await cluster.control('/regions/frankfurt/pause', { what: 'server' })
      stopped = true
      await expect.poll(() => healthOf(process.http), { timeout: 30_000 }).toBe(200)
      for (let i = 0; i < 5; i++) expect(await propose(at(process.http))).toBe(true)
      const named = await witnessed()
      await cluster.control('/regions/frankfurt/resume', { what: 'server' })
      // From the first moment on it says that it may be outdated.
      const first = await healthOf(api.http)
      expect([0, 503]).toContain(first)
      await expect.poll(async () => (await stateOfServer()).state, { timeout: 10_000 }).toBe('dead')
      await Promise.all(writers)
      expect(readFileSync(join(cluster.data, 'logs/frankfurt.log'), 'utf8')).toContain('has taken over')
      expect(await witnessed()).toBe(named)
      expect(await propose(at(process.http))).toBe(true)
      expect(await witnessed()).toBe(named! + 1)
      await expectWhole()
      process.signal('SIGTERM')
      expect(await process.ended).toBe(0)
      await cluster.control('/regions/frankfurt/start', { what: 'server' })
    }
  })

  test('ST87 who takes over for a stopped process on the same machine opens as soon as that one gives its ports free', async () => {
    const { http } = cluster.ready.regions['frankfurt']!
    const process = standBy()
    await expect.poll(() => process.log(), { timeout: 20_000 }).toContain('stands by')
    await cluster.control('/regions/frankfurt/pause', { what: 'server' })
    await expect.poll(() => process.log(), { timeout: 30_000 }).toContain('waits for a port')
    await cluster.control('/regions/frankfurt/resume', { what: 'server' })
    await expect.poll(async () => (await stateOfServer()).state, { timeout: 10_000 }).toBe('dead')
    await expect.poll(() => healthOf(http), { timeout: 20_000 }).toBe(200)
    expect(await propose(api)).toBe(true)
    await untilEqual([http, cluster.ready.regions['london']!.http])
    await expectWhole()
    expect((await api.get(`/fhir/R4/Patient/${patientId}`)).status).toBe(200)
  })

  test('ST88 a restart of PostgreSQL ends nobody who finds the pens free again', async () => {
    const before = (await stateOfServer()).pid
    await cluster.control('/regions/frankfurt/kill', { what: 'postgres' })
    await cluster.control('/regions/frankfurt/start', { what: 'postgres' })
    await expect.poll(() => propose(api), { timeout: 20_000 }).toBe(true)
    expect((await stateOfServer()).pid).toBe(before)
    await expectWhole()
  })
})

describe('a connection that is lost on one side only', () => {
  let server: TestPostgres
  beforeAll(async () => {
    server = await startPostgres()
  })
  afterAll(() => server?.stop())

  test('ST88 a process ends its own stale session and takes the pens again, standby or not', async () => {
    const url = new URL(await server.fresh())
    const line = await deafLine(Number(url.port))
    const through = new URL(url)
    through.port = String(line.port)
    const region = await testRegion(through.href)
    const ended: string[] = []
    const store = await region.open({}, (why) => void ended.push(why))
    const make = createDrafts(testGroup)
    expect((await store.entries.commit([make.newPatient().patient]))[0]?.outcome).toBe('committed')
    const admin = postgres(url.href, { max: 1 })
    const writers = () =>
      admin<
        { pid: number }[]
      >`select pid from pg_stat_activity where application_name like 'meridian writer of %' order by pid`
    const before = await writers()
    expect(before).toHaveLength(2)
    line.deafen()
    await expect.poll(() => store.health().writes, { timeout: 20_000 }).toBe(false)
    expect(await writers()).toEqual(before)
    await expect.poll(() => store.health().writes, { timeout: 30_000, interval: 200 }).toBe(true)
    expect((await store.entries.commit([make.newPatient().patient]))[0]?.outcome).toBe('committed')
    const after = await writers()
    expect(after).toHaveLength(2)
    expect(after.some(({ pid }) => before.some((one) => one.pid === pid))).toBe(false)
    expect(ended).toEqual([])
    await store.close()
    await admin.end()
    line.close()
    region.remove()
  })
})

/** A way to a port of this machine on which whatever is connected can go deaf, without either end hearing of it. */
async function deafLine(target: number): Promise<{ port: number; deafen(): void; close(): void }> {
  const pairs: [Socket, Socket][] = []
  const server: Server = createServer({ allowHalfOpen: true }, (near) => {
    const far = dial({ port: target, host: '127.0.0.1', allowHalfOpen: true })
    pairs.push([near, far])
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      from.pipe(to)
      from.on('error', () => {})
      from.on('close', () => !deaf.has(from) && to.destroy())
    }
  })
  const deaf = new Set<Socket>()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    port: (server.address() as { port: number }).port,
    deafen() {
      for (const pair of pairs)
        for (const socket of pair) {
          deaf.add(socket)
          socket.unpipe()
          socket.resume()
        }
    },
    close() {
      for (const pair of pairs) for (const socket of pair) socket.destroy()
      server.close()
    },
  }
}
