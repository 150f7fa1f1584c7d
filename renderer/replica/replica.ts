import { type Announce, announceByChannel } from './announce.ts'
import { databaseName, type ReplicaDatabase } from './database.ts'
import { createOutbox, type Outbox } from './outbox.ts'
import { createStoredDocuments, type StoredDocuments } from './stored-documents.ts'
import { createStoredValues, type StoredValues } from './stored-values.ts'
import type { Vault } from './vault.ts'

/** What a device keeps for one person: their changes, copies of documents, and single values, all of it sealed. */
export type Replica = {
  /** Names the profile and the person, to nobody who does not know them already. */
  name: string
  outbox: Outbox
  documents: StoredDocuments
  values: StoredValues
  close(): void
}

export type ReplicaDeps = { user: string; database: ReplicaDatabase; vault: Vault; announce?: Announce }

export function createReplica({ user, database, vault, announce }: ReplicaDeps): Replica {
  const telling = announce ?? announceByChannel({ channel: new BroadcastChannel(databaseName(user)) })
  return {
    name: databaseName(user),
    outbox: createOutbox({ database, vault, announce: telling }),
    documents: createStoredDocuments({ database, vault }),
    values: createStoredValues({ database, vault }),
    close() {
      telling.close()
      database.dexie.close()
    },
  }
}
