import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { closeSync, existsSync, mkdtempSync, openSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import * as encoding from 'lib0/encoding'
import { onServerCore } from '../affinity.ts'
import type { BenchServer, ServerName } from './server.ts'

/** The servers of others, each in a process of its own with a folder of its own, as their makers deliver them. */

export type PeerName = Exclude<ServerName, 'meridian'>

const folder = resolve(import.meta.dirname, '../peers')
const startTimeoutMs = 20_000
/** Hocuspocus stores a document 2 s after the last change, and 10 s after the first at the latest. */
const settleMs = 3000

/** Installs one from its lock file, unless it is there. */
export function installPeer(name: PeerName, log: (text: string) => void): void {
  const cwd = join(folder, name)
  const installed = join(cwd, 'node_modules/.package-lock.json')
  if (
    existsSync(installed) &&
    statSync(installed).mtimeMs >= statSync(join(cwd, 'package-lock.json')).mtimeMs
  )
    return
  log(`installing ${name}`)
  const npm = spawnSync('npm', ['ci', '--no-audit', '--no-fund'], { cwd, encoding: 'utf8' })
  if (npm.status !== 0) throw new Error(`npm ci in ${cwd} failed:\n${npm.stderr.trim().slice(-2000)}`)
}

export async function startPeer(name: PeerName, port: number): Promise<BenchServer> {
  const data = mkdtempSync(join(tmpdir(), `meridian-bench-${name}-`))
  const logFile = join(data, 'server.log')
  let child: ChildProcess
  let ended: Promise<void>

  async function start(): Promise<void> {
    const out = openSync(logFile, 'a')
    child = onServerCore(() =>
      spawn(process.execPath, [join(folder, name, 'server.mjs'), data], {
        env: { ...process.env, HOST: '127.0.0.1', PORT: String(port), NODE_ENV: 'production' },
        stdio: ['ignore', out, out],
      }),
    )
    closeSync(out)
    ended = new Promise((done) => child.once('close', () => done()))
    const giveUpAt = performance.now() + startTimeoutMs
    while (!(await answers(port))) {
      if (child.exitCode !== null || performance.now() > giveUpAt) {
        child.kill('SIGKILL')
        throw new Error(`${name} did not start:\n${readFileSync(logFile, 'utf8').slice(-2000)}`)
      }
      await sleep(50)
    }
  }

  async function end(signal: NodeJS.Signals): Promise<void> {
    child.kill(signal)
    const late = setTimeout(() => child.kill('SIGKILL'), 15_000)
    await ended
    clearTimeout(late)
  }

  await start()
  return {
    name,
    what: whatOf[name],
    note: (id) => addressOf[name](port, id),
    pid: () => child.pid!,
    parts: async () => new Map([['server', [child.pid!]]]),
    async restart() {
      await end('SIGTERM')
      await start()
    },
    kill: () => end('SIGKILL'),
    start,
    settled: () => sleep(settleMs),
    async stop() {
      await end('SIGTERM')
      rmSync(data, { recursive: true, force: true })
    },
  }
}

const addressOf = {
  'y-websocket': (port: number, id: string) => ({
    url: `ws://127.0.0.1:${port}/${id}`,
    prefix: new Uint8Array(0),
  }),
  hocuspocus: (port: number, id: string) => {
    const encoder = encoding.createEncoder()
    encoding.writeVarString(encoder, id)
    return { url: `ws://127.0.0.1:${port}/`, prefix: encoding.toUint8Array(encoder), token: 'bench' }
  },
}

const whatOf = {
  'y-websocket': '@y/websocket-server 0.1.5 with y-leveldb 0.2.0',
  hocuspocus: '@hocuspocus/server 4.7.0 with extension-database over node:sqlite',
}

async function answers(port: number): Promise<boolean> {
  try {
    await (await fetch(`http://127.0.0.1:${port}/`, { signal: AbortSignal.timeout(1000) })).text()
    return true
  } catch {
    return false
  }
}
