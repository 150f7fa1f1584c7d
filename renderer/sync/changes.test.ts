import { expect, test, vi } from 'vitest'
import { entryId } from '../../domain/entries/entry.ts'
import type { Frame } from '../../domain/wire/wire.ts'
import { decodeFrame } from '../../domain/wire/wire.ts'
import type { Outbox, StoredChange } from '../replica/outbox.ts'
import { createChanges } from './changes.ts'
import type { Speaker } from './connection.ts'
import { sampleAllergy } from './sample-allergy.ts'
import { sampleProfile } from './sample-windows.ts'

/** One profile: what its windows keep, and the region that the leading one speaks with. */
function scene() {
  const rows = new Map<string, StoredChange>()
  const disk = { full: false }
  const outbox: Pick<Outbox, 'put' | 'set' | 'remove' | 'all'> = {
    async put(changes) {
      if (disk.full) return { outcome: 'full' }
      for (const change of changes) if (!rows.has(change.id)) rows.set(change.id, change)
      return { outcome: 'written' }
    },
    async set(change) {
      if (rows.has(change.id)) rows.set(change.id, change)
      return { outcome: 'written' }
    },
    async remove(ids) {
      for (const id of ids) rows.delete(id)
      return { outcome: 'written' }
    },
    all: async () => ({ changes: [...rows.values()], damaged: 0 }),
  }
  const proposed: string[] = []
  let speaker: Speaker | undefined
  const connection = {
    join(joined: Speaker) {
      speaker = joined
      joined.opened((bytes) => {
        const frame = decodeFrame(bytes)
        if (frame?.type === 'submit') proposed.push(...frame.proposals.map(({ id }) => id))
      })
      return () => {
        if (speaker === joined) speaker = undefined
      }
    },
    want: () => undefined,
    region: () => 'nairobi',
  }
  const profile = sampleProfile()
  /** What was to be done later, by ms. */
  const later = new Map<number, () => void>()
  const open = async () => {
    const windows = profile.open()
    const changes = await createChanges({
      outbox,
      windows,
      now: () => 7,
      random: () => 0,
      after: (ms, then) => {
        later.set(ms, then)
        return () => later.delete(ms)
      },
    })
    windows.lead(() => changes.lead(connection))
    return { changes, close: () => windows.close() }
  }
  const say = async (frame: Frame) => {
    speaker?.hear(frame)
    await written()
  }
  /** Time passes until the window that leads looks into the outbox. */
  const look = async () => {
    later.get(10_000)?.()
    await written()
  }
  return { rows, disk, proposed, open, say, outbox, look }
}

/** What was to be written is written, and the other windows have heard of it. */
const written = () => new Promise((done) => setTimeout(done))

const id = (n: number) => entryId(sampleAllergy(n))
const propose = (changes: Awaited<ReturnType<typeof createChanges>>, n: number) =>
  changes.propose('p1', [{ entry: sampleAllergy(n), about: 'an allergy' }])
const ack = (n: number): Frame => ({
  channel: 0,
  type: 'ack',
  acks: [{ id: id(n), origin: 'nairobi.1', seq: n, epoch: 1 }],
})
const refuse = (n: number, code: 'schema' | 'unavailable'): Frame => ({
  channel: 0,
  type: 'refuse',
  refusals: [{ id: id(n), code, detail: '', retry: false }],
})

test('SY20 a change of any window is proposed by the one that leads, and every window sees it climb', async () => {
  const { open, proposed, rows, say } = scene()
  const [first, second] = [await open(), await open()]
  expect(await propose(second.changes, 1)).toEqual({ outcome: 'kept', ids: [id(1)] })
  expect(proposed).toEqual([id(1)])
  const rung = ({ changes }: typeof first) => changes.ladder().get(id(1))?.rung
  expect(rung(first)).toEqual({ at: 'device' })
  await say(ack(1))
  expect([rung(first), rung(second)]).toEqual(Array(2).fill({ at: 'saved', region: 'nairobi', also: [] }))
  await say({ channel: 0, type: 'replicated', regions: { london: { 'nairobi.1': 1 } } })
  expect([rung(first), rung(second)]).toEqual(
    Array(2).fill({ at: 'saved', region: 'nairobi', also: ['london'] }),
  )
  await vi.waitFor(() => expect(rows.size).toBe(0))
})

test('SY21 when the window that leads goes, the next one proposes what is not safely elsewhere, once', async () => {
  const { open, proposed, say } = scene()
  const [first, second] = [await open(), await open()]
  for (const n of [1, 2, 3]) await propose(n === 2 ? second.changes : first.changes, n)
  await say(ack(1))
  await say(refuse(2, 'schema'))
  proposed.length = 0
  first.close()
  await vi.waitFor(() => expect([...proposed].sort()).toEqual([id(1), id(3)].sort()))
  expect(second.changes.ladder().get(id(2))?.rung.at).toBe('refused')
})

test('SY22 what a window left in the outbox is proposed by the next one, also what was refused only for now', async () => {
  const { open, proposed, say } = scene()
  const first = await open()
  await propose(first.changes, 1)
  await propose(first.changes, 2)
  for (let n = 0; n < 6; n++) await say(refuse(1, 'unavailable'))
  await say(refuse(2, 'schema'))
  first.close()
  proposed.length = 0
  const next = await open()
  expect(proposed).toEqual([id(1)])
  const rungs = [1, 2].map((n) => next.changes.ladder().get(id(n))?.rung.at)
  expect(rungs).toEqual(['device', 'refused'])
})

test('SY23 a change that the device cannot keep is proposed by nobody and shown by nobody', async () => {
  const { open, disk, proposed } = scene()
  const [first, second] = [await open(), await open()]
  disk.full = true
  expect(await propose(second.changes, 1)).toEqual({ outcome: 'full' })
  expect(proposed).toEqual([])
  expect([first.changes.ladder().size, second.changes.ladder().size]).toEqual([0, 0])
})

test('SY24 a refused change that is tried again, or put aside, is so in every window', async () => {
  const { open, proposed, rows, say } = scene()
  const [first, second] = [await open(), await open()]
  await propose(first.changes, 1)
  await say(refuse(1, 'schema'))
  expect(second.changes.ladder().get(id(1))?.rung.at).toBe('refused')
  second.changes.retry(id(1))
  await written()
  expect(proposed).toEqual([id(1), id(1)])
  expect(first.changes.ladder().get(id(1))?.rung.at).toBe('device')
  await say(refuse(1, 'schema'))
  second.changes.dismiss(id(1))
  await written()
  expect(first.changes.ladder().size).toBe(0)
  await vi.waitFor(() => expect(rows.size).toBe(0))
})

test('SY25 changes that were made elsewhere are kept and proposed, those that are here already stay as they are', async () => {
  const { open, proposed, rows, say } = scene()
  const { changes } = await open()
  await propose(changes, 1)
  await say(ack(1))
  const foreign = (n: number): StoredChange => ({
    id: id(n),
    entry: sampleAllergy(n),
    patientId: 'p1',
    about: 'an allergy',
    at: 1,
    rung: { at: 'refused', code: 'schema', detail: '' },
  })
  await changes.adopt([foreign(1), foreign(2), { ...foreign(3), rung: { at: 'device' } }])
  expect([...rows.keys()]).toEqual([id(1), id(2), id(3)])
  expect([1, 2, 3].map((n) => changes.ladder().get(id(n))?.rung.at)).toEqual(['saved', 'refused', 'device'])
  expect(proposed).toEqual([id(1), id(3)])
})

test('SY26 what one window puts aside while another tries it again is gone in both', async () => {
  const { open, rows, say } = scene()
  const [first, second] = [await open(), await open()]
  await propose(first.changes, 1)
  await say(refuse(1, 'schema'))
  first.changes.retry(id(1))
  second.changes.dismiss(id(1))
  await written()
  expect([first.changes.ladder().size, second.changes.ladder().size, rows.size]).toEqual([0, 0, 0])
})

test('SY27 a window that begins while a rung is written down knows of it', async () => {
  const { open, say } = scene()
  const first = await open()
  await propose(first.changes, 1)
  const [, second] = await Promise.all([say(ack(1)), open()])
  await written()
  expect(second.changes.ladder().get(id(1))?.rung.at).toBe('saved')
})

test('SY71 what a window kept and died before it could tell is proposed by the one that leads, and known to all, without a restart', async () => {
  const { open, proposed, rows, look } = scene()
  const [first, second] = [await open(), await open()]
  await written()
  const kept = { id: id(1), entry: sampleAllergy(1), patientId: 'p1', about: 'an allergy', at: 7 }
  rows.set(id(1), { ...kept, rung: { at: 'device' } })
  await look()
  expect(proposed).toEqual([id(1)])
  const rungs = [first, second].map(({ changes }) => changes.ladder().get(id(1))?.rung.at)
  expect(rungs).toEqual(['device', 'device'])
  await look()
  expect(proposed).toEqual([id(1)])
})

test('SY72 what was put aside while the outbox was being read does not come back', async () => {
  const { open, rows, look, say, outbox } = scene()
  const { changes } = await open()
  await propose(changes, 1)
  await say(refuse(1, 'schema'))
  const stored = [...rows.values()]
  outbox.all = async () => ({ changes: stored, damaged: 0 })
  changes.dismiss(id(1))
  await look()
  expect(changes.ladder().has(id(1))).toBe(false)
  expect(rows.size).toBe(0)
})
