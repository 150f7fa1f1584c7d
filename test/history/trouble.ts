import { cpSync, existsSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { RunningCluster } from '../support/cluster.ts'
import type { Random } from './random.ts'

/** Random trouble for a cluster: processes die and stop, links break and slow down, disks come back from a copy. */
export type Trouble = {
  /** Goes on until told to end, then heals everything. */
  run(ended: () => boolean): Promise<void>
  /** Kind of trouble → how often. */
  counts(): { [kind: string]: number }
  /** How often a region's disk was put back, or is being put back. */
  restores(region: string): number
}

export function createTrouble(
  cluster: RunningCluster,
  regions: readonly string[],
  random: Random,
  log: (line: string) => void,
): Trouble {
  const counts: { [kind: string]: number } = {}
  const restored = new Map<string, number>()
  const copyOf = (region: string) => join(cluster.data, `copy-of-${region}`)
  const folderOf = (region: string) => join(cluster.data, region, 'postgres')
  const on = (region: string, act: string, what = 'all') =>
    cluster.control(`/regions/${region}/${act}`, { what })
  const pause = (least: number, more: number) => sleep(least + random.below(more))

  const kinds: { [kind: string]: (region: string, other: string) => Promise<void> } = {
    'server killed': async (region) => {
      await on(region, 'kill', 'server')
      await pause(0, 2500)
      await on(region, 'start')
    },
    'database killed': async (region) => {
      await on(region, 'kill', 'postgres')
      await pause(0, 2500)
      await on(region, 'start')
    },
    'region killed': async (region) => {
      await on(region, 'kill')
      await pause(0, 3000)
      await on(region, 'start')
    },
    'region isolated': async (region) => {
      await cluster.control(`/regions/${region}/isolate`, {})
      await pause(1000, 8000)
      await cluster.control(`/regions/${region}/rejoin`, {})
    },
    'link swallowed': async (region, other) => {
      await cluster.control(`/links/${region}/${other}`, { state: 'blackhole' })
      await pause(1000, 9000)
      await cluster.control(`/links/${region}/${other}`, { state: 'open' })
    },
    'link slow': async (region, other) => {
      await cluster.control(`/links/${region}/${other}`, { state: 'open', latencyMs: 150, jitterMs: 100 })
      await pause(2000, 6000)
      await cluster.control(`/links/${region}/${other}`, { state: 'open' })
    },
    'server stopped': async (region) => {
      await on(region, 'pause', 'server')
      await pause(500, 6000)
      await on(region, 'resume', 'server')
    },
    'disk put back': async (region) => {
      restored.set(region, (restored.get(region) ?? 0) + 1)
      await on(region, 'stop')
      if (existsSync(copyOf(region)) && random.oneIn(2)) {
        rmSync(folderOf(region), { recursive: true })
        cpSync(copyOf(region), folderOf(region), { recursive: true, preserveTimestamps: true })
      } else {
        rmSync(copyOf(region), { recursive: true, force: true })
        cpSync(folderOf(region), copyOf(region), { recursive: true, preserveTimestamps: true })
        counts['copies made'] = (counts['copies made'] ?? 0) + 1
        counts['disk put back'] = (counts['disk put back'] ?? 0) - 1
      }
      await on(region, 'start')
      restored.set(region, (restored.get(region) ?? 0) + 1)
    },
  }

  async function once(): Promise<void> {
    const kind = random.pick(Object.keys(kinds))
    const region = random.pick(regions)
    const other = random.pick(regions.filter((one) => one !== region))
    counts[kind] = (counts[kind] ?? 0) + 1
    log(`${kind}: ${region}${kind.startsWith('link') ? ` to ${other}` : ''}`)
    await kinds[kind]!(region, other)
  }

  return {
    async run(ended) {
      while (!ended()) {
        await once()
        await pause(500, 3500)
      }
      await cluster.control('/reset', {})
      for (const region of regions) await on(region, 'start')
    },
    counts: () => counts,
    restores: (region) => restored.get(region) ?? 0,
  }
}
