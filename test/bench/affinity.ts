import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'

/**
 * Servers on one core, the load on another. A child keeps the core of the thread that started it, so everything that a
 * server starts is on its core too. Without `taskset`, or with one core only, nothing is pinned, and that is said.
 */
export const cores = { server: 0, load: 1 } as const

export const canPin = availableParallelism() > 1 && spawnSync('taskset', ['--version']).status === 0

/** Puts every thread of this process on the load's core. */
export function pinLoad(): void {
  if (canPin) taskset('-a', '-p', '-c', String(cores.load), String(process.pid))
}

/** Starts something on the servers' core. The start itself must happen before `start` first waits for anything. */
export function onServerCore<T>(start: () => T): T {
  if (!canPin) return start()
  taskset('-p', '-c', String(cores.server), String(process.pid))
  try {
    return start()
  } finally {
    taskset('-p', '-c', String(cores.load), String(process.pid))
  }
}

/** Pids of these processes and of everything below them. */
export function familyOf(pids: readonly number[]): number[] {
  const children = new Map<number, number[]>()
  for (const pid of allPids()) {
    const parent = Number(statOf(pid)?.[1])
    children.set(parent, [...(children.get(parent) ?? []), pid])
  }
  const family = [...pids]
  for (const pid of family) family.push(...(children.get(pid) ?? []))
  return family
}

/** Those of these processes that may run elsewhere than on the servers' core. */
export function strayed(pids: readonly number[]): number[] {
  if (!canPin) return []
  return pids.filter((pid) => {
    const allowed = /^Cpus_allowed_list:\s*(.*)$/m.exec(textOf(`/proc/${pid}/status`))?.[1]
    return allowed !== undefined && allowed !== String(cores.server)
  })
}

/** Milliseconds that the living threads of this process have been on a processor; 0 where the system does not tell. */
export function cpuMsOf(pid: number): number {
  const folder = `/proc/${pid}/task`
  const threads = existsSync(folder) ? readdirSync(folder) : []
  return threads.reduce((sum, thread) => {
    const nanoseconds = textOf(`${folder}/${thread}/schedstat`).split(' ')[0]
    return sum + Number(nanoseconds) / 1e6
  }, 0)
}

/** Resident memory of a process, in bytes. */
export function residentBytes(pid: number): number {
  return Number(/^VmRSS:\s*(\d+) kB$/m.exec(textOf(`/proc/${pid}/status`))?.[1] ?? 0) * 1024
}

/** Memory of these processes in bytes, what they share counted once. */
export function proportionalBytes(pids: readonly number[]): number {
  return pids.reduce((sum, pid) => {
    const kilobytes = /^Pss:\s*(\d+) kB$/m.exec(textOf(`/proc/${pid}/smaps_rollup`))?.[1]
    return sum + Number(kilobytes ?? 0) * 1024
  }, 0)
}

/** Fields of /proc/<pid>/stat behind the name, which may hold blanks itself. */
function statOf(pid: number): string[] | undefined {
  const text = textOf(`/proc/${pid}/stat`)
  return text === '' ? undefined : text.slice(text.lastIndexOf(')') + 2).split(' ')
}

function allPids(): number[] {
  const names = existsSync('/proc') ? readdirSync('/proc') : []
  return names.filter((name) => /^\d+$/.test(name)).map(Number)
}

function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return ''
  }
}

function taskset(...args: string[]): void {
  const { status, stderr } = spawnSync('taskset', args, { encoding: 'utf8' })
  if (status !== 0) throw new Error(`taskset ${args.join(' ')}: ${stderr.trim()}`)
}
