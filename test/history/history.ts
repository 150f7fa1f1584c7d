import { startCluster } from '../support/cluster.ts'
import { untilEqual } from '../support/region-api.ts'
import { auditRecords, auditRegions } from './audit.ts'
import { createLedger, type Ledger } from './ledger.ts'
import { createRandom } from './random.ts'
import { createReplicatedWatch } from './replicated-watch.ts'
import { createTrouble } from './trouble.ts'
import { write } from './writer.ts'

/**
 * Real regions, random writers in all of them, random trouble; then everything is healed, and what was acknowledged must be
 * in every region, nothing twice, nothing that was refused, all equal, and nobody was ever told that a region has what it
 * had not.
 */
export type HistoryReport = {
  counts: ReturnType<Ledger['counts']>
  trouble: { [kind: string]: number }
  /** How often what was told about another region was compared with its database. */
  replicatedChecked: number
  origins: string[]
  secondsToEqual: number
  violations: string[]
}

export type HistoryOptions = { seconds: number; seed: number; basePort?: number; log(line: string): void }

const regions = ['frankfurt', 'london', 'nairobi']
const writersPerRegion = 2
const equalWithinMs = 180_000
const recordsCompared = 25

export async function runHistory({ seconds, seed, basePort, log }: HistoryOptions): Promise<HistoryReport> {
  const cluster = await startCluster({ regions, ...(basePort === undefined ? {} : { basePort }) })
  const sites = regions.map((region) => {
    const { http, sync, database } = cluster.ready.regions[region]!
    return { region, http, sync, database }
  })
  const databases = new Map(sites.map(({ region, database }) => [region, database]))
  const random = createRandom(seed)
  const ledger = createLedger()
  const trouble = createTrouble(cluster, regions, random, log)
  const watch = createReplicatedWatch(databases, trouble.restores)
  const until = performance.now() + seconds * 1000
  const timeIsUp = () => performance.now() >= until
  let healed = false
  try {
    const writers = sites.flatMap((site) =>
      Array.from({ length: writersPerRegion }, (_, i) =>
        write({
          site,
          sites,
          ledger,
          random: createRandom(seed * 31 + i * 7 + regions.indexOf(site.region)),
          ended: () => healed,
          replicated: (_teller, told) => watch.told(told),
        }),
      ),
    )
    await trouble.run(timeIsUp)
    healed = true
    await Promise.all(writers)
    log('healed: waiting for all regions to be equal')
    const began = performance.now()
    const https = new Map(sites.map(({ region, http }) => [region, http]))
    const violations: string[] = []
    let origins: string[] = []
    try {
      origins = Object.keys(await untilEqual([...https.values()], equalWithinMs))
    } catch (error) {
      violations.push((error as Error).message)
    }
    const secondsToEqual = (performance.now() - began) / 1000
    violations.push(...(await auditRegions(databases, ledger)))
    violations.push(...(await auditRecords(https, ledger.patients().slice(0, recordsCompared))))
    violations.push(...watch.violations())
    return {
      counts: ledger.counts(),
      trouble: trouble.counts(),
      replicatedChecked: watch.checked(),
      origins,
      secondsToEqual,
      violations,
    }
  } finally {
    healed = true
    await watch.close()
    await cluster.stop()
  }
}
