import { type ReplicaDatabase, updateRowShape } from './database.ts'
import type { Vault } from './vault.ts'
import { type Written, written } from './written.ts'

/** Copies of documents as Yjs updates, exactly as regions handed them over, stored without being opened. */
export type StoredDocuments = {
  append(name: string, updates: readonly Uint8Array[]): Promise<Written>
  /** In the order of their arrival, none if nothing is kept; undefined if something of it cannot be opened. */
  load(name: string): Promise<Uint8Array[] | undefined>
  /** Puts one update in the place of those that are there now. */
  compact(name: string, merge: () => Uint8Array): Promise<Written>
  drop(name: string): Promise<Written>
}

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
      for (const row of await updates.where('document').equals(document).sortBy('order')) {
        const parsed = updateRowShape.safeParse(row)
        const update = parsed.success && (await deps.vault.open(placeOf(document), parsed.data.sealed))
        // A copy with a hole would look whole.
        if (!update) return undefined
        opened.push(update)
      }
      return opened
    },
    async compact(name, merge) {
      const document = await keyOf(name)
      const covered = await updates.where('document').equals(document).primaryKeys()
      const row = await rowOf(document, merge())
      return written(() =>
        dexie.transaction('rw', updates, async () => {
          const [first] = covered
          // Another window may have dropped it, or put it together, meanwhile: then this says nothing new.
          if (first === undefined || (await updates.bulkGet(covered)).includes(undefined)) return
          await updates.put({ ...row, order: first })
          await updates.bulkDelete(covered.slice(1))
        }),
      )
    },
    async drop(name) {
      const document = await keyOf(name)
      return written(() => updates.where('document').equals(document).delete())
    },
  }
}
