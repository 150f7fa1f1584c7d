import { beforeEach, describe, expect, test } from 'vitest'
import * as Y from 'yjs'
import { encodeItems, entriesMap } from '../../domain/entries/items.ts'
import { createLogger } from '../observability/logger.ts'
import { createMetrics } from '../observability/metrics.ts'
import { createMemoryStore, type MemoryStore } from '../store/memory-store.ts'
import { createDrafts } from '../store/sample-drafts.ts'
import { createTelling, type Told } from './telling.ts'

let store: MemoryStore
let reads: number
const make = createDrafts('frankfurt-general')
const logger = createLogger({ region: 'frankfurt', level: 'silent' })
const metrics = createMetrics({ processMetrics: false })

beforeEach(() => {
  store = createMemoryStore()
  reads = 0
  const read = store.entries.itemsOf
  store.entries.itemsOf = (...all) => {
    reads += 1
    return read(...all)
  }
})

const tell = (memoryBytes?: number) =>
  createTelling({ store, logger, metrics, ...(memoryBytes === undefined ? {} : { memoryBytes }) })

async function longChart(entries: number) {
  const chart = make.newPatient()
  await store.entries.commit([chart.patient, ...Array.from({ length: entries - 1 }, () => chart.allergy())])
  return chart
}

function sizeOf({ start, items }: Told): number {
  const doc = new Y.Doc()
  for (const { update } of start) Y.applyUpdate(doc, update)
  Y.applyUpdate(doc, encodeItems(items))
  return doc.getMap(entriesMap).size
}

const empty = new Map<number, number>()

describe('telling', () => {
  test('GW70 the beginning of a long document is encoded once, and what comes after it is read', async () => {
    const chart = await longChart(400)
    const telling = tell()
    expect(sizeOf(await telling.read(chart.document, empty))).toBe(400)
    await store.entries.commit([chart.allergy(), chart.allergy()])
    const told = await telling.read(chart.document, empty)
    expect(told.items).toHaveLength(2)
    expect(sizeOf(told)).toBe(402)
  })

  test('GW71 a beginning outlives the process, and a short document has none', async () => {
    const [long, short] = [await longChart(400), await longChart(20)]
    await tell().read(long.document, empty)
    await tell().read(short.document, empty)
    const told = await tell().read(long.document, empty)
    expect(told.items).toEqual([])
    expect(sizeOf(told)).toBe(400)
    expect((await tell().read(short.document, empty)).start).toEqual([])
  })

  test('GW72 a document is read once for all who ask while it is read', async () => {
    const chart = await longChart(30)
    const telling = tell()
    const all = await Promise.all(Array.from({ length: 50 }, () => telling.read(chart.document, empty)))
    expect(all.map(sizeOf)).toEqual(all.map(() => 30))
    expect(reads).toBe(1)
  })

  test('GW73 memory holds beginnings up to a bound, the ones used last', async () => {
    const charts = [await longChart(400), await longChart(400), await longChart(400)]
    const telling = tell(500_000)
    for (const { document } of charts) await telling.read(document, empty)
    await store.snapshots.drop(charts.map(({ document }) => document))
    const starts = await Promise.all(charts.map(({ document }) => telling.read(document, empty)))
    expect(reads).toBe(6)
    expect(starts.map(sizeOf)).toEqual([400, 400, 400])
  })

  test('GW74 what is forgotten is read from the log again, also what was being read', async () => {
    const chart = await longChart(400)
    const telling = tell()
    const reading = telling.read(chart.document, empty)
    telling.forget([chart.document])
    await reading
    expect(await store.snapshots.load(chart.document)).toBeUndefined()
    await telling.read(chart.document, empty)
    telling.forget([chart.document])
    const before = reads
    expect(sizeOf(await telling.read(chart.document, empty))).toBe(400)
    expect(reads).toBe(before + 1)
  })

  test('GW75 who has part of a document gets the rest of it from the log', async () => {
    const chart = await longChart(400)
    const telling = tell()
    await telling.read(chart.document, empty)
    const doc = new Y.Doc()
    const items = await store.entries.itemsOf(chart.document)
    Y.applyUpdate(doc, encodeItems(items.slice(0, 390)))
    const told = await telling.read(chart.document, Y.decodeStateVector(Y.encodeStateVector(doc)))
    expect(told.start).toEqual([])
    expect(told.items).toHaveLength(10)
  })
})
