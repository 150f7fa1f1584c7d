import { databaseName, openDatabase, type ReplicaDatabase } from './database.ts'
import { createReplica, type Replica } from './replica.ts'
import { createVault, openVault, rewrap, type Vault } from './vault.ts'
import { createVaultRow } from './vault-row.ts'

/**
 * Opens what this device keeps for a person, with the password that sealed it. It is never thrown away here: whatever
 * cannot be opened stays as it is.
 */
export type OpenReplica = (
  user: string,
  password: string,
  options: {
    /** Begin one if there is none. */
    create: boolean
    /** The password that sealed it, if that was another one; from then on the new one opens it. */
    earlier?: string | undefined
  },
) => Promise<{ outcome: 'opened'; replica: Replica } | { outcome: ReplicaProblem }>

/**
 * `newer-data`: a newer version of the app has worked here. `unavailable`: the browser does not let anything be kept, or
 * the disk is full or failing.
 */
export type ReplicaProblem = 'none' | 'wrong-password' | 'damaged' | 'newer-data' | 'unavailable'

export type { Replica } from './replica.ts'

export const openReplica: OpenReplica = async (user, password, options) => {
  // Without these (an insecure address, a private window) nothing can be sealed or kept.
  if (!globalThis.indexedDB || !globalThis.crypto?.subtle) return { outcome: 'unavailable' }
  const here = options.create || (await isHere(user))
  if (here !== true) return { outcome: here === undefined ? 'unavailable' : 'none' }
  const opened = await openDatabase({ user })
  if (opened.outcome !== 'opened') return { outcome: opened.outcome }
  const { database } = opened
  const vault = await vaultIn(database, password, options).catch(() => 'unavailable' as const)
  if (typeof vault !== 'string')
    return { outcome: 'opened', replica: createReplica({ user, database, vault }) }
  database.dexie.close()
  return { outcome: vault }
}

/** Undefined if nobody can say. */
async function isHere(user: string): Promise<boolean | undefined> {
  const found = await indexedDB.databases().catch(() => undefined)
  return found?.some(({ name }) => name === databaseName(user))
}

async function vaultIn(
  database: ReplicaDatabase,
  password: string,
  { create, earlier }: Parameters<OpenReplica>[2],
): Promise<Vault | ReplicaProblem> {
  const row = createVaultRow({ database })
  let wrapped = await row.read()
  if (wrapped === undefined) {
    if (!create) return 'none'
    const made = await createVault(password)
    const kept = await row.keep(made.wrapped)
    if (kept.outcome === 'written') return made.vault
    if (kept.outcome !== 'taken') return 'unavailable'
    // Another window has begun at the same moment: the first one counts.
    wrapped = await row.read()
  }
  const opened = await openVault(wrapped, password)
  if (opened.outcome === 'opened') return opened.vault
  if (opened.outcome === 'damaged' || earlier === undefined) return opened.outcome
  const again = await rewrap(wrapped, earlier, password)
  if (again.outcome !== 'rewrapped') return again.outcome
  if ((await row.replace(again.wrapped)).outcome !== 'written') return 'unavailable'
  const anew = await openVault(again.wrapped, password)
  return anew.outcome === 'opened' ? anew.vault : anew.outcome
}
