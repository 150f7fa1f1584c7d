import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { z } from 'zod'
import { firstUnusable, portsOfCluster } from '../../sync-server/cluster/ports.ts'
import { identify, sendSignal } from '../../sync-server/cluster/process-identity.ts'

/** A development cluster as outsiders start it: the real command, in a folder and on ports of its own. */

const checkout = resolve(import.meta.dirname, '../..')

const readyShape = z.strictObject({
  ready: z.literal(true),
  pid: z.int(),
  mode: z.literal('static'),
  control: z.url(),
  regions: z.record(
    z.string(),
    z.strictObject({
      http: z.url(),
      sync: z.url(),
      database: z.url(),
      pids: z.strictObject({ server: z.int().min(2), postgres: z.int().min(2) }),
    }),
  ),
})
/** What the command says when every region is ready. */
export type Ready = z.infer<typeof readyShape>

/** The command, started. */
export type ClusterProcess = {
  pid: number
  stdout(): string
  stderr(): string
  /** Exit status, or the signal that ended it. */
  ended: Promise<number | NodeJS.Signals>
  signal(name: NodeJS.Signals): void
  /** The ready line, parsed; rejects with what stderr said if the command ends before. */
  ready(): Promise<Ready>
}

export type RunningCluster = {
  ready: Ready
  data: string
  /** What the command ended with, whoever ended it. */
  ended: Promise<number | NodeJS.Signals>
  /** `GET` without a body if the path is `/state`, else `POST`. Rejects unless the answer is 2xx. */
  control(path: string, body?: unknown): Promise<unknown>
  /** SIGTERM; resolves when everything is gone and the folder, if it was made here, is removed. */
  stop(): Promise<number | NodeJS.Signals>
}

export type ClusterOptions = {
  regions?: readonly string[]
  /** Default false. */
  samples?: boolean
  /** Default: a new folder that `stop` removes. */
  data?: string
  basePort?: number
  /** Takes what the command says on its way, line by line. */
  progress?(line: string): void
  /** Stops it on its way to ready; afterwards `stop` does. */
  signal?: AbortSignal
}

/** How long the command may take to stop, in milliseconds, before it is killed. */
const mostMsToStop = 60_000

export async function startCluster(options: ClusterOptions = {}): Promise<RunningCluster> {
  const data = options.data ?? mkdtempSync(join(tmpdir(), 'meridian-cluster-'))
  const regions = options.regions ?? ['frankfurt', 'london', 'nairobi']
  const basePort = options.basePort ?? (await freeBasePort(regions.length))
  const command = spawnCluster(
    [
      ...['--data', data, '--base-port', String(basePort), '--regions', regions.join(',')],
      ...(options.samples ? [] : ['--no-samples']),
    ],
    options.progress,
  )
  const forget = () => {
    if (options.data === undefined) rmSync(data, { recursive: true, force: true })
  }
  const giveUp = () => command.signal('SIGTERM')
  options.signal?.addEventListener('abort', giveUp)
  const ready = await command
    .ready()
    .catch((error: unknown) => {
      forget()
      throw error
    })
    .finally(() => options.signal?.removeEventListener('abort', giveUp))
  return {
    ready,
    data,
    ended: command.ended,
    control: (path, body) => callControl(ready, path, body),
    async stop() {
      const status = await endCluster(command, ready, data)
      forget()
      return status
    },
  }
}

/** Starts the command with these arguments. */
export function spawnCluster(args: readonly string[], progress?: (line: string) => void): ClusterProcess {
  const child = spawn(process.execPath, [join(checkout, 'sync-server/cluster/main.ts'), ...args], {
    cwd: checkout,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const out = collect(child.stdout)
  const err = collect(child.stderr, progress)
  const ended = new Promise<number | NodeJS.Signals>((done, fail) => {
    child.once('error', fail)
    child.once('close', (code, signal) => done(code ?? signal ?? 0))
  })
  return {
    pid: pidOf(child),
    stdout: out.text,
    stderr: err.text,
    ended,
    signal: (name) => void sendSignal(pidOf(child), name),
    async ready() {
      const status = await Promise.race([out.firstLine, ended])
      if (!out.text().includes('\n')) throw new Error(`the cluster ended (${status}): ${err.text().trim()}`)
      return readyShape.parse(JSON.parse(await out.firstLine))
    },
  }
}

/** A base port below the system's own ephemeral ports, of which a cluster of this many regions finds all ports free. */
export async function freeBasePort(regions: number): Promise<number> {
  const indexes = new Map(Array.from({ length: regions }, (_, i) => [`region-${i}`, i]))
  for (let attempt = 0; attempt < 50; attempt++) {
    const base = 10_000 + 200 * Math.floor(Math.random() * 110)
    if (!(await firstUnusable(portsOfCluster(base, indexes).keys()))) return base
  }
  throw new Error('no free range of ports was found below 32,000')
}

async function callControl(ready: Ready, path: string, body?: unknown): Promise<unknown> {
  const response = await fetch(`${ready.control}${path}`, {
    method: path === '/state' && body === undefined ? 'GET' : 'POST',
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  const answer: unknown = await response.json()
  if (!response.ok) throw new Error(`${path} was answered with ${response.status}: ${JSON.stringify(answer)}`)
  return answer
}

async function endCluster(
  command: ClusterProcess,
  ready: Ready,
  data: string,
): Promise<number | NodeJS.Signals> {
  command.signal('SIGTERM')
  const timer = setTimeout(() => {
    command.signal('SIGKILL')
    for (const { pids } of Object.values(ready.regions))
      for (const pid of Object.values(pids))
        if (identify(pid)?.command.includes(data)) sendSignal(pid, 'SIGKILL')
  }, mostMsToStop)
  const status = await command.ended
  clearTimeout(timer)
  return status
}

function collect(stream: NodeJS.ReadableStream, onLine?: (line: string) => void) {
  let text = ''
  let told = 0
  let tellFirst: (line: string) => void = () => {}
  const firstLine = new Promise<string>((resolve) => {
    tellFirst = resolve
  })
  stream.setEncoding('utf8')
  stream.on('data', (piece: string) => {
    text += piece
    for (let end = text.indexOf('\n', told); end >= 0; end = text.indexOf('\n', told)) {
      const line = text.slice(told, end)
      told = end + 1
      tellFirst(line)
      onLine?.(line)
    }
  })
  return { text: () => text, firstLine }
}

function pidOf(child: ChildProcess): number {
  if (child.pid === undefined) throw new Error('the cluster command could not be started')
  return child.pid
}
