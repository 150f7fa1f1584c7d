import { expect, test } from 'vitest'
import { chain, emptyHead } from '../store/log-row.ts'
import { decodePeerMessage, encodePeerMessage, type PeerMessage } from './peer-wire.ts'
import { createSimulation } from './simulated-regions.ts'

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

test('RP10 what is written anywhere, under cuts at random, is in every region once the links are back', async () => {
  for (let seed = 1; seed <= 60; seed++) {
    const random = randomOf(seed)
    const pick = <T>(list: readonly T[]) => list[Math.floor(random() * list.length)]!
    const simulation = createSimulation(names, random)
    for (let step = 0; step < 25; step++) {
      const from = pick(names)
      const to = pick(names.filter((name) => name !== from))
      if (random() < 0.4) simulation.link(from, to, random() < 0.5)
      for (let i = Math.floor(random() * 4); i > 0; i--) pick(simulation.regions).write('chart/1')
      await simulation.pass(200 + random() * 800)
    }
    for (const from of names) for (const to of names) if (from !== to) simulation.link(from, to, true)
    await simulation.pass(12_000)
    const [first, ...others] = simulation.regions.map((region) => region.vector())
    for (const other of others) expect(other, `seed ${seed}`).toEqual(first)
    for (const strand of Object.keys(first!)) {
      const histories = simulation.regions.map((region) => region.history(strand))
      expect(histories[1], `seed ${seed}`).toEqual(histories[0])
      expect(histories[2], `seed ${seed}`).toEqual(histories[0])
    }
  }
}, 120_000)

test('RP11 survivors of a dead region become equal, though they had unequal parts of its rows', async () => {
  for (let seed = 1; seed <= 40; seed++) {
    const random = randomOf(seed)
    const simulation = createSimulation(names, random)
    const [frankfurt, london, nairobi] = simulation.regions
    frankfurt!.write('chart/1')
    await simulation.pass(3000)
    simulation.link('nairobi', 'frankfurt', false)
    for (let i = 0; i < 700; i++) frankfurt!.write('chart/1')
    await simulation.pass(2000 * random())
    frankfurt!.kill()
    await simulation.pass(12_000)
    expect(london!.vector(), `seed ${seed}`).toEqual(nairobi!.vector())
    expect(london!.vector()['frankfurt.1']).toBeGreaterThan(0)
  }
}, 120_000)

test('RP12 rows reach a region through a third one while its own link is cut', async () => {
  const simulation = createSimulation(names, randomOf(7))
  const [frankfurt, , nairobi] = simulation.regions
  simulation.link('nairobi', 'frankfurt', false)
  frankfurt!.write('chart/1')
  await simulation.pass(6000)
  expect(nairobi!.vector()).toEqual({ 'frankfurt.1': 1 })
})

test('RP13 a peer whose history is another one is not believed, and the others go on', async () => {
  const simulation = createSimulation(names, randomOf(3))
  const [frankfurt, london, nairobi] = simulation.regions
  const forged = {
    document: 'chart/2',
    clock: 0,
    subject: 'Patient/2',
    entryId: 'x',
    homeGroup: 'g',
    author: 'a',
    lamport: 1,
  }
  const head = emptyHead('entries', 'frankfurt.1')
  const row = chain(head, {
    ...forged,
    origin: 'frankfurt.1',
    seq: 1,
    kind: 'entry',
    epoch: 1,
    keyId: 'k',
    bytes: Buffer.from('no'),
  })
  nairobi!.rows.set('frankfurt.1', [row])
  frankfurt!.write('chart/1')
  frankfurt!.write('chart/1')
  london!.write('chart/1')
  await simulation.pass(10_000)
  expect(london!.history('frankfurt.1')).toEqual(frankfurt!.history('frankfurt.1'))
  expect(nairobi!.rows.get('frankfurt.1')).toEqual([row])
  expect(nairobi!.vector()['london.1']).toBe(1)
})

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
    { type: 'vector', strands: new Map([['london.3/notes', 2 ** 40]]) },
    { type: 'follow', strand: 'london.3', after: 5, hash: new Uint8Array(32) },
    { type: 'unfollow', strand: 'london.3' },
    { type: 'refused', strand: 'london.3' },
    { type: 'rows', strand: 'london.3/notes', rows: [row, { ...row, bytes: null }] },
  ]
  for (const message of messages) {
    const decoded = decodePeerMessage(encodePeerMessage(message))
    expect(JSON.stringify(plain(decoded))).toBe(JSON.stringify(plain(message)))
  }
  expect(() => decodePeerMessage(new Uint8Array([9, 1, 65]))).toThrow()
  expect(() => decodePeerMessage(new Uint8Array([4, 1, 65, 200]))).toThrow()
})

function plain(message: PeerMessage): unknown {
  if (message.type === 'vector') return [...message.strands]
  if (message.type !== 'rows') return { ...message, hash: 'hash' in message ? [...message.hash] : undefined }
  const bytes = (value: Uint8Array | null) => value && [...value]
  const rows = message.rows.map((row) => ({
    ...row,
    digest: bytes(row.digest),
    hash: bytes(row.hash),
    bytes: bytes(row.bytes),
  }))
  return { ...message, rows: rows.map((row) => Object.entries(row).sort(([a], [b]) => (a < b ? -1 : 1))) }
}
