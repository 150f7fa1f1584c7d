import { expect, test } from 'vitest'
import { createHistories } from './histories.ts'
import { createSimulation, type SimulatedRegion } from './simulated-regions.ts'

const names = ['frankfurt', 'london', 'nairobi', 'paris']

/** The same numbers for the same seed (mulberry32). */
function randomOf(seed: number): () => number {
  let a = seed
  return () => {
    a = (a + 0x6d2b79f5) | 0
    let t = Math.imul(a ^ (a >>> 15), 1 | a)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
}

/** Every region holds the same rows, has every one of these entries, can open all, and has nothing to say to an operator. */
async function expectHealed(
  regions: readonly SimulatedRegion[],
  acknowledged: Iterable<string>,
  what: string,
): Promise<void> {
  const wanted = [...new Set(acknowledged)]
  const [first] = regions
  for (const region of regions) {
    const where = `${what}, ${region.name}`
    expect(region.strands(), where).toEqual(first!.strands())
    const all = new Set([...(await region.entries()), ...(await region.entries('notes'))])
    expect(
      wanted.filter((id) => !all.has(id)),
      where,
    ).toEqual([])
    expect(region.alarms(), where).toEqual([])
    const flushed = Object.entries(region.strands()).map(([s, head]) => [s, Number(head.split(' ')[0])])
    expect(region.servable(), where).toEqual(Object.fromEntries(flushed))
  }
}

/** Writes entries and says which were acknowledged. */
function writing() {
  const acknowledged = new Set<string>()
  let count = 0
  return {
    acknowledged,
    write(region: SimulatedRegion, document?: string) {
      const id = `e${count++}`
      void region.write(id, document).then((done) => done && acknowledged.add(id))
      return id
    },
    type(region: SimulatedRegion) {
      const text = `n${count++}`
      void region.type(text).then((done) => done && acknowledged.add(text))
    },
  }
}

test('RP20 a whole region that was restored, and has written before it met a peer: its old origin ends, and nothing acknowledged is lost', async () => {
  for (const [lost, again] of [
    [5, 3],
    [3, 5],
    [4, 4],
    [700, 900],
  ] as const) {
    const simulation = createSimulation(names, randomOf(lost))
    await simulation.start()
    const [frankfurt, london] = simulation.regions
    const { acknowledged, write, type } = writing()
    write(frankfurt!)
    type(frankfurt!)
    await simulation.pass(2000)
    const backup = frankfurt!.backup()
    for (let i = 0; i < lost; i++) write(frankfurt!)
    type(frankfurt!)
    await simulation.pass(3000)
    await frankfurt!.kill()
    simulation.isolate('frankfurt')
    frankfurt!.restore(backup, 'everything')
    await frankfurt!.start()
    // Nobody can know: it goes on where the witness left it.
    expect(frankfurt!.origin()).toBe('frankfurt.1')
    for (let i = 0; i < again; i++) write(frankfurt!)
    type(frankfurt!)
    await simulation.pass(3000)
    expect(acknowledged.size).toBe(lost + again + 4)
    simulation.isolate('frankfurt', false)
    await simulation.pass(15_000)
    await expectHealed(simulation.regions, acknowledged, `${lost} and ${again}`)
    expect(frankfurt!.origin()).toBe('frankfurt.2')
    // The grant and the first entry are common to both; what came after stands under other names.
    expect(london!.strands()['frankfurt.1']).toMatch(/^2 /)
    expect(london!.strands()['frankfurt.1/notes']).toMatch(/^2 /)
    const aside = london!.rows('entries').aside.map(({ row }) => row.entryId)
    expect(aside).toHaveLength(lost)
  }
}, 60_000)

test('RP21 a difference is seen wherever two histories meet, is told, and the strands of others go on', async () => {
  const simulation = createSimulation(names, randomOf(4))
  await simulation.start()
  const [frankfurt, london, nairobi, paris] = simulation.regions
  const { acknowledged, write } = writing()
  write(frankfurt!)
  await simulation.pass(2000)
  const backup = frankfurt!.backup()
  // One history of Frankfurt is known to London alone, the other one to Nairobi and Paris.
  simulation.link('nairobi', 'frankfurt', false)
  simulation.link('paris', 'frankfurt', false)
  for (const other of ['nairobi', 'paris']) {
    simulation.link('london', other, false)
    simulation.link(other, 'london', false)
  }
  for (let i = 0; i < 4; i++) write(frankfurt!)
  await simulation.pass(4000)
  await frankfurt!.kill()
  simulation.isolate('frankfurt')
  simulation.link('nairobi', 'frankfurt', true)
  simulation.link('frankfurt', 'nairobi', true)
  frankfurt!.restore(backup, 'everything')
  await frankfurt!.start()
  for (let i = 0; i < 2; i++) write(frankfurt!)
  await simulation.pass(4000)
  expect(await london!.entries()).toHaveLength(5)
  expect(await paris!.entries()).toHaveLength(3)
  await frankfurt!.kill()
  const told: string[] = []
  for (const other of ['nairobi', 'paris']) {
    simulation.link('london', other, true)
    simulation.link(other, 'london', true)
  }
  for (let i = 0; i < 40; i++) {
    write(london!)
    await simulation.pass(250)
    for (const region of [london!, nairobi!, paris!]) told.push(...region.alarms())
  }
  expect(told.some((words) => words.includes('two histories of frankfurt.1'))).toBe(true)
  await simulation.pass(8000)
  await expectHealed([london!, nairobi!, paris!], acknowledged, 'the others')
  // The region itself comes last, and leaves its origin because its peers say that it has ended.
  simulation.isolate('frankfurt', false)
  await frankfurt!.start()
  await simulation.pass(12_000)
  expect(frankfurt!.origin()).toBe('frankfurt.2')
  await expectHealed(simulation.regions, acknowledged, 'all')
}, 60_000)

test('RP22 regions that come back late, join, or are restored to before an end was known come to the same', async () => {
  const simulation = createSimulation(names, randomOf(9))
  const [frankfurt, london, nairobi, paris] = simulation.regions
  const { acknowledged, write } = writing()
  for (const region of [frankfurt!, london!, nairobi!]) await region.start()
  write(frankfurt!)
  write(london!)
  await simulation.pass(3000)
  const backup = frankfurt!.backup()
  for (let i = 0; i < 6; i++) write(frankfurt!)
  await simulation.pass(3000)
  // Nairobi has the first history and is away; its copy of today will be restored later.
  const stale = nairobi!.backup()
  await nairobi!.kill()
  await frankfurt!.kill()
  simulation.isolate('frankfurt')
  frankfurt!.restore(backup, 'everything')
  await frankfurt!.start()
  for (let i = 0; i < 6; i++) write(frankfurt!)
  await simulation.pass(2000)
  simulation.isolate('frankfurt', false)
  await simulation.pass(12_000)
  await expectHealed([frankfurt!, london!], acknowledged, 'two')
  await nairobi!.start()
  await paris!.start()
  await simulation.pass(12_000)
  await expectHealed(simulation.regions, acknowledged, 'four')
  await nairobi!.kill()
  nairobi!.restore(stale, 'database')
  await nairobi!.start()
  await simulation.pass(12_000)
  await expectHealed(simulation.regions, acknowledged, 'restored')
}, 60_000)

test('RP24 a crash at any moment of it is made good by the next start', async () => {
  for (const victim of ['frankfurt', 'london'])
    for (let statements = 1; statements < 46; statements += 2) {
      const simulation = createSimulation(['frankfurt', 'london'], randomOf(statements))
      await simulation.start()
      const [frankfurt] = simulation.regions
      const { acknowledged, write, type } = writing()
      write(frankfurt!)
      await simulation.pass(1500)
      const backup = frankfurt!.backup()
      for (let i = 0; i < 3; i++) write(frankfurt!, `chart/${i}`)
      type(frankfurt!)
      await simulation.pass(1500)
      await frankfurt!.kill()
      simulation.isolate('frankfurt')
      frankfurt!.restore(backup, 'everything')
      await frankfurt!.start()
      for (let i = 0; i < 3; i++) write(frankfurt!, `chart/${i}`)
      type(frankfurt!)
      await simulation.pass(100)
      const region = simulation.regions.find(({ name }) => name === victim)!
      simulation.isolate('frankfurt', false)
      region.killAfter(statements)
      await simulation.pass(3000)
      region.killAfter(Number.POSITIVE_INFINITY)
      await region.start()
      await simulation.pass(6000)
      await expectHealed(simulation.regions, acknowledged, `${victim} after ${statements}`)
      expect(acknowledged.size).toBe(9)
    }
}, 120_000)

test('RP23 restores, kills and cuts at random: all regions end equal, with everything that was acknowledged', async () => {
  let ends = 0
  for (let seed = 1; seed <= 10; seed++) {
    const random = randomOf(seed)
    const pick = <T>(list: readonly T[]) => list[Math.floor(random() * list.length)]!
    const simulation = createSimulation(names, random)
    await simulation.start()
    const { acknowledged, write, type } = writing()
    const backups = new Map<string, ReturnType<SimulatedRegion['backup']>[]>(names.map((name) => [name, []]))
    for (let step = 0; step < 40; step++) {
      const region = pick(simulation.regions)
      const other = pick(names.filter((name) => name !== region.name))
      const dice = random()
      if (dice < 0.3) simulation.link(region.name, other, random() < 0.5)
      else if (dice < 0.42) backups.get(region.name)!.push(region.backup())
      else if (dice < 0.5 && region.isUp()) await region.kill()
      else if (dice < 0.68 && region.isUp() && backups.get(region.name)!.length > 0) {
        // What was acknowledged and has reached nobody is lost with the disk; so let it reach somebody first.
        for (const from of names) for (const to of names) if (from !== to) simulation.link(from, to, true)
        for (const all of simulation.regions) await all.start()
        await simulation.pass(8000)
        await region.kill()
        region.restore(pick(backups.get(region.name)!), random() < 0.7 ? 'everything' : 'database')
        // Most of the time it writes before it meets anybody.
        if (random() < 0.8) simulation.isolate(region.name)
        await region.start()
      } else if (dice < 0.8) await region.start()
      for (const up of simulation.regions.filter((one) => one.isUp()))
        for (let i = Math.floor(random() * 3); i > 0; i--)
          if (random() < 0.2) type(up)
          else write(up, `chart/${Math.floor(random() * 3)}`)
      await simulation.pass(random() * 1200)
    }
    for (const from of names) for (const to of names) if (from !== to) simulation.link(from, to, true)
    for (const region of simulation.regions) await region.start()
    await simulation.pass(30_000)
    await expectHealed(simulation.regions, acknowledged, `seed ${seed}`)
    for (const region of simulation.regions) ends += region.rows('entries').aside.length
  }
  expect(ends).toBeGreaterThan(0)
}, 300_000)

test('RP27 what a peer says of a history that is not the one meant here counts for nobody, up to the row that both have', async () => {
  const hash = (n: number) => new Uint8Array(32).fill(n)
  const ends = new Map<string, number>()
  const alarms: string[] = []
  const histories = createHistories({
    log: {
      flushed: () => new Map([['frankfurt.1', 10]]),
      head: () => ({ seq: 10, hash: hash(10) }),
      hashAt: async (_, seq) => hash(seq),
      endOf: (strand) => ends.get(strand),
      end: async () => true,
    },
    now: () => 0,
    alarm: (words) => void alarms.push(words),
    warn: () => {},
  })
  const said = new Map([
    ['frankfurt.1', 9],
    ['london.1', 4],
  ])
  const tell = async (n: number) => {
    const hashes = new Map([
      ['frankfurt.1', hash(n)],
      ['london.1', hash(4)],
    ])
    await histories.heard('nairobi', said, hashes, () => {})
  }
  expect(histories.believed('nairobi', said)).toEqual(new Map())
  await tell(9)
  expect(histories.believed('nairobi', said)).toEqual(said)
  // What it has beyond the rows that are here cannot be compared.
  expect(histories.believed('nairobi', new Map([['frankfurt.1', 13]]))).toEqual(new Map([['frankfurt.1', 9]]))
  expect(alarms).toEqual([])
  await tell(77)
  expect(histories.believed('nairobi', said)).toEqual(new Map([['london.1', 4]]))
  expect(histories.believed('paris', said)).toEqual(new Map())
  await tell(78)
  expect(alarms).toHaveLength(1)
  expect(histories.differing()).toEqual(new Map([['frankfurt.1', ['nairobi']]]))
  ends.set('frankfurt.1', 6)
  expect(histories.believed('nairobi', said).get('frankfurt.1')).toBe(6)
  await tell(9)
  expect(histories.differing()).toEqual(new Map([['frankfurt.1', ['nairobi']]]))
  said.set('frankfurt.1', 6)
  await tell(6)
  expect(histories.differing()).toEqual(new Map())
})
