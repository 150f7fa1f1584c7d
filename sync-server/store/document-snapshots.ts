import * as decoding from 'lib0/decoding'
import * as encoding from 'lib0/encoding'
import type { Keyring } from '../keys/keyring.ts'
import { open, seal } from '../keys/sealing.ts'
import { inTime, type Sql } from './database.ts'
import type { DocumentSnapshot, DocumentSnapshots, SnapshotPart } from './ports.ts'

/**
 * Beginnings of long documents, as the Yjs updates that a reader who has nothing gets. Sealed like the rows that they
 * are made of, so they end with the keys.
 *
 * ```
 * bytes   varuint parts, then for each: varuint origins, n × (string origin, varuint items up to here), bytes update
 * ```
 */
export function createDocumentSnapshots(keyring: Keyring, sql: Sql): DocumentSnapshots {
  const place = (document: string) => ({ origin: 'snapshot', document, entryId: '' })

  return {
    async load(document) {
      const [row] = await inTime(sql<{ key_id: string; bytes: Uint8Array }[]>`
        select key_id, bytes from document_snapshot where document = ${document}`)
      if (!row) return undefined
      try {
        const key = await keyring.key(row.key_id)
        return key && decodeSnapshot(open(key, place(document), row.bytes))
      } catch {
        // It was altered, or belongs elsewhere: the log has everything.
        return undefined
      }
    },
    async keep(document, snapshot) {
      const [last] = await inTime(sql<{ key_id: string }[]>`
        select key_id from log where kind = 'entry' and document = ${document} order by origin, clock desc limit 1`)
      const key = last && (await keyring.key(last.key_id))
      if (!key) return
      const bytes = Buffer.from(seal(key, place(document), encodeSnapshot(snapshot)))
      await inTime(sql`
        insert into document_snapshot (document, key_id, bytes) values (${document}, ${last.key_id}, ${bytes})
        on conflict (document) do update set key_id = excluded.key_id, bytes = excluded.bytes`)
    },
    async drop(documents) {
      await inTime(sql`delete from document_snapshot where document = any(${documents as string[]}::text[])`)
    },
  }
}

function encodeSnapshot({ parts }: DocumentSnapshot): Uint8Array {
  const encoder = encoding.createEncoder()
  encoding.writeVarUint(encoder, parts.length)
  for (const { ends, update } of parts) {
    encoding.writeVarUint(encoder, ends.size)
    for (const [origin, end] of ends) {
      encoding.writeVarString(encoder, origin)
      encoding.writeVarUint(encoder, end)
    }
    encoding.writeVarUint8Array(encoder, update)
  }
  return encoding.toUint8Array(encoder)
}

function decodeSnapshot(sealed: Uint8Array): DocumentSnapshot {
  const decoder = decoding.createDecoder(Uint8Array.from(sealed))
  const parts: SnapshotPart[] = []
  for (let left = decoding.readVarUint(decoder); left > 0; left--) {
    const ends = new Map<string, number>()
    for (let origins = decoding.readVarUint(decoder); origins > 0; origins--)
      ends.set(decoding.readVarString(decoder), decoding.readVarUint(decoder))
    parts.push({ ends, update: decoding.readVarUint8Array(decoder) })
  }
  return { parts }
}
