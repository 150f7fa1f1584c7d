import { expect, test } from 'vitest'
import { createSimulation } from './simulated-regions.ts'

/** A cluster of three in which everybody has written, and a fourth that is to join. */
async function threeAndOne() {
  const names = ['frankfurt', 'london', 'nairobi', 'paris']
  let members = names.slice(0, 3)
  const simulation = createSimulation(
    names,
    () => 0.5,
    () => members,
  )
  const [frankfurt, london, nairobi, paris] = simulation.regions as [R, R, R, R]
  for (const region of [frankfurt, london, nairobi]) await region.start()
  for (const region of [frankfurt, london, nairobi]) {
    void region.write(`of ${region.name}`, `chart/${region.name}`)
    void region.type(`note of ${region.name}`)
  }
  void nairobi.write('closed', 'chart/closed', 'london+nairobi')
  await simulation.pass(4000)
  return {
    simulation,
    frankfurt,
    london,
    nairobi,
    paris,
    /** As an operator does it: the new configuration, and each server of the others started anew with it. */
    async join(...others: R[]) {
      members = names
      for (const region of others) await region.kill()
      for (const region of [...others, paris]) await region.start()
    },
  }
}
type R = ReturnType<typeof createSimulation>['regions'][number]

const all = ['of frankfurt', 'of london', 'of nairobi']
const grantsOf = (region: R, origin: string) =>
  (region.rows('entries').log.get(origin) ?? []).filter((row) => row.kind === 'grant')

test('RP30 a region that joins is granted by those who made keys, as far as the home groups are open to it', async () => {
  const { simulation, frankfurt, london, nairobi, paris, join } = await threeAndOne()
  await join(frankfurt, london, nairobi)
  await simulation.pass(10_000)
  expect(await paris.entries()).toEqual(all)
  expect(await paris.entries('notes')).toHaveLength(3)
  for (const region of [frankfurt, london, nairobi]) {
    const granted = grantsOf(paris, `${region.name}.1`).filter((row) => row.author !== '')
    expect(granted.map((row) => [row.author, row.subject])).toEqual([[`${region.name}.1`, 'paris']])
  }
  expect(paris.strands()).toEqual(frankfurt.strands())
  // Frankfurt and Paris hold what the closed group wrote, and cannot open it.
  expect(frankfurt.servable()['nairobi.1']).toBeLessThan(
    Number(frankfurt.strands()['nairobi.1']!.split(' ')[0]),
  )
  expect(await london.entries()).toContain('closed')
  void paris.write('of paris', 'chart/paris')
  await simulation.pass(4000)
  expect(await nairobi.entries()).toContain('of paris')
}, 60_000)

test('RP31 while the region that made keys is away, the first by name that has them grants them, and nobody else', async () => {
  const { simulation, frankfurt, london, nairobi, paris, join } = await threeAndOne()
  await nairobi.kill()
  await join(frankfurt, london)
  await simulation.pass(3000)
  expect(await paris.entries()).toEqual(['of frankfurt', 'of london'])
  await simulation.pass(9000)
  expect(await paris.entries()).toEqual(all)
  const ofNairobi = (origin: string) => grantsOf(paris, origin).filter((row) => row.author === 'nairobi.1')
  expect(ofNairobi('frankfurt.1').map((row) => row.subject)).toEqual(['paris'])
  expect(ofNairobi('london.1')).toEqual([])
  // What only London may open, London has not been asked to pass on to Paris.
  expect(await paris.entries()).not.toContain('closed')
  await nairobi.start()
  await simulation.pass(12_000)
  expect(nairobi.strands()).toEqual(paris.strands())
  expect(await nairobi.entries()).toEqual([...all, 'closed'].sort())
  expect(ofNairobi('nairobi.1').filter((row) => row.author !== '')).toEqual([])
}, 60_000)
