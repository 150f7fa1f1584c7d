import { setTimeout as sleep } from 'node:timers/promises'
import type { FrameVector } from '../../domain/wire/wire.ts'
import type { Draft } from '../../sync-server/store/ports.ts'
import { createDrafts } from '../../sync-server/store/sample-drafts.ts'
import { connectMeridian, type MeridianClient } from '../kills/meridian-client.ts'
import { type RegionApi, signIn } from '../support/region-api.ts'
import type { Ledger } from './ledger.ts'
import type { Random } from './random.ts'

/**
 * A clinician of one region who writes all the time, by `meridian.v1` or by `POST /v1/entries`: new patients, statements about
 * patients that were acknowledged, now and then what must be refused. As a device does, it proposes again what nobody
 * answered, and what is not known to be in a second region: a disk that is put back has lost what only it had.
 */
export type WriterSite = { region: string; http: string; sync: string }

export type WriterDeps = {
  site: WriterSite
  sites: readonly WriterSite[]
  ledger: Ledger
  random: Random
  ended(): boolean
  /** What a region said that others have flushed, when it said so. */
  replicated(teller: string, regions: { [region: string]: FrameVector }): void
}

type Patient = ReturnType<ReturnType<typeof createDrafts>['newPatient']>

const answerMs = 6000
const mostAgain = 300
const bringHomeMs = 60_000
const sessionMs = 8 * 60_000

export async function write(deps: WriterDeps): Promise<void> {
  const { site, sites, ledger, random, ended } = deps
  const sessions = new Map<string, { api: RegionApi; at: number }>()
  const clients = new Map<string, MeridianClient>()
  let make: ReturnType<typeof createDrafts> | undefined
  const patients: Patient[] = []
  let unanswered: Draft[] = []
  /** What was acknowledged and is not known to be in two regions. */
  const kept = new Map<string, Draft>()

  async function session(at: WriterSite): Promise<RegionApi> {
    const known = sessions.get(at.region)
    if (known && performance.now() - known.at < sessionMs) return known.api
    // Everywhere the same person: what is proposed again elsewhere has to have its author's token.
    const api = await signIn(at.http, `physician.${site.region}`)
    sessions.set(at.region, { api, at: performance.now() })
    return api
  }

  async function clientOf(at: WriterSite): Promise<MeridianClient> {
    const known = clients.get(at.region)
    if (known?.isOpen()) return known
    const client = await connectMeridian(at.sync, (await session(at)).token, (regions) =>
      deps.replicated(at.region, regions),
    )
    clients.set(at.region, client)
    return client
  }

  function nextDrafts(): Draft[] {
    if (patients.length === 0 || random.oneIn(6)) {
      const patient = make!.newPatient()
      patients.push(patient)
      return [patient.patient, patient.allergy()]
    }
    const patient = random.pick(patients)
    const count = 1 + random.below(4)
    return Array.from({ length: count }, () => (random.oneIn(2) ? patient.allergy() : patient.vitals('2026')))
  }

  async function propose(drafts: readonly Draft[], at: WriterSite): Promise<void> {
    if (random.oneIn(3)) await proposeByHttp(drafts, at)
    else await proposeByFrames(drafts, at)
  }

  async function proposeByHttp(drafts: readonly Draft[], at: WriterSite): Promise<void> {
    const { body, status } = await (await session(at)).post('/v1/entries', {
      entries: drafts.map(({ entry }) => entry),
    })
    if (status !== 200) throw new Error(`answered with ${status}`)
    const { committed, refused } = body as {
      committed: { id: string; origin: string; seq: number }[]
      refused: { id: string; retry: boolean }[]
    }
    for (const { id, ...commit } of committed) ledger.acknowledged(id, commit)
    for (const { id, retry } of refused) if (!retry) ledger.refused(id)
  }

  async function proposeByFrames(drafts: readonly Draft[], at: WriterSite): Promise<void> {
    const client = await clientOf(at)
    client.submit([...drafts, ...keptAgain(client)])
    const until = performance.now() + answerMs
    const isOpen = ({ id }: Draft) =>
      !client.heard.acks.has(id) && client.heard.refusals.get(id)?.retry !== false
    while (drafts.some(isOpen) && client.isOpen() && performance.now() < until) await sleep(5)
    for (const { id } of drafts) {
      const ack = client.heard.acks.get(id)
      if (ack) ledger.acknowledged(id, ack)
      else if (client.heard.refusals.get(id)?.retry === false) ledger.refused(id)
    }
  }

  /** What this connection has not acknowledged itself. */
  function keptAgain(client: MeridianClient): Draft[] {
    return [...kept.values()].filter(({ id }) => !client.heard.acks.has(id)).slice(0, mostAgain)
  }

  /** Only what is said on the connection that acknowledged it counts. */
  function forgetWhatIsElsewhere(): void {
    for (const client of clients.values()) {
      if (!client.isOpen()) continue
      const others = Object.values(client.heard.replicated)
      for (const id of [...kept.keys()]) {
        const ack = client.heard.acks.get(id)
        if (ack && others.some((vector) => (vector[ack.origin] ?? 0) >= ack.seq)) kept.delete(id)
      }
    }
  }

  /** Until all of it is in two regions. */
  async function bringHome(): Promise<void> {
    const until = performance.now() + bringHomeMs
    while (kept.size > 0 && performance.now() < until) {
      try {
        const client = await clientOf(site)
        client.submit(keptAgain(client))
        await sleep(300)
      } catch {
        await sleep(300)
      }
      forgetWhatIsElsewhere()
    }
  }

  /** What must be refused: another author, a subject that another statement is about. */
  function forbidden(): Draft {
    const other = createDrafts('frankfurt-general', {
      user: 'somebody.else',
      role: 'physician',
      organisation: 'x',
    })
    return other.newPatient().patient
  }

  while (!ended()) {
    const at = random.oneIn(8) ? random.pick(sites) : site
    try {
      make ??= createDrafts(`${site.region}-general`, authorOf(await session(site)))
      const fresh = random.oneIn(25) ? [forbidden()] : nextDrafts()
      const drafts = [...unanswered, ...fresh].slice(0, 200)
      for (const draft of fresh) ledger.proposed(draft)
      unanswered = drafts
      await propose(drafts, at)
    } catch {
      // The region is away, or says later: it is tried again, with what is open.
      clients.get(at.region)?.close()
      clients.delete(at.region)
      sessions.delete(at.region)
      await sleep(100)
    }
    const known = ledger.acknowledgements()
    const gone = ledger.refusals()
    for (const draft of unanswered) if (known.has(draft.id)) kept.set(draft.id, draft)
    forgetWhatIsElsewhere()
    unanswered = unanswered.filter(({ id }) => !known.has(id) && !gone.has(id))
    await sleep(random.below(40))
  }
  await bringHome()
  for (const client of clients.values()) client.close()
}

function authorOf({ user }: RegionApi) {
  return { user: user.id, role: user.role, organisation: user.organisation }
}
