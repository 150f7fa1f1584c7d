import { z } from 'zod'
import type { ReplicaDatabase } from './database.ts'
import type { Wrapped } from './vault.ts'
import { type Written, written } from './written.ts'

/** Where the wrapped secret of the vault is kept. Losing it loses every row, so nothing here overwrites it unasked. */
export type VaultRowStore = {
  /** For `openVault`, which parses it; undefined if there is none yet. */
  read(): Promise<unknown>
  /** Keeps a new vault's secret. `taken`: another window was first; its secret counts, and stays. */
  keep(wrapped: Wrapped): Promise<Written | { outcome: 'taken' }>
  /** Puts the secret, wrapped anew, in the place of the old. */
  replace(wrapped: Wrapped): Promise<Written>
}

const rowShape = z.object({ wrapped: z.unknown() })
const id = 1

export function createVaultRow({ database }: { database: ReplicaDatabase }): VaultRowStore {
  const { dexie, vault } = database
  return {
    async read() {
      const row = await vault.get(id)
      // A row without shape is there all the same: it must not be taken for a device without a vault.
      return row === undefined ? undefined : (rowShape.safeParse(row).data?.wrapped ?? null)
    },
    async keep(wrapped) {
      let taken = false
      const outcome = await written(() =>
        dexie.transaction('rw', vault, async () => {
          taken = (await vault.count()) > 0
          if (!taken) await vault.add({ id, wrapped })
        }),
      )
      return taken ? { outcome: 'taken' } : outcome
    },
    replace: (wrapped) => written(() => vault.put({ id, wrapped })),
  }
}
