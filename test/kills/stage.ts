import { setTimeout as sleep } from 'node:timers/promises'
import * as Y from 'yjs'
import { entriesMap } from '../../domain/entries/items.ts'
import { createDrafts } from '../../sync-server/store/sample-drafts.ts'
import { type RunningCluster, startCluster } from '../support/cluster.ts'
import { type RegionApi, signIn } from '../support/region-api.ts'
import { type Acknowledged, auditRows, type Findings, noFindings } from './audit.ts'
import { readDocument } from './stock-client.ts'
import { createVictim, type Victim } from './victim.ts'

/** Where the kills happen: two real regions, one that clients write to and one that receives. */
export type Stage = {
  sender: Site
  receiver: Site
  /** Drafts of new patients by the sender's physician. */
  drafts: ReturnType<typeof createDrafts>
  stop(): Promise<void>
}

export type Site = {
  region: string
  sync: string
  database: string
  victim: Victim
  /** Signed in; the session is renewed before it ends. */
  api(): Promise<RegionApi>
}

const sessionMs = 10 * 60_000
/** How long a region that was started again may answer with errors that say "later". */
const patienceMs = 15_000

/** @param options `data` is a folder that stays; if left out, a new one that goes with the stage */
export async function setStage(
  options: { basePort?: number; data?: string; signal?: AbortSignal } = {},
): Promise<Stage> {
  const regions = ['frankfurt', 'london']
  const cluster = await startCluster({ samples: false, regions, ...options })
  const [sender, receiver] = regions.map((region) => siteOf(cluster, region)) as [Site, Site]
  const { id, role, organisation } = (await sender.api()).user
  return {
    sender,
    receiver,
    drafts: createDrafts('frankfurt-general', { user: id, role, organisation }),
    async stop() {
      await cluster.stop()
    },
  }
}

function siteOf(cluster: RunningCluster, region: string): Site {
  const { http, sync, database } = cluster.ready.regions[region]!
  let session: { api: Promise<RegionApi>; until: number } | undefined
  return {
    region,
    sync,
    database,
    victim: createVictim(cluster, region),
    api() {
      if (!session || Date.now() > session.until)
        session = { api: signIn(http, `physician.${region}`), until: Date.now() + sessionMs }
      return session.api
    },
  }
}

/** What a site has of acknowledged entries: by SQL, by `GET /v1/entries`, and in the document over the stock endpoint. */
export async function auditSite(
  site: Site,
  document: string,
  acknowledged: readonly Acknowledged[],
): Promise<Findings> {
  const findings = await auditRows(site.database, acknowledged)
  const api = await site.api()
  for (const { id, origin, seq } of acknowledged) {
    const { status, body } = await patiently(() => api.get(`/v1/entries/${id}`))
    const commits = (status === 200 ? body['committed'] : []) as { origin: string; seq: number }[]
    if (!commits.some((one) => one.origin === origin && one.seq === seq)) findings.lost.push(id)
    if (commits.length > 1) findings.doubled.push(id)
  }
  const doc = await documentAt(site, document)
  const keys = [...doc.getMap(entriesMap).keys()]
  for (const { id } of acknowledged) {
    const items = keys.filter((key) => key.startsWith(`${id}@`)).length
    if (items === 0) findings.lost.push(id)
    if (items > 1) findings.doubled.push(id)
  }
  return unique(findings)
}

/** Of these words, those that a note does not hold exactly once. */
export async function auditNote(site: Site, note: string, words: readonly string[]): Promise<Findings> {
  const doc = await documentAt(site, note)
  const text = doc.getText('text').toString()
  const findings = noFindings()
  for (const word of words) {
    const times = text.split(word).length - 1
    if (times === 0) findings.lost.push(word)
    if (times > 1) findings.doubled.push(word)
  }
  return findings
}

/** Empty if the region says that there is no such document. */
async function documentAt(site: Site, document: string): Promise<Y.Doc> {
  const { token } = await site.api()
  return eventually(() =>
    readDocument(site.sync, document, token).catch((error: Error) => {
      if (error.message.includes('404')) return new Y.Doc()
      throw error
    }),
  )
}

export function unique({ lost, doubled, other }: Findings): Findings {
  return { lost: [...new Set(lost)], doubled: [...new Set(doubled)], other: [...new Set(other)] }
}

/** Asks again while the connection fails or the answer is "later". */
function patiently<T extends { status: number }>(ask: () => Promise<T>): Promise<T> {
  return eventually(async () => {
    const answer = await ask()
    if (answer.status >= 500) throw new Error(`the region answers with ${answer.status}`)
    return answer
  })
}

/** Tries again for a while. */
export async function eventually<T>(act: () => Promise<T>): Promise<T> {
  const until = Date.now() + patienceMs
  for (;;) {
    try {
      return await act()
    } catch (error) {
      if (Date.now() > until) throw error
      await sleep(50)
    }
  }
}
