import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { CannotStart } from './cannot-start.ts'
import { isHealthy } from './health.ts'
import { lastLines } from './last-lines.ts'
import { createManagedProcess, type ManagedProcess, untilGone } from './managed-process.ts'
import { identify, sendSignal } from './process-identity.ts'
import type { RegionFolder } from './region-folder.ts'

/** The sync server of one region, as a production server is run: `node main.ts --config FILE`. */
export type RegionServer = ManagedProcess & {
  /** Ends the server that an earlier cluster left running, if there is one. */
  clearAway(): Promise<void>
  /** Resolves when the region takes writes. Throws {@link CannotStart} or the signal's reason. */
  ready(signal: AbortSignal): Promise<void>
}

export type ServerSpec = {
  region: string
  /** The server's program, `sync-server/main.ts`. */
  entry: string
  folder: RegionFolder
  http: string
  logFile: string
  log(text: string): void
}

const readyTimeoutMs = 90_000

export function createServer(spec: ServerSpec): RegionServer {
  const { folder, region } = spec
  const managed = createManagedProcess({
    name: `${region}: server`,
    command: () => ({
      program: process.execPath,
      args: [spec.entry, '--config', folder.config],
      options: {},
    }),
    env: environment(),
    cwd: folder.path,
    logFile: spec.logFile,
    stopSignal: 'SIGTERM',
    stopTimeoutMs: 15_000,
    started: (pid) => writeFileSync(folder.serverPid, `${pid}\n`, { mode: 0o600 }),
    log: spec.log,
  })

  async function clearAway(): Promise<void> {
    if (managed.pid() !== undefined) return
    const pid = readPid(folder.serverPid)
    // The path of its configuration is on the command line of this region's server and of no other process.
    if (pid !== undefined && identify(pid)?.command.includes(folder.config)) {
      spec.log(`${region}: the server (pid ${pid}) of an earlier cluster still runs and is stopped`)
      sendSignal(pid, 'SIGCONT')
      sendSignal(pid, 'SIGTERM')
      if (!(await untilGone([pid], 10_000))) sendSignal(pid, 'SIGKILL')
      if (!(await untilGone([pid])))
        throw new CannotStart(`the server of ${region} (pid ${pid}) of an earlier cluster does not end`)
    }
    rmSync(folder.serverPid, { force: true })
  }

  async function ready(signal: AbortSignal): Promise<void> {
    const giveUpAt = Date.now() + readyTimeoutMs
    while (!(await isHealthy(spec.http))) {
      signal.throwIfAborted()
      if (managed.pid() === undefined || Date.now() > giveUpAt)
        throw new CannotStart(
          `the server of ${region} ${managed.pid() === undefined ? 'ended while starting' : 'does not get ready'}; ${spec.logFile} ends with:\n${lastLines(spec.logFile, 10)}`,
        )
      await sleep(100, undefined, { signal })
    }
  }

  return { ...managed, clearAway, ready }
}

/** Without what overrides the configuration file: it would send every region to the same database or port. */
function environment(): NodeJS.ProcessEnv {
  const { DATABASE_URL: _, ...rest } = process.env
  return Object.fromEntries(Object.entries(rest).filter(([name]) => !name.startsWith('MERIDIAN_')))
}

function readPid(file: string): number | undefined {
  try {
    const pid = Number(readFileSync(file, 'utf8'))
    return Number.isInteger(pid) && pid > 1 ? pid : undefined
  } catch {
    return undefined
  }
}
