import { cpuMsOf } from '../affinity.ts'
import type { BenchServer } from '../servers/server.ts'

/** Shares of a core, 0 to 1, by part of the server; `load` is this process. */
export type CpuShares = { [part: string]: number }

/** Begins to watch; the answer says who used how much of a core since. */
export async function watchCpu(server: BenchServer): Promise<() => CpuShares> {
  const parts = new Map([...(await server.parts()), ['load', [process.pid]]])
  const used = () =>
    new Map([...parts].map(([part, pids]) => [part, pids.reduce((sum, pid) => sum + cpuMsOf(pid), 0)]))
  const before = used()
  const began = performance.now()
  return () => {
    const elapsed = performance.now() - began
    return Object.fromEntries(
      [...used()].map(([part, ms]) => [
        part,
        Math.round(((ms - before.get(part)!) / elapsed) * 1000) / 1000,
      ]),
    )
  }
}
