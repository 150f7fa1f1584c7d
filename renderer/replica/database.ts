import { Dexie, type Table } from 'dexie'
import { z } from 'zod'
import { sha256Base64url } from '../../domain/entries/canonical.ts'
import type { Wrapped } from './vault.ts'
import { wordsOf } from './written.ts'

/**
 * The database of one user on this device. What stands in it in clear are numbers, and HMACs as keys; all else is sealed.
 * What is read back is `unknown` until a schema has parsed it.
 *
 * | table | holds | key |
 * |---|---|---|
 * | vault | the wrapped secret, one row | 1 |
 * | outbox | changes that the regions have not safely got | order; HMAC of the entry's id |
 * | updates | Yjs updates of documents, as regions committed them | order; HMAC of the document's name |
 * | rows | small values | HMAC of the name |
 */
export type ReplicaDatabase = {
  dexie: Dexie
  vault: Table<unknown, number, VaultRow>
  outbox: Table<unknown, number, OutboxRow>
  updates: Table<unknown, number, UpdateRow>
  rows: Table<unknown, string, ValueRow>
}

export type VaultRow = { id: 1; wrapped: Wrapped }
export type OutboxRow = { order?: number; key: string; sealed: Uint8Array }
export type UpdateRow = { order?: number; document: string; sealed: Uint8Array }
export type ValueRow = { key: string; sealed: Uint8Array }

const order = z.int().min(0)
const sealed = z.instanceof(Uint8Array)
export const outboxRowShape = z.object({ order, key: z.string(), sealed })
export const updateRowShape = z.object({ order, document: z.string(), sealed })
export const valueRowShape = z.object({ key: z.string(), sealed })

/** Version of the tables. An app that knows a lower one does not touch them. */
const version = 1

export type OpenedDatabase =
  | { outcome: 'opened'; database: ReplicaDatabase }
  /** A newer app has been at work here. Nothing was touched. */
  | { outcome: 'newer-data' }
  /** The browser has no database to give: private window, full or failing disk. */
  | { outcome: 'unavailable'; detail: string }

export type DatabaseDeps = {
  /** The user's id: only its hash becomes known. */
  user: string
  /** The browser's, unless a test brings its own. */
  indexedDB?: IDBFactory | undefined
  keyRange?: typeof IDBKeyRange | undefined
}

/** Name of a user's database: SHA-256 of the id. */
export function databaseName(user: string): string {
  return `meridian-${sha256Base64url(user)}`
}

/**
 * Opens the user's database, or makes it. When another window deletes or upgrades it, this one's connection closes for
 * good: what is written after that fails, instead of going into a new and empty database.
 */
export async function openDatabase(deps: DatabaseDeps): Promise<OpenedDatabase> {
  const indexedDB = deps.indexedDB ?? globalThis.indexedDB
  const keyRange = deps.keyRange ?? globalThis.IDBKeyRange
  if (!indexedDB || !keyRange) return { outcome: 'unavailable', detail: 'there is no IndexedDB here' }
  const dexie = new Dexie(databaseName(deps.user), {
    indexedDB: strictly(indexedDB),
    IDBKeyRange: keyRange,
    autoOpen: false,
    cache: 'disabled',
    chromeTransactionDurability: 'strict',
  })
  dexie.version(version).stores({
    vault: '&id',
    outbox: '++order, &key',
    updates: '++order, document',
    rows: '&key',
  })
  dexie.on('versionchange', () => dexie.close())
  try {
    await dexie.open()
  } catch (error) {
    dexie.close()
    if (error instanceof Error && error.name === 'VersionError') return { outcome: 'newer-data' }
    return { outcome: 'unavailable', detail: wordsOf(error) }
  }
  return {
    outcome: 'opened',
    database: {
      dexie,
      vault: dexie.table<unknown, number, VaultRow>('vault'),
      outbox: dexie.table<unknown, number, OutboxRow>('outbox'),
      updates: dexie.table<unknown, number, UpdateRow>('updates'),
      rows: dexie.table<unknown, string, ValueRow>('rows'),
    },
  }
}

/**
 * Dexie opens what a newer app has made by asking a second time without a version, and may then add to it what it misses.
 * Here it asks for the version that this app knows, always.
 */
function strictly(factory: IDBFactory) {
  return {
    // Dexie counts in tenths.
    open: (name: string, asked: number = version * 10) => factory.open(name, asked),
    deleteDatabase: (name: string) => factory.deleteDatabase(name),
    databases: () => factory.databases(),
    cmp: (a: unknown, b: unknown) => factory.cmp(a, b),
  }
}
