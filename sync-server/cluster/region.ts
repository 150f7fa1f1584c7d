import { mkdirSync, rmSync } from 'node:fs'
import { provisionWitnesses } from '../store/witness.ts'
import { CannotStart } from './cannot-start.ts'
import type { ProcessState } from './managed-process.ts'
import type { RegionDatabase } from './postgres.ts'
import type { RegionFolder } from './region-folder.ts'
import { makeSecrets } from './secrets.ts'
import type { RegionServer } from './server-process.ts'

export type Part = 'server' | 'postgres'
export const parts: readonly Part[] = ['server', 'postgres']

/**
 * The processes of one region.
 *
 * 1. Starts run one after the other; stop, kill and pause act at once, also in the middle of a start, which then fails.
 * 2. The database is started before the server and stopped after it.
 * 3. A part that lives is left alone by a start.
 */
export type Region = {
  name: string
  /** Makes its keys and its database, and the witnesses of a region that never ran. */
  initialise(signal: AbortSignal): Promise<void>
  /** Ends what an earlier cluster left behind. */
  clearAway(): Promise<void>
  /** Resolves when these parts, and the region as far as its parts live, are ready. Throws {@link CannotStart}. */
  start(what: readonly Part[], signal: AbortSignal): Promise<void>
  stop(what: readonly Part[]): Promise<void>
  kill(what: readonly Part[]): Promise<void>
  pause(what: readonly Part[]): void
  resume(what: readonly Part[]): void
  state(): { [part in Part]: { pid: number | null; state: ProcessState } }
}

export function createRegion(
  name: string,
  folder: RegionFolder,
  database: RegionDatabase,
  server: RegionServer,
): Region {
  const processes = { server, postgres: database }
  let lastStart: Promise<unknown> = Promise.resolve()
  /** Grows with everything that ends a process: a start that began before must start nothing more. */
  let interruptions = 0

  async function initialise(signal: AbortSignal): Promise<void> {
    rmSync(folder.path, { recursive: true, force: true })
    // The database's user passes through here to its own folder; everything else inside is for the owner alone.
    mkdirSync(folder.path, { mode: 0o711 })
    await makeSecrets(name, folder.secrets)
    await database.initialise(signal)
    await provisionWitnesses(folder.state, name)
    signal.throwIfAborted()
  }

  async function startNow(what: readonly Part[], signal: AbortSignal): Promise<void> {
    const begun = interruptions
    const goOn = () => {
      signal.throwIfAborted()
      if (interruptions !== begun)
        throw new CannotStart(`the start of ${name} was overtaken by a stop or a kill`)
    }
    for (const part of what)
      if (processes[part].state() === 'paused')
        throw new CannotStart(`the ${part} of ${name} is paused; resume it instead`)
    if (what.includes('postgres')) {
      await database.clearAway()
      goOn()
      database.start()
      await database.ready(signal)
    }
    goOn()
    if (what.includes('server')) {
      await server.clearAway()
      goOn()
      server.start()
    }
    if (server.state() === 'running') await server.ready(signal)
    goOn()
  }

  return {
    name,
    initialise,
    async clearAway() {
      await server.clearAway()
      await database.clearAway()
    },
    start(what, signal) {
      const start = lastStart.then(() => startNow(what, signal))
      lastStart = start.catch(() => undefined)
      return start
    },
    async stop(what) {
      interruptions += 1
      for (const part of parts) if (what.includes(part)) await processes[part].stop()
    },
    async kill(what) {
      interruptions += 1
      await Promise.all(what.map((part) => processes[part].kill()))
    },
    pause(what) {
      for (const part of what) processes[part].pause()
    },
    resume(what) {
      for (const part of what) processes[part].resume()
    },
    state: () => ({ server: stateOf(server), postgres: stateOf(database) }),
  }
}

function stateOf(part: { pid(): number | undefined; state(): ProcessState }) {
  return { pid: part.pid() ?? null, state: part.state() }
}
