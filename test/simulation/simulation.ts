import * as Y from 'yjs'
import { decodeFrame } from '../../domain/wire/wire.ts'
import { decodeMessage } from '../../sync-server/gateway/messages.ts'
import { chaos, type Plan, plannedFor } from './chaos.ts'
import { checkAtEnd, checkNow, differences } from './checks.ts'
import type { Gate } from './client-wire.ts'
import { createDevice, type Device } from './device.ts'
import { createLedger, type Ledger } from './ledger.ts'
import { createNetwork } from './network.ts'
import { allDocuments, documentsOfPatient, patientSample, sampleSize, statementSample } from './proposals.ts'
import { createRandom, type Random } from './random.ts'
import { createReader, type Reader } from './reader.ts'
import { createSchedule, type Schedule } from './schedule.ts'
import { createSimulatedRegion, type SimulatedRegion } from './simulated-region.ts'

/**
 * One history, made from a seed: three regions with the real code of writer, intake, replication and gateway, devices that
 * write and read, and everything that may go wrong. Then all is healed, and what was promised is held against what is there.
 */
export type Outcome = {
  seed: number
  /** What was found to be wrong; empty if all promises were kept. */
  violations: string[]
  /** Tells histories apart: the same seed always gives the same. */
  hash: string
  acknowledged: number
  events: number
  /** Virtual ms from the end of all troubles until everything was equal and quiet. */
  healedIn: number
}

export type World = {
  schedule: Schedule
  random: Random
  regions: readonly SimulatedRegion[]
  network: ReturnType<typeof createNetwork>
  devices: readonly Device[]
  readers: readonly Reader[]
  notes: NoteAck[]
  ledger: Ledger
}

/** A note update that a region said was stored. */
export type NoteAck = { region: string; origin: string; seq: number; at: number }

const names = ['frankfurt', 'london', 'nairobi'] as const
/** After all troubles, everything is to be well within so many virtual ms. */
const patienceMs = 120_000
const lookMs = 250

/** @param tell hears every line of the history */
export async function simulate(
  seed: number,
  { isBrief = false, tell }: { isBrief?: boolean; tell?: ((line: string) => void) | undefined } = {},
): Promise<Outcome> {
  const random = createRandom(seed)
  const schedule = createSchedule(tell)
  const world = createWorld(schedule, random)
  const plan = plannedFor(random, names, isBrief)
  schedule.trace(`seed ${seed}: ${JSON.stringify(plan)}`)
  chaos(world, plan)
  write(world, plan)
  let healedIn = patienceMs
  for (let at = lookMs; at < plan.durationMs; at += lookMs) {
    await schedule.runUntil(at)
    checkNow(world)
  }
  await schedule.runUntil(plan.durationMs)
  heal(world)
  for (let waited = 0; waited < patienceMs; waited += lookMs) {
    await schedule.runUntil(schedule.now() + lookMs)
    checkNow(world)
    if (differences(world, plan).length === 0) {
      healedIn = waited
      break
    }
  }
  checkAtEnd(world, plan)
  const acknowledged = world.devices
    .flatMap((device) => [...device.proposals.values()])
    .filter((proposed) => proposed.acknowledged).length
  const { violations } = world.ledger
  return { seed, violations, hash: schedule.hash(), acknowledged, events: schedule.events(), healedIn }
}

function createWorld(schedule: Schedule, random: Random): World {
  const regions: SimulatedRegion[] = []
  const databases = new Map<string, SimulatedRegion['database']>()
  const ledger = createLedger(databases, schedule)
  const network = createNetwork({
    schedule,
    random,
    sent: (from, _, message) => {
      if (message.type !== 'vector')
        schedule.trace(
          `${from} ${message.type} ${message.strand} ${'rows' in message ? message.rows.length : ''}`,
        )
      ledger.said(from, message)
    },
  })
  for (const name of names) {
    const region = createSimulatedRegion({ name, regions: names, network, schedule, random })
    databases.set(name, region.database)
    regions.push(region)
  }

  const gateOf = (name: string, document?: string): Gate | undefined => {
    const open = regions.find((region) => region.name === name)?.open()
    return (
      open && {
        process: open.server.process,
        serve: (socket) => open.serve(document, socket),
        said: (bytes) =>
          document === undefined ? saidFrame(ledger, name, bytes) : saidItems(ledger, name, bytes),
      }
    )
  }
  const devices = Array.from({ length: 4 }, (_, i) =>
    createDevice({
      name: `device ${i}`,
      home: names[i % names.length]!,
      regions: names,
      gateOf,
      documents: allDocuments,
      schedule,
      random,
    }),
  )
  const readers = Array.from({ length: 4 }, (_, i) => {
    const document = random.pick(documentsOfPatient(i % sampleSize.patients))
    return createReader({
      document,
      home: random.pick(names),
      regions: names,
      gateOf: (name) => gateOf(name, document),
      schedule,
      random,
    })
  })
  return { schedule, random, regions, network, devices, readers, notes: [], ledger }
}

function saidFrame(ledger: Ledger, region: string, bytes: Uint8Array): void {
  const frame = decodeFrame(bytes)
  if (frame?.type === 'ack')
    for (const { id, origin, seq } of frame.acks) ledger.acknowledged(region, id, origin, seq)
  else if (frame?.type === 'replicated')
    for (const [other, vector] of Object.entries(frame.regions)) ledger.vouched(region, other, vector)
  else if (frame?.type === 'part') shown(ledger, region, frame.update)
}

function saidItems(ledger: Ledger, region: string, bytes: Uint8Array): void {
  const message = decodeMessage(bytes)
  if (message?.type === 'step2' || message?.type === 'update') shown(ledger, region, message.update)
}

function shown(ledger: Ledger, region: string, update: Uint8Array): void {
  for (const struct of Y.decodeUpdate(update).structs)
    if (struct instanceof Y.Item && struct.parentSub && struct.content instanceof Y.ContentAny) {
      const [value] = struct.content.arr as { commit: { origin: string; seq: number } }[]
      ledger.shown(region, struct.parentSub.split('@')[0]!, value!.commit.origin, value!.commit.seq)
    }
}

/** Patients first, then statements about them, from all devices, and a few keystrokes. */
function write({ schedule, random, devices, regions, notes }: World, { durationMs, pace }: Plan): void {
  for (let patient = 0; patient < sampleSize.patients; patient++)
    schedule.after(random.between(50, 400), () => random.pick(devices).propose(patientSample(patient)))
  const many = Math.ceil((20 + random.below(40)) / pace)
  const next = new Map<number, number>()
  for (let i = 0; i < many; i++) {
    const patient = random.below(sampleSize.patients)
    const n = (next.get(patient) ?? 0) + 1
    next.set(patient, n)
    const at = random.between(500, durationMs)
    schedule.after(at, () => {
      const device = random.pick(devices)
      device.propose(statementSample(patient, n))
    })
  }
  for (let i = random.below(8); i > 0; i--)
    schedule.after(random.between(500, durationMs), () => {
      const region = random.pick(regions)
      const none = { subject: '', entryId: '', homeGroup: '', lamport: 0, author: 'somebody' }
      const row = { ...none, document: `note/${random.below(2)}`, plain: new Uint8Array([i]) }
      void region
        .open()
        ?.logs.notes.writer.append([row])
        .then(([outcome]) => {
          if (outcome?.outcome !== 'committed') return
          const { origin, seq } = outcome.commit
          notes.push({ region: region.name, origin, seq, at: schedule.now() })
        })
    })
}

function heal({ schedule, random, regions, network, devices, readers }: World): void {
  schedule.trace('all troubles are over')
  network.heal()
  for (const region of regions) {
    region.database.calm()
    region.keepRunning = true
    for (const { process } of region.servers()) process.resume()
    if (region.servers().length === 0) region.start()
  }
  for (const device of devices) device.settleDown()
  for (const reader of readers) reader.settleDown(random.pick(names))
}
