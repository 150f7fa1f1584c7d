import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { exportJWK, generateKeyPair } from 'jose'
import postgres from 'postgres'
import { createDatabase } from '../../sync-server/cluster/postgres.ts'
import { postgresBinaries } from '../../sync-server/cluster/postgres-binaries.ts'
import { postgresUser } from '../../sync-server/cluster/postgres-user.ts'
import { regionFolder } from '../../sync-server/cluster/region-folder.ts'
import { openRegionStore, type PostgresRegionStore } from '../../sync-server/store/region-store.ts'
import { provisionWitnesses } from '../../sync-server/store/witness.ts'

/** A PostgreSQL of a test file's own, in a folder of its own, with a fresh database for whoever asks. */
export type TestPostgres = {
  /** Connection string of a new, empty database. */
  fresh(): Promise<string>
  kill(): Promise<void>
  start(): Promise<void>
  stop(): Promise<void>
}

export const testGroup = 'frankfurt-general'

export async function startPostgres(): Promise<TestPostgres> {
  const dir = mkdtempSync(join(tmpdir(), 'meridian-postgres-'))
  const folder = regionFolder(dir, 'frankfurt')
  mkdirSync(folder.path, { recursive: true })
  const binaries = await postgresBinaries()
  const user = postgresUser(dir, binaries.folder)
  const database = createDatabase({
    region: 'frankfurt',
    port: await freePort(),
    folder,
    logFile: join(dir, 'postgres.log'),
    binaries,
    user,
    log: () => {},
  })
  const { signal } = new AbortController()
  await database.initialise(signal)
  const start = async () => {
    await database.clearAway()
    await database.start()
    await database.ready(signal)
  }
  await start()
  let count = 0
  return {
    async fresh() {
      count += 1
      const admin = postgres(database.url(), { max: 1 })
      await admin.unsafe(`create database test_${count}`)
      await admin.end()
      return database.url().replace(/\/meridian$/, `/test_${count}`)
    },
    start,
    kill: () => database.kill(),
    async stop() {
      await database.stop()
      rmSync(dir, { recursive: true, force: true })
    },
  }
}

/** What a region's store needs beside its database: a state folder with witnesses, and keys. */
export async function testRegion(databaseUrl: string, pendingEntries = 20_000) {
  const stateDir = mkdtempSync(join(tmpdir(), 'meridian-state-'))
  await provisionWitnesses(stateDir, 'frankfurt')
  const { publicKey, privateKey } = await generateKeyPair('ECDH-ES+A256KW', {
    crv: 'P-256',
    extractable: true,
  })
  const wrapping = {
    region: 'frankfurt',
    privateKey: await exportJWK(privateKey),
    publicKeys: new Map([['frankfurt', await exportJWK(publicKey)]]),
  }
  const warnings: string[] = []
  const config = {
    region: 'frankfurt',
    stateDir,
    database: databaseUrl,
    homeGroups: [
      {
        name: testGroup,
        home: 'frankfurt',
        policy: 'home' as const,
        regions: ['frankfurt'],
        timeZone: 'Europe/Berlin',
      },
    ],
    limits: { importBytes: 1_000_000, pendingEntries },
  }
  return {
    stateDir,
    url: databaseUrl,
    wrapping,
    warnings,
    open: (
      over: Partial<typeof config> = {},
      overtaken: (why: string) => void = () => {},
    ): Promise<PostgresRegionStore> =>
      openRegionStore({
        overtaken,
        config: { ...config, ...over },
        wrapping,
        info: () => {},
        warn: (text) => void warnings.push(text),
      }),
    remove: () => rmSync(stateDir, { recursive: true, force: true }),
  }
}

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as { port: number }
  await new Promise((resolve) => server.close(resolve))
  return port
}
