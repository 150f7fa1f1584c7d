import { chaos, type Plan, plannedFor } from './chaos.ts'
import { checkAtEnd, checkNow, differences } from './checks.ts'
import { patientSample, sampleSize, statementSample } from './proposals.ts'
import { createRandom } from './random.ts'
import { createSchedule } from './schedule.ts'
import { createWorld, names, type World } from './world.ts'

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
