import { type ReplicaDatabase, updateRowShape } from './database.ts'
import type { Vault } from './vault.ts'
import { type Written, written } from './written.ts'

/** Copies of documents as Yjs updates, exactly as regions handed them over, stored without being opened. */
export type StoredDocuments = {
  append(name: string, updates: readonly Uint8Array[]): Promise<Written>
  /** None if nothing is kept; undefined if something of it cannot be opened. */
  load(name: string): Promise<Loaded | undefined>
  /** Puts one update, which says all that they say, in the place of those that were loaded. */
  compact(name: string, loaded: Loaded, update: Uint8Array): Promise<Written>
  /** How many updates are kept. */
  count(name: string): Promise<number>
  drop(name: string): Promise<Written>
}

/** Updates in the order of their arrival, and where each of them stands. */
export type Loaded = { updates: readonly Uint8Array[]; orders: readonly number[] }

export function createStoredDocuments(deps: { database: ReplicaDatabase; vault: Vault }): StoredDocuments {
  const { dexie, updates } = deps.database
  const keyOf = (name: string) => deps.vault.rowKey('document', name)
  const placeOf = (document: string) => `updates/${document}`

  const rowOf = async (document: string, update: Uint8Array) => ({
    document,
    sealed: await deps.vault.seal(placeOf(document), update),
  })

  return {
    async append(name, list) {
      const document = await keyOf(name)
      const rows = await Promise.all(list.map((update) => rowOf(document, update)))
      return written(() => updates.bulkAdd(rows))
    },
    async load(name) {
      const document = await keyOf(name)
      const opened: Uint8Array[] = []
      const orders: number[] = []
      for (const row of await updates.where('document').equals(document).sortBy('order')) {
        const parsed = updateRowShape.safeParse(row)
        const update = parsed.success && (await deps.vault.open(placeOf(document), parsed.data.sealed))
        // A copy with a hole would look whole.
        if (!update) return undefined
        opened.push(update)
        orders.push(parsed.data.order)
      }
      return { updates: opened, orders }
    },
    async compact(name, { orders }, update) {
      const document = await keyOf(name)
      const row = await rowOf(document, update)
      return written(() =>
        dexie.transaction('rw', updates, async () => {
          const [first] = orders
          // Another window may have dropped it, or put it together, meanwhile: then this says nothing new.
          if (first === undefined || (await updates.bulkGet([...orders])).includes(undefined)) return
          await updates.put({ ...row, order: first })
          await updates.bulkDelete(orders.slice(1))
        }),
      )
    },
    async count(name) {
      return updates
        .where('document')
        .equals(await keyOf(name))
        .count()
    },
    async drop(name) {
      const document = await keyOf(name)
      return written(() => updates.where('document').equals(document).delete())
    },
  }
}
