import { randomUUID } from 'node:crypto'
import type { Draft } from '../../sync-server/store/ports.ts'
import { type Acknowledged, auditChain, auditRows, type Findings, noFindings } from './audit.ts'
import { connectMeridian, type Heard, type MeridianClient } from './meridian-client.ts'
import { auditNote, auditSite, eventually, type Site, type Stage, unique } from './stage.ts'
import { type NoteWriter, openNote } from './stock-client.ts'
import type { Part } from './victim.ts'

/**
 * Series of kills. In each round five entries, and five edits of a note, are acknowledged to a client; in the turn of the
 * event loop in which the last acknowledgement arrives, processes are killed. They are started again, and everything that was
 * acknowledged must be there, once.
 *
 * - `server`: the server that acknowledged.
 * - `postgres`: the postmaster of its database and all its backends, as in a crash of the machine.
 * - `receiver-server`, `receiver`: in the other region, when the sender has shown to its client that this region has flushed
 *   the entries, its server; or its server and its database. What is there is read before anything could come again.
 */
export type Series = 'server' | 'postgres' | 'receiver-server' | 'receiver'

export const allSeries: readonly Series[] = ['server', 'postgres', 'receiver-server', 'receiver']

export type Outcome = Findings & {
  series: Series
  rounds: number
  entries: number
  edits: number
  /** Entries that were on their way at the kill: how many of them were in the log afterwards. */
  onTheWay: { sent: number; stored: number }
  /** Of each round, in seconds. */
  seconds: number[]
}

const perRound = 5
const onTheWayPerRound = 3
const acknowledgedWithinMs = 30_000

export async function runSeries(
  stage: Stage,
  series: Series,
  rounds: number,
  progress: (line: string) => void,
): Promise<Outcome> {
  const outcome: Outcome = {
    ...noFindings(),
    series,
    rounds: 0,
    entries: 0,
    edits: 0,
    onTheWay: { sent: 0, stored: 0 },
    seconds: [],
  }
  const acknowledged: Acknowledged[] = []
  const round =
    series === 'server' || series === 'postgres'
      ? (i: number) => killSender(stage, series, i % 2 === 1, outcome)
      : () => killReceiver(stage, series === 'receiver' ? ['server', 'postgres'] : ['server'], outcome)
  for (let i = 0; i < rounds; i++) {
    const began = performance.now()
    acknowledged.push(...(await round(i)))
    outcome.rounds += 1
    outcome.seconds.push((performance.now() - began) / 1000)
    if ((i + 1) % 10 === 0 || i + 1 === rounds)
      progress(`${series}: ${i + 1} rounds, ${outcome.lost.length} lost, ${outcome.doubled.length} doubled`)
  }
  await auditAll(stage, series, acknowledged, outcome)
  return { ...outcome, ...unique(outcome) }
}

async function killSender(
  { sender, drafts }: Stage,
  part: 'server' | 'postgres',
  noteLast: boolean,
  outcome: Outcome,
): Promise<Acknowledged[]> {
  const { victim, sync } = sender
  const { token } = await sender.api()
  const client = await eventually(() => connectMeridian(sync, token))
  const noteName = `note/${randomUUID()}`
  const note = await eventually(() => openNote(sync, noteName, token))
  const patient = drafts.newPatient()
  const entries = [patient.patient, ...Array.from({ length: perRound - 1 }, () => patient.allergy())]
  const onTheWay = Array.from({ length: onTheWayPerRound }, () => patient.allergy())
  const words = Array.from({ length: perRound }, () => `${randomUUID()} `)
  await victim.find()

  if (noteLast) await acknowledgedEntries(client, entries)
  else await echoedEdits(note, words)
  // The kill is in the turn in which the last acknowledgement arrives.
  const kill = () => victim.kill([part])
  if (noteLast) {
    client.submit(onTheWay)
    await echoedEdits(note, words, kill)
  } else await acknowledgedEntries(client, entries, kill, onTheWay)
  client.close()
  note.close()
  const acks = [...client.heard.acks.values()].map(({ id, origin, seq }) => ({ id, origin, seq }))

  await victim.dead([part])
  await victim.start(part)
  add(outcome, await auditSite(sender, patient.document, acks))
  add(outcome, await auditNote(sender, noteName, words))
  await proposeAgain(sender, patient.document, onTheWay, outcome)
  outcome.entries += acks.length
  outcome.edits += words.length
  return acks
}

/** What was on its way may be in the log or not. Proposed again it is in it, once. */
async function proposeAgain(
  site: Site,
  document: string,
  drafts: readonly Draft[],
  outcome: Outcome,
): Promise<void> {
  const { token, get } = await site.api()
  for (const { id } of drafts)
    if ((await eventually(() => get(`/v1/entries/${id}`))).status === 200) outcome.onTheWay.stored += 1
  outcome.onTheWay.sent += drafts.length
  const client = await connectMeridian(site.sync, token)
  await acknowledgedEntries(client, drafts)
  client.close()
  const acks = drafts.map(({ id }) => client.heard.acks.get(id)!)
  add(outcome, await auditSite(site, document, acks))
}

async function killReceiver(
  { sender, receiver, drafts }: Stage,
  parts: Part[],
  outcome: Outcome,
): Promise<Acknowledged[]> {
  const { victim } = receiver
  const { token } = await sender.api()
  const client = await eventually(() => connectMeridian(sender.sync, token))
  const patient = drafts.newPatient()
  const entries = [patient.patient, ...Array.from({ length: perRound - 1 }, () => patient.allergy())]
  await victim.find()
  const shown = (heard: Heard) => {
    const seen = heard.replicated[receiver.region] ?? {}
    return entries.every(({ id }) => {
      const ack = heard.acks.get(id)
      return ack !== undefined && (seen[ack.origin] ?? 0) >= ack.seq
    })
  }
  await inTime(`${receiver.region} to have flushed what was acknowledged`, client, (done) => {
    client.when(shown, () => {
      victim.kill(parts)
      done()
    })
    client.submit(entries)
  })
  client.close()
  const acks = entries.map(({ id }) => client.heard.acks.get(id)!)

  await victim.dead(parts)
  if (parts.includes('postgres')) await victim.start('postgres')
  // Nothing can have come again: there is no server yet that would have asked for it.
  add(outcome, await auditRows(receiver.database, acks))
  await victim.start('server')
  add(outcome, await auditSite(receiver, patient.document, acks))
  outcome.entries += acks.length
  return acks
}

/** Everything that the series acknowledged, once more, and the chains in which it stands. */
async function auditAll(
  { sender, receiver }: Stage,
  series: Series,
  acknowledged: readonly Acknowledged[],
  outcome: Outcome,
): Promise<void> {
  const site = series.startsWith('receiver') ? receiver : sender
  add(outcome, await auditRows(site.database, acknowledged))
  const origins = new Set(acknowledged.map(({ origin }) => origin))
  if (origins.size > 1) outcome.other.push(`incarnations began: ${[...origins].join(', ')}`)
  for (const origin of origins) add(outcome, await auditChain(site.database, origin))
}

function acknowledgedEntries(
  client: MeridianClient,
  drafts: readonly Draft[],
  then = () => {},
  behind: readonly Draft[] = [],
): Promise<void> {
  const answered = ({ acks }: Heard) => drafts.every(({ id }) => acks.has(id))
  return inTime('acks', client, (done) => {
    client.when(answered, () => {
      then()
      done()
    })
    client.submit(drafts)
    if (behind.length > 0) client.submit(behind)
  })
}

async function echoedEdits(note: NoteWriter, words: readonly string[], then = () => {}): Promise<void> {
  await inTime('the echo of a note', undefined, (done) => {
    note.whenEchoed(words, () => {
      then()
      done()
    })
    for (const word of words) note.write(word)
  })
}

function inTime(
  what: string,
  client: MeridianClient | undefined,
  act: (done: () => void) => void,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      const refusals = [...(client?.heard.refusals.values() ?? [])].map((one) => `${one.code}: ${one.detail}`)
      reject(new Error(`waited in vain for ${what}; ${refusals.join('; ')}`))
    }, acknowledgedWithinMs)
    act(() => {
      clearTimeout(timer)
      resolve()
    })
  })
}

function add(outcome: Outcome, { lost, doubled, other }: Findings): void {
  outcome.lost.push(...lost)
  outcome.doubled.push(...doubled)
  outcome.other.push(...other)
}
