import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import {
  chmodSync,
  chownSync,
  lchownSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import postgres from 'postgres'
import { CannotStart } from './cannot-start.ts'
import { lastLines } from './last-lines.ts'
import { createManagedProcess, type ManagedProcess, untilGone } from './managed-process.ts'
import type { PostgresUser } from './postgres-user.ts'
import { identify, processesIn, sendSignal } from './process-identity.ts'
import type { RegionFolder } from './region-folder.ts'
import { writeDurably } from './write-durably.ts'

/** The embedded PostgreSQL of one region: loopback only, durable settings, one database `meridian`. */
export type RegionDatabase = ManagedProcess & {
  /** Makes the database's folder. Throws {@link CannotStart}, or the signal's reason after an abort. */
  initialise(signal: AbortSignal): Promise<void>
  /** Ends what an earlier cluster left running here, and what it left lying about that keeps PostgreSQL from starting. */
  clearAway(): Promise<void>
  /** Resolves when the database `meridian` takes connections. Throws {@link CannotStart} or the signal's reason. */
  ready(signal: AbortSignal): Promise<void>
  /** Connection string, password included. */
  url(): string
}

export type DatabaseSpec = {
  region: string
  port: number
  folder: RegionFolder
  logFile: string
  binaries: { initdb: string; postgres: string }
  user: PostgresUser
  log(text: string): void
}

const name = 'meridian'
const readyTimeoutMs = 60_000
/** The environment of the one who starts the cluster must not reach into the database (`PGDATA`, `PGOPTIONS`, …). */
const environment = { PATH: process.env['PATH'] ?? '/usr/bin:/bin', LC_ALL: 'C', TZ: 'UTC' }

export function createDatabase(spec: DatabaseSpec): RegionDatabase {
  const { folder, user, port } = spec
  const managed = createManagedProcess({
    name: `${spec.region}: database`,
    command: () =>
      user.as(spec.binaries.postgres, ['-D', folder.postgres, '-p', String(port), ...settings()]),
    env: environment,
    cwd: folder.path,
    logFile: spec.logFile,
    stopSignal: 'SIGINT',
    stopTimeoutMs: 20_000,
    log: spec.log,
  })
  const url = () => {
    const password = readFileSync(folder.databasePassword, 'utf8').trim()
    return `postgres://${name}:${password}@127.0.0.1:${port}/${name}`
  }

  async function initialise(signal: AbortSignal): Promise<void> {
    rmSync(folder.postgres, { recursive: true, force: true })
    mkdirSync(folder.postgres, { mode: 0o700 })
    if (user.owner) chownSync(folder.postgres, user.owner.uid, user.owner.gid)
    const password = randomBytes(24).toString('base64url')
    const passwordFile = join(folder.path, 'initdb-password')
    writeFileSync(passwordFile, password, { mode: 0o600 })
    if (user.owner) chownSync(passwordFile, user.owner.uid, user.owner.gid)
    try {
      await runInitdb(spec, passwordFile, signal)
    } finally {
      rmSync(passwordFile, { force: true })
    }
    writeDurably(folder.databasePassword, `${password}\n`)
  }

  async function clearAway(): Promise<void> {
    if (managed.pid() !== undefined) return
    await endLeftOvers(spec)
    if (user.owner) takeOver(folder.postgres, user.owner)
  }

  async function ready(signal: AbortSignal): Promise<void> {
    const giveUpAt = Date.now() + readyTimeoutMs
    while (!(await takesConnections(url()))) {
      signal.throwIfAborted()
      if (managed.pid() === undefined || Date.now() > giveUpAt)
        throw new CannotStart(
          `the database of ${spec.region} ${managed.pid() === undefined ? 'ended while starting' : 'does not get ready'}; ${spec.logFile} ends with:\n${lastLines(spec.logFile, 5)}`,
        )
      await sleep(100, undefined, { signal })
    }
  }

  return { ...managed, initialise, clearAway, ready, url }
}

/** On the command line, not in postgresql.conf: a restored disk must not bring other settings. */
function settings(): string[] {
  return [
    'listen_addresses=127.0.0.1',
    'unix_socket_directories=',
    'fsync=on',
    'synchronous_commit=on',
    'full_page_writes=on',
    'shared_buffers=64MB',
    'max_connections=40',
    'timezone=UTC',
    'log_timezone=UTC',
    // Rows hold patients' data: the log of the database names neither statements nor values.
    'log_min_error_statement=panic',
    'log_error_verbosity=terse',
  ].flatMap((setting) => ['-c', setting])
}

function runInitdb(spec: DatabaseSpec, passwordFile: string, signal: AbortSignal): Promise<void> {
  const { program, args, options } = spec.user.as(spec.binaries.initdb, [
    `--pgdata=${spec.folder.postgres}`,
    `--username=${name}`,
    '--auth=scram-sha-256',
    `--pwfile=${passwordFile}`,
    '--encoding=UTF8',
    '--locale=C',
    '--locale-provider=builtin',
    '--builtin-locale=C.UTF-8',
  ])
  return new Promise((resolve, reject) => {
    let output = ''
    const initdb = spawn(program, args, {
      ...options,
      cwd: spec.folder.path,
      env: environment,
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    const stop = () => initdb.kill('SIGTERM')
    signal.addEventListener('abort', stop, { once: true })
    if (signal.aborted) stop()
    for (const stream of [initdb.stdout, initdb.stderr])
      stream.setEncoding('utf8').on('data', (text: string) => {
        output += text
      })
    initdb.once('error', (error) => reject(new CannotStart(`${program} cannot be run: ${error.message}`)))
    initdb.once('close', (code) => {
      signal.removeEventListener('abort', stop)
      if (signal.aborted) return reject(signal.reason)
      if (code === 0) return resolve()
      const end = output.trim().split('\n').slice(-5).join('\n')
      reject(
        new CannotStart(
          `the database of ${spec.region} could not be made in ${spec.folder.postgres}:\n${end}`,
        ),
      )
    })
  })
}

/**
 * A cluster or a postmaster that was killed may leave backends behind, and always leaves postmaster.pid. PostgreSQL
 * itself refuses to start while backends are there, or while another process has the pid that the file names.
 */
async function endLeftOvers({ folder, region, log }: DatabaseSpec): Promise<void> {
  const pidFile = join(folder.postgres, 'postmaster.pid')
  const pid = readPid(pidFile)
  const postmaster = pid !== undefined && identify(pid)?.command.includes(folder.postgres) ? pid : undefined
  if (postmaster !== undefined) {
    log(`${region}: the database (pid ${postmaster}) of an earlier cluster still runs and is stopped`)
    sendSignal(postmaster, 'SIGCONT')
    sendSignal(postmaster, 'SIGINT')
    if (!(await untilGone([postmaster], 20_000))) sendSignal(postmaster, 'SIGKILL')
  }
  const backends = processesIn(folder.postgres, 'postgres')
  for (const backend of backends) sendSignal(backend, 'SIGKILL')
  if (!(await untilGone(postmaster === undefined ? backends : [postmaster, ...backends])))
    throw new CannotStart(
      `processes of the database in ${folder.postgres} do not end: ${backends.join(', ')}`,
    )
  rmSync(pidFile, { force: true })
}

function readPid(file: string): number | undefined {
  try {
    const pid = Number(readFileSync(file, 'utf8').split('\n')[0])
    return Number.isInteger(pid) && pid > 1 ? pid : undefined
  } catch {
    return undefined
  }
}

/** A folder that root copied back belongs to root, with root's mode; PostgreSQL insists on its own. */
function takeOver(folder: string, owner: { uid: number; gid: number }): void {
  const give = (path: string) => {
    const { uid, gid } = lstatSync(path)
    if (uid !== owner.uid || gid !== owner.gid) lchownSync(path, owner.uid, owner.gid)
  }
  give(folder)
  chmodSync(folder, 0o700)
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true }))
    give(join(entry.parentPath, entry.name))
}

/** Connects, and makes the database if this server has none yet. */
async function takesConnections(url: string): Promise<boolean> {
  const maintenance = new URL(url)
  maintenance.pathname = '/postgres'
  const sql = postgres(maintenance.href, { max: 1, connect_timeout: 2, onnotice: () => {} })
  try {
    const found = await sql`select 1 from pg_database where datname = ${name}`
    if (found.length === 0) await sql`create database ${sql(name)}`
    return true
  } catch {
    return false
  } finally {
    await sql.end({ timeout: 1 })
  }
}
