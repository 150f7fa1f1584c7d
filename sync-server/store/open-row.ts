import { type Keyring, scopeOf } from '../keys/keyring.ts'
import { open } from '../keys/sealing.ts'
import type { FlushedRow } from './flushed-row.ts'
import { type Line, payloadKindOf } from './line.ts'
import type { LogRow } from './log-row.ts'

/** Opens rows, each with its content or the reason why not. Rows without content, like grants, have neither. */
export async function openRows(keyring: Keyring, line: Line, rows: readonly LogRow[]): Promise<FlushedRow[]> {
  await keyring.prepare(new Set(rows.map((row) => row.keyId)))
  return rows.map((row) => openReady(keyring, line, row))
}

export async function openRow(keyring: Keyring, line: Line, row: LogRow): Promise<FlushedRow> {
  const [opened] = await openRows(keyring, line, [row])
  return opened!
}

function openReady(keyring: Keyring, line: Line, row: LogRow): FlushedRow {
  if (row.kind !== payloadKindOf(line)) return { row, plain: undefined }
  const keys = keyring.keys(row.keyId)
  // Of a scope that was erased no keys are left.
  if (keys.length === 0)
    return { row, plain: undefined, why: keyring.erased(scopeOf(row.document)) ? 'erased' : 'no-key' }
  for (const key of keys)
    try {
      if (row.bytes) return { row, plain: open(key, row, row.bytes) }
    } catch {
      // Perhaps under another one that was granted by the same name.
    }
  return { row, plain: undefined, why: 'damaged' }
}
