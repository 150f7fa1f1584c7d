import { encodeItems } from '../../domain/entries/items.ts'
import { clientIdOf } from '../../domain/entries/origin.ts'
import type { EntryLog, FlushedEntry } from '../store/ports.ts'
import { updateMessage } from './messages.ts'
import type { Range } from './rows-channel.ts'

/** Tells readers of a document what was flushed: encoded once, however many they are; not at all if nobody reads. */
export type FanOut = {
  subscribe(document: string, listener: FlushListener): () => void
  close(): void
}

/** @param message undefined if the items have a gap between them: who wants them reads them. */
type FlushListener = (message: Uint8Array | undefined, ranges: ReadonlyMap<number, Range>) => void

export function createFanOut(entries: Pick<EntryLog, 'onFlushed'>): FanOut {
  const listeners = new Map<string, Set<FlushListener>>()
  const clients = new Map<string, number>()

  const stop = entries.onFlushed((flushed) => {
    const heard = new Map<string, FlushedEntry[]>()
    for (const row of flushed) {
      if (!listeners.has(row.document)) continue
      const rows = heard.get(row.document)
      if (rows) rows.push(row)
      else heard.set(row.document, [row])
    }
    for (const [document, rows] of heard) {
      const message = messageOf(rows)
      const ranges = rangesOf(rows)
      for (const listener of [...(listeners.get(document) ?? [])]) listener(message, ranges)
    }
  })

  function rangesOf(rows: readonly FlushedEntry[]): Map<number, Range> {
    const ranges = new Map<number, Range>()
    for (const { origin, clock } of rows) {
      const client = clientOf(origin)
      const range = ranges.get(client)
      if (range) range.to = clock + 1
      else ranges.set(client, { from: clock, to: clock + 1 })
    }
    return ranges
  }

  function clientOf(origin: string): number {
    const known = clients.get(origin)
    if (known !== undefined) return known
    const client = clientIdOf(origin)
    clients.set(origin, client)
    return client
  }

  return {
    subscribe(document, listener) {
      const set = listeners.get(document) ?? new Set()
      listeners.set(document, set)
      set.add(listener)
      return () => {
        set.delete(listener)
        if (set.size === 0 && listeners.get(document) === set) listeners.delete(document)
      }
    },
    close: stop,
  }
}

function messageOf(rows: readonly FlushedEntry[]): Uint8Array | undefined {
  try {
    return updateMessage(encodeItems(rows))
  } catch {
    return undefined
  }
}
