import { z } from 'zod'
import type { Announce } from './announce.ts'
import { type OutboxRow, outboxRowShape, type ReplicaDatabase } from './database.ts'
import { packChange, type StoredChange, unpackChange } from './stored-change.ts'
import type { Vault } from './vault.ts'
import { type Written, written } from './written.ts'

export type { StoredChange, StoredRung } from './stored-change.ts'
export type { Written } from './written.ts'

/**
 * What this person has changed on this device, until the regions safely have it.
 *
 * Invariants
 * 1. A put that says `written` has all of its changes on the disk, by one transaction of strict durability.
 * 2. Only `remove` takes a change away. One that cannot be read any more is kept, and told.
 * 3. A change is given back only if its entry still has the id under which it was put.
 */
export type Outbox = {
  /** All or none. A change whose id is there already stays as it is. */
  put(changes: readonly StoredChange[]): Promise<Written>
  /** Replaces the change of this id. One that is not there, because it was removed meanwhile, stays away. */
  set(change: StoredChange): Promise<Written>
  remove(ids: readonly string[]): Promise<Written>
  /** In the order in which they were put; and how many rows cannot be read. Rejects if the database cannot be read. */
  all(): Promise<{ changes: StoredChange[]; damaged: number }>
  /**
   * What cannot be read, as it is, for whoever may still be able to make something of it. `sealed` is base64; `key`, without
   * which it cannot be opened, is empty where the row has none.
   */
  exportDamaged(): Promise<{ order: number; key: string; sealed: string }[]>
  /** Calls when this window or another of the profile has changed the outbox. */
  onChange(listener: () => void): () => void
}

export type OutboxDeps = { database: ReplicaDatabase; vault: Vault; announce: Announce }

export function createOutbox({ database, vault, announce }: OutboxDeps): Outbox {
  const { dexie, outbox } = database
  const keyOf = (id: string) => vault.rowKey('outbox', id)
  const placeOf = (key: string) => `outbox/${key}`

  const rowOf = async (id: string, text: string): Promise<OutboxRow> => {
    const key = await keyOf(id)
    return { key, sealed: await vault.seal(placeOf(key), new TextEncoder().encode(text)) }
  }

  const changeIn = async (row: unknown): Promise<StoredChange | undefined> => {
    const parsed = outboxRowShape.safeParse(row)
    if (!parsed.success) return undefined
    const { key, sealed } = parsed.data
    const opened = await vault.open(placeOf(key), sealed)
    const change = opened && unpackChange(new TextDecoder().decode(opened))
    return change && (await keyOf(change.id)) === key ? change : undefined
  }

  const read = async () => {
    const rows = await outbox.toArray()
    return Promise.all(rows.map(async (row) => ({ row, change: await changeIn(row) })))
  }

  /** Runs a write that answers whether it changed anything; if so, tells. */
  const telling = async (write: () => PromiseLike<boolean>): Promise<Written> => {
    let changed = false
    const outcome = await written(async () => {
      changed = await write()
    })
    if (changed) announce.tell()
    return outcome
  }

  return {
    async put(changes) {
      const texts = new Map<string, string>()
      for (const change of changes) {
        const packed = packChange(change)
        if ('problem' in packed) return { outcome: 'failed', detail: packed.problem }
        if (!texts.has(change.id)) texts.set(change.id, packed.text)
      }
      return telling(async () => {
        const rows = await Promise.all([...texts].map(([id, text]) => rowOf(id, text)))
        return dexie.transaction('rw', outbox, async () => {
          const there = new Set<unknown>(
            await outbox
              .where('key')
              .anyOf(rows.map(({ key }) => key))
              .keys(),
          )
          const fresh = rows.filter(({ key }) => !there.has(key))
          await outbox.bulkAdd(fresh)
          return fresh.length > 0
        })
      })
    },
    async set(change) {
      const packed = packChange(change)
      if ('problem' in packed) return { outcome: 'failed', detail: packed.problem }
      return telling(async () => {
        const row = await rowOf(change.id, packed.text)
        return dexie.transaction('rw', outbox, async () => {
          const [order] = await outbox.where('key').equals(row.key).primaryKeys()
          if (order === undefined) return false
          await outbox.put({ ...row, order })
          return true
        })
      })
    },
    remove: (ids) =>
      telling(async () => {
        const keys = await Promise.all(ids.map(keyOf))
        return (await outbox.where('key').anyOf(keys).delete()) > 0
      }),
    async all() {
      const rows = await read()
      const changes = rows.flatMap(({ change }) => change ?? [])
      return { changes, damaged: rows.length - changes.length }
    },
    async exportDamaged() {
      return (await read()).filter(({ change }) => !change).map(({ row }) => exported(row))
    },
    onChange: announce.onTold,
  }
}

/** A row without bytes is told too: its order is its primary key, without which no row can be stored. */
const exportedShape = z.object({
  order: outboxRowShape.shape.order,
  key: outboxRowShape.shape.key.catch(''),
  sealed: outboxRowShape.shape.sealed.catch(new Uint8Array()),
})

function exported(row: unknown): { order: number; key: string; sealed: string } {
  const { order, key, sealed } = exportedShape.parse(row)
  return { order, key, sealed: base64(sealed) }
}

function base64(bytes: Uint8Array): string {
  let binary = ''
  for (const byte of bytes) binary += String.fromCharCode(byte)
  return btoa(binary)
}
