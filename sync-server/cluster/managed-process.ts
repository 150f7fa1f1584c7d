import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, openSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { childrenOf, identify, sendSignal } from './process-identity.ts'

/**
 * One process of a region and those that it starts itself.
 *
 * 1. It is started only on request, never again by itself.
 * 2. `stopped` and `dead` tell apart what was asked to end from what ended otherwise.
 * 3. When `stop` or `kill` has resolved, neither it nor a child of it is there any more.
 */
export type ProcessState = 'running' | 'stopped' | 'dead' | 'paused'

export type ProcessSpec = {
  /** For messages: `frankfurt: database`. */
  name: string
  command(): { program: string; args: readonly string[]; options: { uid?: number; gid?: number } }
  env: NodeJS.ProcessEnv
  cwd: string
  /** Takes its output, appended. */
  logFile: string
  stopSignal: NodeJS.Signals
  /** After this long without an end, `stop` becomes `kill`. */
  stopTimeoutMs: number
  started?(pid: number): void
  log(text: string): void
}

export type ManagedProcess = {
  pid(): number | undefined
  state(): ProcessState
  /** Starts it if it is not there. */
  start(): void
  stop(): Promise<void>
  /** SIGKILL of the process and its children. */
  kill(): Promise<void>
  pause(): void
  resume(): void
}

export function createManagedProcess(spec: ProcessSpec): ManagedProcess {
  let running: { child: ChildProcess; pid: number; ended: Promise<void> } | undefined
  let last: 'stopped' | 'dead' = 'stopped'
  let asked: 'stopped' | 'dead' | undefined
  let paused = false

  function start(): void {
    if (running) return
    const child = spawnLogged(spec)
    paused = false
    asked = undefined
    if (child.pid === undefined) {
      child.once('error', (error) => spec.log(`${spec.name} could not be started (${error.message})`))
      last = 'dead'
      return
    }
    const pid = child.pid
    const ended = new Promise<void>((resolve) => {
      child.once('exit', (code, signal) => {
        running = undefined
        last = asked ?? 'dead'
        if (!asked)
          spec.log(
            `${spec.name} (pid ${pid}) ended by itself, ${signal ?? `status ${code}`}; see ${spec.logFile}`,
          )
        resolve()
      })
    })
    running = { child, pid, ended }
    spec.started?.(pid)
  }

  async function stop(): Promise<void> {
    if (!running) {
      last = 'stopped'
      return
    }
    const { pid, ended } = running
    asked ??= 'stopped'
    sendSignal(pid, spec.stopSignal)
    if (paused) resume()
    if (await endsWithin(ended, spec.stopTimeoutMs)) return
    spec.log(`${spec.name} (pid ${pid}) did not end within ${spec.stopTimeoutMs / 1000} s and is killed`)
    await killAll(pid, ended)
  }

  async function kill(): Promise<void> {
    if (!running) return
    asked = 'dead'
    await killAll(running.pid, running.ended)
  }

  function pause(): void {
    if (!running || paused) return
    paused = true
    // The parent first: it starts no more children while they are being stopped.
    sendSignal(running.pid, 'SIGSTOP')
    for (const child of childrenOf(running.pid)) sendSignal(child, 'SIGSTOP')
  }

  function resume(): void {
    if (!running || !paused) return
    paused = false
    for (const child of childrenOf(running.pid)) sendSignal(child, 'SIGCONT')
    sendSignal(running.pid, 'SIGCONT')
  }

  return {
    pid: () => running?.pid,
    state: () => (running ? (paused ? 'paused' : 'running') : last),
    start,
    stop,
    kill,
    pause,
    resume,
  }
}

/** In a session of its own, so that Ctrl-C in the terminal reaches the cluster alone, which stops things in their order. */
function spawnLogged(spec: ProcessSpec): ChildProcess {
  const { program, args, options } = spec.command()
  const log = openSync(spec.logFile, 'a', 0o600)
  try {
    return spawn(program, args, {
      ...options,
      cwd: spec.cwd,
      env: spec.env,
      detached: true,
      stdio: ['ignore', log, log],
    })
  } finally {
    closeSync(log)
  }
}

/** SIGKILL for a process and its children, and waits until all are gone. */
async function killAll(pid: number, ended: Promise<void>): Promise<void> {
  sendSignal(pid, 'SIGSTOP')
  const family = [...childrenOf(pid), pid]
  for (const member of family) sendSignal(member, 'SIGKILL')
  await ended
  await untilGone(family)
}

/** Waits until none of these processes is there, 5 s at most. */
export async function untilGone(pids: readonly number[], mostMs = 5000): Promise<boolean> {
  for (let waited = 0; waited <= mostMs; waited += 20) {
    if (pids.every((pid) => !identify(pid))) return true
    await sleep(20)
  }
  return false
}

async function endsWithin(ended: Promise<void>, ms: number): Promise<boolean> {
  const timer = new AbortController()
  const timeout = sleep(ms, false, { signal: timer.signal }).catch(() => false)
  const result = await Promise.race([ended.then(() => true), timeout])
  timer.abort()
  return result
}
