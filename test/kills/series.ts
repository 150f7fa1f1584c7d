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
  /** How often the region said "later" to a proposal that was acknowledged in the end. */
  later: number
  /** Entries that were on their way at the kill: how many of them were in the log afterwards. */
  onTheWay: { sent: number; stored: number }
  /** Of each round, in seconds. */
  seconds: number[]
}

const perRound = 5
const mostInStream = 30
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
    later: 0,
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
    try {
      acknowledged.push(...(await round(i)))
    } catch (error) {
      outcome.other.push(`given up in round ${i + 1}: ${(error as Error).message}`)
      break
    }
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
  const words = Array.from({ length: perRound }, () => `${randomUUID()} `)
  const stream = await startStream(sender, drafts.newPatient())
  await victim.find()

  const kill = () => {
    victim.kill([part])
    stream.stop()
  }
  if (noteLast) {
    await acknowledgedEntries(client, entries)
    stream.start()
    await echoedEdits(note, words, kill)
  } else {
    await echoedEdits(note, words)
    stream.start()
    await acknowledgedEntries(client, entries, kill)
  }
  client.close()
  note.close()

  await victim.dead([part])
  await victim.start(part)
  const acks = acknowledgedBy(client, entries)
  add(outcome, await auditSite(sender, patient.document, acks))
  add(outcome, await auditNote(sender, noteName, words))
  outcome.entries += acks.length
  outcome.edits += words.length
  outcome.later += client.heard.later
  return [...acks, ...(await settleStream(sender, stream, outcome))]
}

type Stream = {
  document: string
  client: MeridianClient
  proposed: Draft[]
  start(): void
  stop(): void
}

/** Somebody else, who proposes one entry after the other: the kill finds some of them on their way. */
async function startStream(site: Site, patient: ReturnType<Stage['drafts']['newPatient']>): Promise<Stream> {
  const { token } = await site.api()
  const client = await eventually(() => connectMeridian(site.sync, token))
  const proposed = [patient.patient]
  await acknowledgedEntries(client, proposed)
  let timer: NodeJS.Timeout | undefined
  const propose = () => {
    if (proposed.length > mostInStream) return
    const next = patient.allergy()
    proposed.push(next)
    client.submit([next])
  }
  return {
    document: patient.document,
    client,
    proposed,
    start() {
      timer = setInterval(propose, 1)
    },
    stop: () => clearInterval(timer),
  }
}

/** What was on its way may be in the log or not. Proposed again it is in it, once. */
async function settleStream(site: Site, stream: Stream, outcome: Outcome): Promise<Acknowledged[]> {
  const { token, get } = await site.api()
  // A server that outlived its database may still answer: what it acknowledges until now counts.
  stream.client.close()
  const before = acknowledgedBy(stream.client, stream.proposed)
  add(outcome, await auditSite(site, stream.document, before))
  const open = stream.proposed.filter(({ id }) => !stream.client.heard.acks.has(id))
  for (const { id } of open)
    if ((await eventually(() => get(`/v1/entries/${id}`))).status === 200) outcome.onTheWay.stored += 1
  outcome.onTheWay.sent += open.length
  const client = await connectMeridian(site.sync, token)
  await acknowledgedEntries(client, open)
  client.close()
  const acks = acknowledgedBy(client, open)
  add(outcome, await auditSite(site, stream.document, acks))
  outcome.entries += before.length
  outcome.later += stream.client.heard.later + client.heard.later
  return [...before, ...acks]
}

function acknowledgedBy({ heard }: MeridianClient, drafts: readonly Draft[]): Acknowledged[] {
  return drafts.flatMap(({ id }) => heard.acks.get(id) ?? [])
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
  const acks = acknowledgedBy(client, entries)

  await victim.dead(parts)
  if (parts.includes('postgres')) await victim.start('postgres')
  // Nothing can have come again: there is no server yet that would have asked for it.
  add(outcome, await auditRows(receiver.database, acks))
  await victim.start('server')
  add(outcome, await auditSite(receiver, patient.document, acks))
  outcome.entries += acks.length
  outcome.later += client.heard.later
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
): Promise<void> {
  const answered = ({ acks }: Heard) => drafts.every(({ id }) => acks.has(id))
  return inTime('acks', client, (done) => {
    client.when(answered, () => {
      then()
      done()
    })
    client.submit(drafts)
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
