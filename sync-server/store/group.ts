import { type Keyring, scopeOf } from '../keys/keyring.ts'
import { seal } from '../keys/sealing.ts'
import { type Line, payloadKindOf } from './line.ts'
import type { LineTable } from './line-table.ts'
import { chain, type Head, type LogRow, type UnchainedRow } from './log-row.ts'
import type { Numbering } from './numbering.ts'
import type { AppendOutcome, PlainRow } from './plain-row.ts'

/**
 * Rows that are committed together: sealed and chained behind a head, the grant of a new key before its first use.
 * `answers` has, for each row that was asked for, what its caller is told once the group is flushed.
 */
export type Group = { rows: LogRow[]; plains: (Uint8Array | undefined)[]; answers: AppendOutcome[] }

export type GroupDeps = {
  line: Line
  keyring: Keyring
  numbering: Numbering
  recipientsOf(homeGroup: string): readonly string[]
  epochOf(homeGroup: string): number
}

type Key = { keyId: string; key: Uint8Array }

/** Builds the group of these rows behind a head. What the log holds already is answered with that commit. */
export async function buildGroup(
  deps: GroupDeps,
  table: LineTable,
  origin: string,
  head: Head,
  rows: readonly PlainRow[],
): Promise<Group> {
  const places = await deps.numbering.placesFor(table, origin, rows)
  const group: Group = { rows: [], plains: [], answers: [] }
  const fresh = new Map<string, Key>()
  const taken = new Map<string, AppendOutcome>()
  let last = head
  const push = (row: Omit<UnchainedRow, 'origin' | 'seq'>, plain?: Uint8Array) => {
    const chained = chain(last, { ...row, origin, seq: last.seq + 1 })
    last = chained
    group.rows.push(chained)
    group.plains.push(plain)
  }

  async function keyOf(scope: string, homeGroup: string): Promise<Key> {
    const known = fresh.get(scope) ?? (await activeKey(deps.keyring, origin, scope))
    if (known) return known
    const made = await deps.keyring.make(scope, deps.recipientsOf(homeGroup))
    push(grantOf(deps, { ...made, homeGroup }))
    fresh.set(scope, made)
    return made
  }

  for (const { plain, ...clear } of rows) {
    const known = places.existing(clear) ?? taken.get(clear.entryId)
    if (known) {
      group.answers.push(known)
      continue
    }
    const { keyId, key } = await keyOf(scopeOf(clear.document), clear.homeGroup)
    const epoch = deps.epochOf(clear.homeGroup)
    const clock = places.nextClock(clear)
    const bytes = seal(key, { origin, document: clear.document, entryId: clear.entryId }, plain)
    push({ ...clear, kind: payloadKindOf(deps.line), clock, epoch, keyId, bytes }, plain)
    const outcome: AppendOutcome = { outcome: 'committed', commit: { origin, seq: last.seq, epoch, clock } }
    if (clear.entryId !== '') taken.set(clear.entryId, outcome)
    group.answers.push(outcome)
  }
  return group
}

/** A group of one row, which grants a key to these regions. */
export function grantGroup(
  deps: GroupDeps,
  origin: string,
  head: Head,
  grant: {
    keyId: string
    scope: string
    homeGroup: string
    recipients: readonly string[]
    wrapped: Uint8Array
  },
): Group {
  const row = chain(head, { ...grantOf(deps, grant), origin, seq: head.seq + 1 })
  return { rows: [row], plains: [undefined], answers: [] }
}

function grantOf(
  { epochOf }: GroupDeps,
  grant: {
    keyId: string
    scope: string
    homeGroup: string
    recipients: readonly string[]
    wrapped: Uint8Array
  },
): Omit<UnchainedRow, 'origin' | 'seq'> {
  const { keyId, scope, homeGroup, wrapped } = grant
  const subject = [...grant.recipients].sort().join(',')
  const none = { clock: -1, entryId: '', author: '', lamport: 0 }
  return {
    ...none,
    kind: 'grant',
    document: scope,
    subject,
    homeGroup,
    epoch: epochOf(homeGroup),
    keyId,
    bytes: wrapped,
  }
}

async function activeKey(keyring: Keyring, origin: string, scope: string): Promise<Key | undefined> {
  const keyId = keyring.active(origin, scope)
  const key = keyId === undefined ? undefined : await keyring.key(keyId)
  return keyId !== undefined && key ? { keyId, key } : undefined
}
