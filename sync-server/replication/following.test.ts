import { expect, test } from 'vitest'
import { chain, emptyHead } from '../store/log-row.ts'
import { decodePeerMessage, encodePeerMessage, type PeerMessage } from './peer-wire.ts'
import { createSimulation, type SimulatedRegion } from './simulated-regions.ts'

const names = ['frankfurt', 'london', 'nairobi']

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

/** Every region holds the same rows, can open them, and has nothing to say to an operator. */
async function expectEqual(regions: readonly SimulatedRegion[], seed: number): Promise<void> {
  const [first, ...others] = regions.filter((region) => region.isUp())
  for (const region of others) {
    expect(region.strands(), `seed ${seed}, ${region.name}`).toEqual(first!.strands())
    expect(await region.entries(), `seed ${seed}, ${region.name}`).toEqual(await first!.entries())
    expect(await region.entries('notes'), `seed ${seed}`).toEqual(await first!.entries('notes'))
  }
  for (const region of [first!, ...others]) {
    expect(region.alarms(), `seed ${seed}, ${region.name}`).toEqual([])
    const flushed = Object.entries(region.strands()).map(([strand, head]) => [
      strand,
      Number(head.split(' ')[0]),
    ])
    expect(region.servable(), `seed ${seed}, ${region.name}`).toEqual(Object.fromEntries(flushed))
  }
}

test('RP10 what is written anywhere, under cuts at random, is in every region once the links are back', async () => {
  for (let seed = 1; seed <= 15; seed++) {
    const random = randomOf(seed)
    const pick = <T>(list: readonly T[]) => list[Math.floor(random() * list.length)]!
    const simulation = createSimulation(names, random)
    await simulation.start()
    let written = 0
    for (let step = 0; step < 25; step++) {
      const from = pick(names)
      const to = pick(names.filter((name) => name !== from))
      if (random() < 0.4) simulation.link(from, to, random() < 0.5)
      for (let i = Math.floor(random() * 4); i > 0; i--) void pick(simulation.regions).write(`e${written++}`)
      await simulation.pass(200 + random() * 800)
    }
    for (const from of names) for (const to of names) if (from !== to) simulation.link(from, to, true)
    await simulation.pass(12_000)
    await expectEqual(simulation.regions, seed)
    expect(await simulation.regions[0]!.entries()).toHaveLength(written)
  }
}, 120_000)

test('RP11 survivors of a dead region become equal, though they had unequal parts of its rows', async () => {
  for (let seed = 1; seed <= 10; seed++) {
    const random = randomOf(seed)
    const simulation = createSimulation(names, random)
    await simulation.start()
    const [frankfurt, london, nairobi] = simulation.regions
    void frankfurt!.write('first')
    await simulation.pass(3000)
    simulation.link('nairobi', 'frankfurt', false)
    for (let i = 0; i < 700; i++) void frankfurt!.write(`e${i}`)
    await simulation.pass(2000 * random())
    await frankfurt!.kill()
    await simulation.pass(12_000)
    await expectEqual([london!, nairobi!], seed)
    expect(await london!.entries()).toContain('first')
  }
}, 120_000)

test('RP12 rows reach a region through a third one while its own link is cut', async () => {
  const simulation = createSimulation(names, randomOf(7))
  await simulation.start()
  const [frankfurt, , nairobi] = simulation.regions
  simulation.link('nairobi', 'frankfurt', false)
  void frankfurt!.write('e1')
  await simulation.pass(6000)
  expect(await nairobi!.entries()).toEqual(['e1'])
}, 60_000)

test('RP13 a row that does not hold what its hash says is not taken, and the others go on', async () => {
  const simulation = createSimulation(names, randomOf(3))
  await simulation.start()
  const [frankfurt, london, nairobi] = simulation.regions
  simulation.isolate('frankfurt')
  void frankfurt!.write('good')
  void frankfurt!.write('spoilt')
  await simulation.pass(1000)
  const rows = frankfurt!.rows('entries').log.get('frankfurt.1')!
  rows[2] = { ...rows[2]!, bytes: Buffer.from('bits have flipped') }
  simulation.isolate('frankfurt', false)
  void london!.write('other')
  await simulation.pass(10_000)
  expect(await nairobi!.entries()).toEqual(['good', 'other'])
  expect(nairobi!.strands()['frankfurt.1']).toMatch(/^2 /)
  expect(nairobi!.alarms()).toEqual([
    'rows of frankfurt.1 that frankfurt sends are not what their hashes say, and are not taken: look at the disk there',
  ])
}, 60_000)

test('RP14 messages between regions come back as they were sent; other bytes are no message', () => {
  const clear = {
    document: 'chart/ä',
    clock: -1,
    subject: 'frankfurt,london',
    entryId: '',
    homeGroup: 'g',
    author: '',
    lamport: 0,
  }
  const row = chain(emptyHead('notes', 'london.3'), {
    ...clear,
    origin: 'london.3',
    seq: 1,
    kind: 'grant',
    epoch: 7,
    keyId: 'k',
    bytes: new Uint8Array([1, 2]),
  })
  const messages: PeerMessage[] = [
    {
      type: 'vector',
      strands: new Map([
        ['london.3/notes', 2 ** 40],
        ['london.3', 7],
      ]),
      hashes: new Map([['london.3', new Uint8Array([1, 2, 3])]]),
    },
    { type: 'follow', strand: 'london.3', after: 5, hash: new Uint8Array(32) },
    { type: 'unfollow', strand: 'london.3' },
    { type: 'refused', strand: 'london.3' },
    { type: 'rows', strand: 'london.3/notes', rows: [row, { ...row, bytes: null }] },
    { type: 'probe', strand: 'london.3', seqs: [1, 2 ** 40] },
    {
      type: 'marks',
      strand: 'london.3',
      marks: new Map([
        [1, new Uint8Array([9])],
        [2 ** 40, undefined],
      ]),
    },
  ]
  for (const message of messages)
    expect(plain(decodePeerMessage(encodePeerMessage(message)))).toEqual(plain(message))
  expect(() => decodePeerMessage(new Uint8Array([0, 1, 65]))).toThrow()
  expect(() => decodePeerMessage(new Uint8Array([4, 1, 65, 200]))).toThrow()
})

test('RP15 what a newer region adds is passed over, and a row of a kind that is not known passed on as it is', async () => {
  expect(decodePeerMessage(new Uint8Array([99, 1, 2, 3]))).toBeUndefined()
  const unfollow = encodePeerMessage({ type: 'unfollow', strand: 'london.3' })
  expect(decodePeerMessage(new Uint8Array([...unfollow, 7, 7, 7]))).toEqual({
    type: 'unfollow',
    strand: 'london.3',
  })
  const simulation = createSimulation(names, randomOf(15))
  const [frankfurt, london, nairobi] = simulation.regions
  const clear = { document: 'x', clock: -1, subject: 's', entryId: '', homeGroup: '', author: '', lamport: 3 }
  const ofTomorrow = {
    ...clear,
    origin: 'paris.1',
    seq: 1,
    kind: 'seal',
    epoch: 1,
    keyId: '',
    bytes: Buffer.from('?'),
  }
  frankfurt!.forge('entries', [chain(emptyHead('entries', 'paris.1'), ofTomorrow)])
  await simulation.start()
  simulation.link('nairobi', 'frankfurt', false)
  void london!.write('after it')
  await simulation.pass(8000)
  const ofParis = (region: SimulatedRegion) => plain(region.rows('entries').log.get('paris.1'))
  expect(ofParis(nairobi!)).toEqual(ofParis(frankfurt!))
  expect(ofParis(nairobi!)).toMatchObject([{ kind: 'seal' }])
  await expectEqual(simulation.regions, 15)
}, 60_000)

/** Values as they compare: byte strings of any class, maps and all. */
function plain(value: unknown): unknown {
  if (value instanceof Uint8Array) return Buffer.from(value).toString('hex')
  if (value instanceof Map) return [...value].map(plain)
  if (Array.isArray(value)) return value.map(plain)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, plain(inner)]))
}
