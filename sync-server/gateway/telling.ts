import { LRUCache } from 'lru-cache'
import { encodeItems } from '../../domain/entries/items.ts'
import { clientIdOf } from '../../domain/entries/origin.ts'
import { type Logger, plainError } from '../observability/logger.ts'
import type { Metrics } from '../observability/metrics.ts'
import type { DocumentSnapshot, FlushedEntry, RegionStore, SnapshotPart } from '../store/ports.ts'
import { inParts } from './item-parts.ts'
import { isOfPatient } from './open-documents.ts'

/**
 * What readers of grow-only documents lack. Who has nothing of a long document gets its beginning as it was encoded
 * before, and only what comes after it is read from the log: of beginnings, as many stay in memory as a bound allows, the
 * rest lies sealed in the database. Each is loaded once, however many ask at the same time.
 */
export type Telling = {
  /** What a holder of this state vector (Yjs client id → clock) lacks. */
  read(document: string, since: ReadonlyMap<number, number>): Promise<Told>
  /** What is remembered of these documents is void. */
  forget(documents: readonly string[]): void
  /** What is remembered of this patient's documents is void. */
  forgetPatient(patientId: string): void
}

export type Told = { start: readonly SnapshotPart[]; items: FlushedEntry[] }

export type TellingDeps = {
  store: Pick<RegionStore, 'entries' | 'snapshots'>
  logger: Logger
  metrics: Metrics
  /** Bytes of beginnings in memory. */
  memoryBytes?: number
}

/** From so many items behind the beginning on, the beginning is made longer. */
const extendFrom = 300
const defaultMemoryBytes = 64 * 1024 * 1024

const nothing: DocumentSnapshot = { parts: [] }

export function createTelling({
  store,
  logger,
  metrics,
  memoryBytes = defaultMemoryBytes,
}: TellingDeps): Telling {
  const beginnings = new LRUCache<string, DocumentSnapshot>({
    maxSize: memoryBytes,
    sizeCalculation: sizeOf,
  })
  const loading = new Map<string, Promise<Told>>()
  /** Counts up when something was forgotten: what was on its way then is not remembered. */
  let generation = 0
  /** Beginnings are kept and dropped in the order in which that was decided. */
  let storing: Promise<unknown> = Promise.resolve()

  /** The whole document, read once for all that ask while it is read. */
  function whole(document: string): Promise<Told> {
    const known = loading.get(document)
    if (known) return known
    const reading = readWhole(document).finally(() => loading.delete(document))
    loading.set(document, reading)
    return reading
  }

  async function readWhole(document: string): Promise<Told> {
    const began = generation
    const warm = beginnings.get(document)
    const beginning = warm ?? (await store.snapshots.load(document)) ?? nothing
    metrics.documentBeginnings.inc({ from: warm ? 'memory' : beginning === nothing ? 'log' : 'snapshot' })
    const items = await store.entries.itemsOf(document, clocksOf(beginning))
    if (items.length < extendFrom) {
      if (!warm && beginning !== nothing && began === generation) beginnings.set(document, beginning)
      return { start: beginning.parts, items }
    }
    const longer = extend(beginning, items)
    if (began === generation) remember(document, longer)
    return { start: longer.parts, items: [] }
  }

  function remember(document: string, snapshot: DocumentSnapshot): void {
    beginnings.set(document, snapshot)
    inOrder(() => store.snapshots.keep(document, snapshot))
  }

  function inOrder(work: () => Promise<void>): void {
    storing = storing.then(work).catch((error) => {
      logger.warn({ error: plainError(error) }, 'the beginning of a document could not be kept, or dropped')
    })
  }

  function forget(documents: readonly string[]): void {
    generation += 1
    for (const document of documents) beginnings.delete(document)
    inOrder(() => store.snapshots.drop(documents))
  }

  return {
    async read(document, since) {
      if (since.size > 0) return { start: [], items: await store.entries.itemsOf(document, since) }
      return whole(document)
    },
    forget,
    forgetPatient: (patientId) =>
      // What lies in the database is sealed under keys that are gone.
      forget([...beginnings.keys()].filter((name) => isOfPatient(name, patientId))),
  }
}

function extend(beginning: DocumentSnapshot, items: readonly FlushedEntry[]): DocumentSnapshot {
  const ends = new Map(beginning.parts.at(-1)?.ends)
  const parts = inParts(items).map((part) => {
    for (const { origin, clock } of part) ends.set(origin, clock + 1)
    return { update: encodeItems(part), ends: new Map(ends) }
  })
  return { parts: [...beginning.parts, ...parts] }
}

/** State vector of a document that has this beginning and nothing else. */
function clocksOf({ parts }: DocumentSnapshot): Map<number, number> {
  return new Map([...(parts.at(-1)?.ends ?? [])].map(([origin, end]) => [clientIdOf(origin), end]))
}

function sizeOf({ parts }: DocumentSnapshot): number {
  return parts.reduce((sum, { update }) => sum + update.length + 200, 1)
}
