import { cpuMsOf } from '../affinity.ts'
import type { BenchServer } from '../servers/server.ts'

/** Who used the processor. */
export type CpuUse = {
  /** Shares of a core, 0 to 1, by part of the server; `load` is this process. */
  shares: { [part: string]: number }
  /** Milliseconds of the servers' core, all parts together. Others on the machine do not change it much. */
  serverMs: number
}

/** Begins to watch; the answer says who used how much since. */
export async function watchCpu(server: BenchServer): Promise<() => CpuUse> {
  const parts = new Map([...(await server.parts()), [load, [process.pid]]])
  const used = () =>
    [...parts].map(([part, pids]) => [part, pids.reduce((ms, pid) => ms + cpuMsOf(pid), 0)] as const)
  const before = new Map(used())
  const began = performance.now()
  return () => {
    const elapsed = performance.now() - began
    const since = used().map(([part, ms]) => [part, ms - before.get(part)!] as const)
    return {
      shares: Object.fromEntries(since.map(([part, ms]) => [part, Math.round((ms / elapsed) * 1000) / 1000])),
      serverMs: since.reduce((sum, [part, ms]) => sum + (part === load ? 0 : ms), 0),
    }
  }
}

const load = 'load'
