import { groupScope, type Keyring, scopeOf } from '../keys/keyring.ts'
import { seal } from '../keys/sealing.ts'
import { type Line, payloadKindOf } from './line.ts'
import type { LineTable } from './line-table.ts'
import { chain, type Head, type LogRow, type RowKind, type UnchainedRow } from './log-row.ts'
import type { Numbering } from './numbering.ts'
import type { AppendOutcome, PlainRow, RowCommit } from './plain-row.ts'
import { sealReason } from './tombstone.ts'

/**
 * Rows that are committed together: sealed and chained behind a head, the grant of a new key before its first use.
 * `answers` has, for each row that was asked for, what its caller is told once the group is flushed.
 */
export type Group = { rows: LogRow[]; contents: (Content | undefined)[]; answers: AppendOutcome[] }
type Content = Pick<PlainRow, 'plain' | 'entry'>

export type GroupDeps = {
  line: Line
  keyring: Keyring
  numbering: Numbering
  recipientsOf(homeGroup: string): readonly string[]
  epochOf(homeGroup: string): number
}

type Key = { keyId: string; key: Uint8Array }

/**
 * Builds the group of these rows behind a head. What the log holds already is answered with that commit; what belongs to a
 * scope that was erased, or is erased by a row before it, is answered so and not stored.
 */
export async function buildGroup(
  deps: GroupDeps,
  table: LineTable,
  origin: string,
  head: Head,
  rows: readonly PlainRow[],
): Promise<Group> {
  const places = await deps.numbering.placesFor(table, origin, rows)
  const group: Group = { rows: [], contents: [], answers: [] }
  const fresh = new Map<string, Key>()
  const erasedHere = new Set<string>()
  const taken = new Map<string, AppendOutcome>()
  let last = head
  const push = (row: Omit<UnchainedRow, 'origin' | 'seq'>, content?: Content) => {
    const chained = chain(last, { ...row, origin, seq: last.seq + 1 })
    last = chained
    group.rows.push(chained)
    group.contents.push(content)
  }

  async function keyOf(scope: string, homeGroup: string): Promise<Key> {
    const known = fresh.get(scope) ?? (await activeKey(deps.keyring, origin, scope))
    if (known) return known
    const made = await deps.keyring.make(scope, deps.recipientsOf(homeGroup))
    push({ ...grantRow(deps, { ...made, homeGroup }), clock: -1 })
    fresh.set(scope, made)
    return made
  }

  async function pushTombstone({ plain, entry: _, ...clear }: PlainRow): Promise<RowCommit> {
    // The reason outlives the patient's keys: it lies under the key of the group.
    const { keyId, key } = await keyOf(groupScope(clear.homeGroup), clear.homeGroup)
    const epoch = deps.epochOf(clear.homeGroup)
    push({
      ...clear,
      kind: 'tombstone',
      clock: -1,
      epoch,
      keyId,
      bytes: sealReason(key, clear.document, plain),
    })
    erasedHere.add(clear.document)
    return { origin, seq: last.seq, epoch, clock: -1 }
  }

  async function pushPayload({ plain, entry, ...clear }: PlainRow): Promise<RowCommit> {
    const { keyId, key } = await keyOf(scopeOf(clear.document), clear.homeGroup)
    const epoch = deps.epochOf(clear.homeGroup)
    const clock = places.nextClock(clear)
    const bytes = seal(key, { origin, document: clear.document, entryId: clear.entryId }, plain)
    push({ ...clear, kind: payloadKindOf(deps.line), clock, epoch, keyId, bytes }, { plain, entry })
    return { origin, seq: last.seq, epoch, clock }
  }

  async function answer(row: PlainRow): Promise<AppendOutcome> {
    const scope = row.kind === 'tombstone' ? row.document : scopeOf(row.document)
    if (deps.keyring.erased(scope) || erasedHere.has(scope)) return { outcome: 'erased', detail: erasedWords }
    const known = places.existing(row) ?? taken.get(row.entryId)
    if (known) return known
    const commit = await (row.kind === 'tombstone' ? pushTombstone(row) : pushPayload(row))
    const outcome: AppendOutcome = { outcome: 'committed', commit }
    if (row.entryId !== '') taken.set(row.entryId, outcome)
    return outcome
  }

  for (const row of rows) group.answers.push(await answer(row))
  return group
}

const erasedWords = 'this patient was erased: nothing about them is kept any more'

/** A row about keys or origins. It has no place in a document, and is stored as it is. */
export type StatedRow = Omit<UnchainedRow, 'origin' | 'seq' | 'clock'> & { kind: RowKind }

/** A group of such rows behind a head. */
export function statedGroup(origin: string, head: Head, rows: readonly StatedRow[]): Group {
  const group: Group = { rows: [], contents: [], answers: [] }
  let last = head
  for (const row of rows) {
    const chained = chain(last, { ...row, origin, seq: last.seq + 1, clock: -1 })
    last = chained
    group.rows.push(chained)
    group.contents.push(undefined)
  }
  return group
}

export type Grant = {
  keyId: string
  scope: string
  homeGroup: string
  recipients: readonly string[]
  wrapped: Uint8Array
  /** The origin that made the key, if it is not the one that grants it. */
  maker?: string
}

/** The row that grants a key to regions. */
export function grantRow(
  { epochOf }: Pick<GroupDeps, 'epochOf'>,
  { keyId, scope, homeGroup, recipients, wrapped, maker = '' }: Grant,
): StatedRow {
  return {
    kind: 'grant',
    document: scope,
    subject: [...recipients].sort().join(','),
    entryId: '',
    homeGroup,
    author: maker,
    lamport: 0,
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
