import { connect, statementTimeoutMs } from '../../sync-server/store/database.ts'
import { everything, signIn } from '../support/region-api.ts'
import type { Ledger } from './ledger.ts'

/** What the ledger says against what every region holds, when all is healed and quiet. Returns what is wrong, in words. */

type Held = {
  region: string
  /** Entry → the origins under which it is committed. */
  commits: Map<string, string[]>
  /** The last row of each origin. */
  heads: string
}

export async function auditRegions(
  databases: ReadonlyMap<string, string>,
  ledger: Ledger,
): Promise<string[]> {
  const held = await Promise.all([...databases].map(([region, url]) => readRegion(region, url)))
  return [...held.flatMap((one) => auditRegion(one, ledger)), ...differences(held)]
}

function auditRegion({ region, commits }: Held, ledger: Ledger): string[] {
  const wrong: string[] = []
  for (const id of ledger.acknowledgements().keys())
    if (!commits.has(id)) wrong.push(`${region} lacks the acknowledged entry ${id}`)
  for (const id of ledger.refusals())
    if (commits.has(id)) wrong.push(`${region} holds the refused entry ${id}`)
  for (const [id, origins] of commits)
    if (new Set(origins).size < origins.length) wrong.push(`${region} holds ${id} twice under one origin`)
  return wrong
}

function differences(held: readonly Held[]): string[] {
  const [first, ...others] = held
  return others
    .filter((other) => other.heads !== first!.heads)
    .map((other) => `${first!.region} and ${other.region} differ: ${first!.heads} against ${other.heads}`)
}

async function readRegion(region: string, url: string): Promise<Held> {
  const sql = connect(url, { max: 1, name: 'audit', statementTimeoutMs })
  try {
    const rows = await sql<{ entry_id: string; origin: string }[]>`
      select entry_id, origin from log where kind = 'entry'`
    const commits = new Map<string, string[]>()
    for (const { entry_id, origin } of rows) commits.set(entry_id, [...(commits.get(entry_id) ?? []), origin])
    const heads = await sql<{ head: string }[]>`
      select distinct on (origin) origin || ':' || seq || ':' || encode(hash, 'hex') as head
      from log order by origin, seq desc`
    return { region, commits, heads: heads.map((row) => row.head).join(' ') }
  } finally {
    await sql.end({ timeout: 1 })
  }
}

/** The record of some patients, as every region tells it by FHIR: equal byte for byte. */
export async function auditRecords(
  https: ReadonlyMap<string, string>,
  patients: readonly string[],
): Promise<string[]> {
  const wrong: string[] = []
  const apis = await Promise.all([...https.values()].map((http) => signIn(http, 'physician.frankfurt')))
  for (const patient of patients) {
    const texts = await Promise.all(apis.map(async (api) => (await everything(api, patient)).text))
    if (new Set(texts).size > 1) wrong.push(`the record of ${patient} is told differently`)
  }
  return wrong
}
