import { spawnSync } from 'node:child_process'
import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { basename } from 'node:path'

/**
 * Who is a process? A pid alone says little: it is used again. What a pid file names is taken for the same process only
 * if its start time, or its command line, is the one expected. Linux is read from /proc, other systems are asked by `ps`.
 */

const linux = process.platform === 'linux'

export type ProcessIdentity = {
  /** Opaque; equal for the same process, different for any other that had or will have its pid on this machine. */
  startedAt: string
  /** Its command line, arguments joined by blanks. */
  command: string
}

/** The living process with this pid, or undefined. One that ended and was not collected yet counts as gone. */
export function identify(pid: number): ProcessIdentity | undefined {
  return linux ? identifyByProc(pid) : identifyByPs(pid)
}

function identifyByProc(pid: number): ProcessIdentity | undefined {
  const stat = statOf(pid)
  if (!stat || stat.state === 'Z' || stat.state === 'X') return undefined
  try {
    const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').join(' ').trim()
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
    return { startedAt: `${boot}/${stat.startTicks}`, command }
  } catch {
    return undefined
  }
}

function statOf(pid: number): { state: string; parent: number; startTicks: string } | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8')
    // The name in parentheses may hold blanks and parentheses itself; fields are counted after its end.
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
    return { state: fields[0]!, parent: Number(fields[1]), startTicks: fields[19]! }
  } catch {
    return undefined
  }
}

function identifyByPs(pid: number): ProcessIdentity | undefined {
  const ps = spawnSync('ps', ['-ww', '-o', 'lstart=,command=', '-p', String(pid)], { encoding: 'utf8' })
  const line = ps.stdout?.trim()
  // lstart has five words: day of the week, month, day, time, year.
  const match = line ? /^(\S+\s+\S+\s+\S+\s+\S+\s+\S+)\s+(.*)$/.exec(line) : null
  return match ? { startedAt: match[1]!, command: match[2]! } : undefined
}

/** Children of a process, not theirs. */
export function childrenOf(pid: number): number[] {
  if (linux) return allPids().filter((other) => statOf(other)?.parent === pid)
  const ps = spawnSync('ps', ['-axo', 'pid=,ppid='], { encoding: 'utf8' })
  return (ps.stdout ?? '')
    .split('\n')
    .map((line) => line.trim().split(/\s+/).map(Number))
    .filter(([, parent]) => parent === pid)
    .map(([child]) => child!)
}

/**
 * Processes of the named program that work in this folder: a database's backends stay there when their postmaster
 * was killed. Empty where the system does not tell.
 */
export function processesIn(folder: string, program: string): number[] {
  if (!linux) return []
  return allPids().filter((pid) => {
    try {
      return (
        readlinkSync(`/proc/${pid}/cwd`) === folder && basename(readlinkSync(`/proc/${pid}/exe`)) === program
      )
    } catch {
      return false
    }
  })
}

function allPids(): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
}

/** Sends a signal; false if there is no such process any more. */
export function sendSignal(pid: number, signal: NodeJS.Signals): boolean {
  try {
    process.kill(pid, signal)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false
    throw error
  }
}
