import { noTroubles, type Troubles } from './database.ts'
import type { LinkState } from './network.ts'
import type { Random } from './random.ts'
import type { Copy, SimulatedRegion } from './simulated-region.ts'
import type { World } from './world.ts'

/**
 * What goes wrong in a history. Each history has some kinds of trouble and not others, so that none hides what
 * another would bring out. Disks of one region only are replaced by earlier ones: two at once may lose what both held.
 */
export type Plan = {
  durationMs: number
  /** Troubles come this much more often than in a long history. */
  pace: number
  links: boolean
  serverKills: boolean
  killsInStatements: number
  pauses: boolean
  standbys: boolean
  databaseKills: boolean
  stalls: boolean
  statementTroubles: number
  fullDisks: boolean
  deviceCuts: boolean
  /** The region whose disk is replaced, and how. */
  restores: { region: string; witness: 'kept' | 'rolled back' } | undefined
}

/** @param isBrief a third of the time, with as many troubles */
export function plannedFor(random: Random, regions: readonly string[], isBrief: boolean): Plan {
  const pace = isBrief ? 3 : 1
  return {
    durationMs: random.between(8_000, 30_000) / pace,
    pace,
    links: random.chance(0.6),
    serverKills: random.chance(0.5),
    killsInStatements: random.chance(0.4) ? random.between(0.0005, 0.01) : 0,
    pauses: random.chance(0.3),
    standbys: random.chance(0.3),
    databaseKills: random.chance(0.3),
    stalls: random.chance(0.25),
    statementTroubles: random.chance(0.5) ? random.between(0.002, 0.05) : 0,
    fullDisks: random.chance(0.15),
    deviceCuts: random.chance(0.5),
    restores: random.chance(0.35)
      ? { region: random.pick(regions), witness: random.chance(0.6) ? 'kept' : 'rolled back' }
      : undefined,
  }
}

export function chaos(world: World, plan: Plan): void {
  const { schedule, random, regions, network, devices, readers } = world
  const names = regions.map((region) => region.name)

  /** Again and again until the end of all troubles, about every so many ms. */
  function often(meanMs: number, act: () => void): void {
    const next = (random.between(0.1, 1.9) * meanMs) / plan.pace
    if (schedule.now() + next > plan.durationMs) return
    schedule.after(next, () => {
      act()
      often(meanMs, act)
    })
  }
  const during = (ms: number, act: () => void) => {
    if (schedule.now() + ms < plan.durationMs) schedule.after(ms, act)
  }

  for (const region of regions)
    region.database.troubles = {
      ...troublesOf(plan.statementTroubles, random),
      killed: plan.killsInStatements,
    }

  if (plan.links)
    often(1500, () => {
      const [from, to] = [random.pick(names), random.pick(names)]
      if (from === to) return
      const state = someState(random)
      schedule.trace(`link ${from}>${to} is ${state.way}`)
      network.set(from, to, state)
      if (random.chance(0.5)) network.set(to, from, state)
    })
  if (plan.serverKills) often(4000, () => random.pick(regions).killServers())
  if (plan.standbys) often(3000, () => startStandby(random.pick(regions)))
  if (plan.pauses)
    often(4000, () => {
      const server = random.pick(random.pick(regions).servers())
      if (!server) return
      schedule.trace(`${server.process.name} is stopped`)
      server.process.stop()
      schedule.after(random.between(100, 15_000), () => {
        schedule.trace(`${server.process.name} goes on`)
        server.process.resume()
      })
    })
  if (plan.databaseKills)
    often(5000, () => {
      const { database } = random.pick(regions)
      database.kill()
      schedule.after(random.between(50, 4000), () => database.start())
    })
  if (plan.stalls) often(6000, () => random.pick(regions).database.stall(random.between(200, 18_000)))
  if (plan.fullDisks)
    often(5000, () => {
      const { database } = random.pick(regions)
      database.troubles = { ...database.troubles, diskFull: true }
      during(random.between(200, 5000), () => {
        database.troubles = { ...database.troubles, diskFull: false }
      })
    })
  if (plan.deviceCuts)
    often(700, () => (random.chance(0.5) ? random.pick(devices) : random.pick(readers)).cutOff())
  if (plan.restores) restores(world, plan.restores, often)
}

function restores(
  { schedule, random, regions, ledger }: World,
  { region: name, witness }: NonNullable<Plan['restores']>,
  often: (meanMs: number, act: () => void) => void,
): void {
  const region = regions.find((one) => one.name === name)!
  const copies: Copy[] = [region.copy()]
  often(1500, () => copies.push(region.copy()))
  often(6000, () => {
    const isWitnessKept = witness === 'kept'
    region.killServers()
    region.database.kill()
    if (!isWitnessKept) ledger.forkable(name)
    schedule.trace(`${name} has an earlier disk, its witness ${witness}`)
    const at = random.below(copies.length)
    region.restore(copies[at]!, isWitnessKept)
    // Later copies are of a history that is gone; going back to one of those is a fork that no witness can tell.
    if (isWitnessKept) copies.splice(at + 1)
    schedule.after(random.between(50, 2000), () => region.database.start())
  })
}

function startStandby(region: SimulatedRegion): void {
  if (region.servers().length < 2) region.start()
}

function troublesOf(rate: number, random: Random): Troubles {
  if (rate === 0) return { ...noTroubles }
  const share = () => random.next() * rate
  return { ...noTroubles, lostBefore: share(), lostAfter: share(), refused: share(), slow: share() / 4 }
}

function someState(random: Random): LinkState {
  const mostMs = random.chance(0.7) ? 40 : random.between(40, 1500)
  return { way: random.pick(['open', 'open', 'cut', 'blackhole'] as const), mostMs }
}
