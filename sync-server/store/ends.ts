import type { Keyring } from '../keys/keyring.ts'
import type { FlushedRow } from './flushed-row.ts'
import type { StatedRow } from './group.ts'
import { type Intake, isAboutKeys } from './intake.ts'
import { type Line, payloadKindOf } from './line.ts'
import type { LineTable } from './line-table.ts'
import { emptyHead, type LogRow, type RowKind, sameBytes } from './log-row.ts'
import { openRow } from './open-row.ts'
import type { PlainRow } from './plain-row.ts'
import type { Timers } from './timers.ts'
import type { Writer } from './writer.ts'

/**
 * Where origins end. A region whose disk and witness were restored together goes on under its old origin, and then
 * two histories of that origin are about, both acknowledged. Neither is kept under its name: the origin ends at the last row
 * that both have, for everybody and for good, and what stands behind is committed again under another origin.
 *
 * 1. An end is a row of the log, so it reaches every region as all rows do, those that join later too. Of several the
 *    lowest counts, so that all regions come to the same, in whatever order they hear.
 * 2. What stands behind an end is void: it is no commit. Each region that holds such rows commits their entries and
 *    updates again under its own origin, unless they are committed elsewhere by now, and states grants, tombstones and
 *    ends among them anew. Only then it sets them aside, so that a chart never lacks what was acknowledged.
 * 3. Sequences and clocks behind an end are never used again: whoever has read them, a device or a stock Yjs client, has
 *    entries with one commit too many, and lacks none.
 * 4. A region whose own origin has ended has left it before (`fence.ts`).
 * 5. All of this is done again from the log after a crash, and comes to the same.
 */
export type Ends = {
  /** The last row of an origin that counts, if it has ended. */
  endOf(origin: string): number | undefined
  /** Ends an origin behind a row that is here, for all regions. False if it could not be stored now. */
  end(origin: string, last: number): Promise<boolean>
  /** Origin → what has become of it here. */
  state(): Map<string, EndState>
  /** How the own origin is left when it has ended: resolves when the writer writes under another one. */
  leaveBy(leave: (origin: string) => Promise<void>): void
  /** Called when rows of these documents have been set aside. */
  onSetAside(listener: (origin: string, after: number, documents: readonly string[]) => void): () => void
  close(): void
}

export type EndState = {
  /** The last row that counts. */
  last: number
  /** Rows behind the end are still in the log here. */
  settling: boolean
  setAside: number
  /** Rows that are set aside and wait for their key: they are not committed again yet. */
  waiting: number
}

export type EndsDeps = {
  line: Line
  table: LineTable
  keyring: Keyring
  intake: Intake
  writer: Pick<Writer, 'origin' | 'append' | 'state'>
  timers: Timers
  known: ReadonlyMap<string, number>
  onFlushed(listener: (rows: readonly FlushedRow[]) => void): () => void
  warn(message: string, detail: object): void
}

/** Rows that are committed again, or set aside, at a time. */
const batchRows = 500
const retryMs = 1000

export async function openEnds(deps: EndsDeps): Promise<Ends> {
  const { line, table, keyring, intake, writer } = deps
  const ends = new Map(deps.known)
  const aside = await table.setAsideCounts()
  /** Origins whose rows behind the end may still be in the log here. */
  const settling = new Set<string>()
  const listeners = new Set<(origin: string, after: number, documents: readonly string[]) => void>()
  /** How far the rows behind an end are carried, so that a second try does not append the same updates again. */
  const progress = new Map<string, { last: number; at: number; waiting: number[] }>()
  let closed = false
  let running = false
  let wanted = false
  let stopRetry = () => {}
  let leave = async (_origin: string): Promise<void> => {
    throw notNow()
  }

  const stop = deps.onFlushed((rows) => {
    for (const { row } of rows) {
      if (row.kind === 'end') learn(row.subject, row.lamport)
      // Grants come in great numbers: one look for all of them.
      if (isAboutKeys(row) && waitingRows() > 0) runLater()
    }
  })
  for (const origin of ends.keys()) if (isBehind(origin)) settling.add(origin)
  void run()

  function learn(origin: string, last: number): void {
    if (last >= (ends.get(origin) ?? Number.POSITIVE_INFINITY)) return
    ends.set(origin, last)
    deps.warn('an origin has ended: another history of it is about', { line, origin, last })
    settling.add(origin)
    void run()
  }

  function isBehind(origin: string): boolean {
    return origin === writer.origin() || intake.head(origin).seq > (ends.get(origin) ?? 0)
  }

  function waitingRows(): number {
    return [...aside.values()].reduce((sum, counts) => sum + counts.waiting, 0)
  }

  function runLater(): void {
    stopRetry()
    if (!closed) stopRetry = deps.timers.after(retryMs, () => void run())
  }

  async function run(): Promise<void> {
    wanted = true
    if (running) return
    running = true
    while (wanted && !closed) {
      wanted = false
      // Not in the turn in which rows are told: whoever tells them is not kept waiting.
      await deps.timers.soon()
      try {
        await settleAll()
      } catch {
        runLater()
      }
    }
    running = false
  }

  async function settleAll(): Promise<void> {
    for (const origin of [...settling]) {
      const last = ends.get(origin)!
      await settle(origin, last)
      if (ends.get(origin) === last) settling.delete(origin)
    }
    if (waitingRows() > 0) await carryWaiting()
  }

  async function settle(origin: string, last: number): Promise<void> {
    if (origin === writer.origin()) await leave(origin)
    // From here on nothing more comes in behind the end.
    await intake.alone(origin, async () => {})
    const waiting = await carryAll(origin, last)
    await intake.alone(origin, async () => {
      const documents = new Set<string>()
      let moved = 0
      for (let rows = batchRows; rows === batchRows; ) {
        const part = await table.setAside(origin, last, batchRows, waiting)
        rows = part.rows
        moved += rows
        for (const document of part.documents) documents.add(document)
      }
      const hash = last === 0 ? emptyHead(line, origin).hash : await table.hashAt(origin, last)
      if (hash) intake.setHead(origin, { seq: last, hash })
      for (const [one, counts] of await table.setAsideCounts()) aside.set(one, counts)
      if (moved === 0) return
      deps.warn('rows behind the end of an origin are set aside', { line, origin, last, rows: moved })
      for (const listener of listeners) listener(origin, last, [...documents])
    })
  }

  /** Returns the rows whose key is missing here. */
  async function carryAll(origin: string, last: number): Promise<number[]> {
    const known = progress.get(origin)
    const done = known?.last === last ? known : { last, at: last, waiting: [] }
    progress.set(origin, done)
    for (;;) {
      const rows = await table.rowsAfter(origin, done.at, batchRows)
      if (rows.length === 0) return done.waiting
      const carried = await carry(rows)
      done.waiting.push(...rows.filter((row) => !carried.has(row)).map((row) => row.seq))
      done.at = rows.at(-1)!.seq
    }
  }

  async function carryWaiting(): Promise<void> {
    // All at once: how many wait is bounded by what was written between a backup and its restore.
    const rows = await table.waitingRows(100_000)
    for (let at = 0; at < rows.length; at += batchRows) {
      const part = rows.slice(at, at + batchRows)
      const carried = [...(await carry(part))]
      if (carried.length === 0) continue
      await table.carried(carried)
      for (const row of carried) aside.get(row.origin)!.waiting -= 1
    }
  }

  /** Commits rows again under the own origin. Returns those for which nothing more is to be done. */
  async function carry(rows: readonly LogRow[]): Promise<Set<LogRow>> {
    const done = new Set<LogRow>()
    const again: { row: LogRow; plain: PlainRow }[] = []
    const stated: LogRow[] = []
    for (const row of rows)
      if (row.kind === payloadKindOf(line)) {
        const { plain, why } = await openRow(keyring, line, row)
        if (plain) again.push({ row, plain: plainRow(row, plain) })
        else if (why === 'erased') done.add(row)
      } else if (isStated(row)) {
        // A grant whose key was destroyed has nothing to say any more.
        if (row.kind !== 'grant' || row.bytes) stated.push(row)
        done.add(row)
      }
    const missing = stated.length === 0 ? [] : await notStatedElsewhere(stated)
    if (missing.length > 0 && !(await writer.state(missing.map(statedRow)))) throw notNow()
    const outcomes = await writer.append(again.map(({ plain }) => plain))
    if (outcomes.some(({ outcome }) => outcome !== 'committed' && outcome !== 'erased')) throw notNow()
    for (const { row } of again) done.add(row)
    return done
  }

  async function notStatedElsewhere(rows: readonly LogRow[]): Promise<LogRow[]> {
    const known = (await table.statedAbout([...new Set(rows.map((row) => row.keyId))])).filter(
      (row) => row.seq <= (ends.get(row.origin) ?? Number.POSITIVE_INFINITY),
    )
    return rows.filter((row) => !known.some((other) => saysTheSame(row, other)))
  }

  return {
    endOf: (origin) => ends.get(origin),
    async end(origin, last) {
      if (last >= (ends.get(origin) ?? Number.POSITIVE_INFINITY)) return true
      if (origin === writer.origin()) await leave(origin)
      const hash = last === 0 ? emptyHead(line, origin).hash : await table.hashAt(origin, last)
      return hash !== undefined && (await writer.state([endRow(origin, last, hash)]))
    },
    state: () =>
      new Map(
        [...ends].map(([origin, last]) => {
          const { rows, waiting } = aside.get(origin) ?? { rows: 0, waiting: 0 }
          return [origin, { last, settling: settling.has(origin), setAside: rows, waiting }]
        }),
      ),
    leaveBy(how) {
      leave = how
    },
    onSetAside(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    close() {
      closed = true
      stop()
      stopRetry()
    },
  }
}

const statedKinds: readonly RowKind[] = ['grant', 'tombstone', 'end']

function isStated(row: LogRow): boolean {
  return statedKinds.some((kind) => kind === row.kind)
}

function endRow(origin: string, last: number, hash: Uint8Array): StatedRow {
  const none = { document: '', entryId: '', homeGroup: '', author: '', epoch: 1, keyId: '' }
  return { ...none, kind: 'end', subject: origin, lamport: last, bytes: hash }
}

/** What a row says, from an origin that has not ended. A grant names the origin that made the key. */
function statedRow(row: LogRow): StatedRow {
  const { document, subject, entryId, homeGroup, author, lamport, epoch, keyId } = row
  const maker = row.kind === 'grant' && author === '' ? row.origin : author
  const kind = statedKinds.find((known) => known === row.kind)!
  const same = { kind, document, subject, entryId, homeGroup, lamport, epoch, keyId }
  return { ...same, author: maker, bytes: row.bytes ?? new Uint8Array(0) }
}

function saysTheSame(a: LogRow, b: LogRow): boolean {
  return (
    a.kind === b.kind &&
    a.keyId === b.keyId &&
    a.document === b.document &&
    a.subject === b.subject &&
    a.lamport === b.lamport &&
    sameBytes(a.digest, b.digest)
  )
}

function plainRow(row: LogRow, plain: Uint8Array): PlainRow {
  const { document, subject, entryId, homeGroup, author, lamport } = row
  return { document, subject, entryId, homeGroup, author, lamport, plain }
}

function notNow(): Error {
  return new Error('this region does not take writes now: it is tried again')
}
