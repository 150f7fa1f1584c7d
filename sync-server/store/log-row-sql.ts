import type { LogRow } from './log-row.ts'

/** A row of the log as PostgreSQL gives it. */
export type StoredRow = {
  origin: string
  seq: number
  kind: LogRow['kind']
  document: string
  clock: number
  subject: string
  entry_id: string
  home_group: string
  author: string
  lamport: number
  epoch: number
  key_id: string
  digest: Uint8Array
  bytes: Uint8Array | null
  hash: Uint8Array
}

export function logRow(row: StoredRow): LogRow {
  const { entry_id, home_group, key_id, ...same } = row
  return { ...same, entryId: entry_id, homeGroup: home_group, keyId: key_id }
}
