import { type Keyring, scopeOf } from '../keys/keyring.ts'
import type { FlushedRow } from './flushed-row.ts'
import { createLackingKeys, type LackingKey } from './lacking-keys.ts'
import type { Line } from './line.ts'
import type { LineTable } from './line-table.ts'
import { emptyHead, follows, type Head, type LogRow } from './log-row.ts'
import { openRows } from './open-row.ts'

/**
 * Takes rows of other origins into a line: in order and checked against the running hash, or not at all. What is
 * flushed is a contiguous prefix of every origin; what can be served ends before the first row whose key this region
 * has not (yet) been granted.
 *
 * 1. What has been offered of an origin while a group was being stored is the next group: one statement, one flush.
 * 2. While a group is being stored the one before is opened and told, so that neither waits for the other.
 * 3. A group is told whole and in order, and counts as servable only then.
 * 4. Rows behind an origin's end are passed over, as if they had not been sent.
 * 5. Rows of an erased patient are stored, because the chain runs over them, but a grant without its key.
 * 6. A statement that failed may have stored its rows, or may do so yet. The log is read, and told on, until that is over.
 *    So may one of a process that ended before this one began: once nobody's can be under way any more, it is looked for.
 */

export type Taken =
  | { outcome: 'taken'; rows: number }
  /** The first row is not the successor of what is here. */
  | { outcome: 'gap'; have: number }
  /** A row does not fit the chain; what stood before it is taken. */
  | { outcome: 'mismatch'; at: number }

export type Intake = {
  take(origin: string, rows: readonly LogRow[]): Promise<Taken>
  /** Runs while no row of this origin is being taken. */
  alone<T>(origin: string, work: () => Promise<T>): Promise<T>
  /** An origin's chain ends here now: it was this region's own until now, or its last rows have left the log. */
  setHead(origin: string, head: Head): void
  /** To be told when the keyring has learned something from elsewhere. */
  keysCame(): void
  /** To be called every second: reads on where a statement failed. */
  lookAgain(): void
  head(origin: string): Head
  /** Origin → highest flushed sequence, of the origins taken in here. */
  flushed(): Map<string, number>
  servable(origin: string, flushed: number): number
}

export type IntakeDeps = {
  line: Line
  table: Pick<LineTable, 'append' | 'heads' | 'rowsAfter' | 'rowsUnder' | 'keysNotGranted'>
  region: string
  heads: ReadonlyMap<string, Head>
  /** Is this the origin under which this region writes? */
  isOwn(origin: string): boolean
  keyring: Keyring
  /** The last row of an origin that counts, if it has ended. */
  endOf(origin: string): number | undefined
  onFlushed(rows: readonly FlushedRow[]): void
  /** Monotonic, in ms. */
  now(): number
  warn(message: string, detail: object): void
}

const reopenBatch = 500
/** Rows of one group: enough to amortise a statement and a flush, few enough that a reader is told soon. */
const groupRows = 2000

/** A statement that nobody heard of is over when the log could be read for so long since: the database ends it. In ms. */
const statementMs = 12_000

type Offer = {
  rows: readonly LogRow[]
  answer(taken: Taken): void
  fail(error: unknown): void
}
/** What waits for one origin: offered rows, and work that runs alone. */
type Queue = { items: (Offer | (() => Promise<void>))[]; running: boolean; told: Promise<void> }

export async function createIntake(deps: IntakeDeps): Promise<Intake> {
  const { line, table, keyring } = deps
  const heads = new Map(deps.heads)
  /** How far an origin's rows have been opened and told. */
  const told = new Map([...heads].map(([origin, head]) => [origin, head.seq]))
  const lacking = createLackingKeys(await lackingNow())
  /** Keys that have come, and whose rows have not been told yet. */
  const due = new Set<LackingKey>()
  const queues = new Map<string, Queue>()
  /** Origins of which a statement failed → since when the log could be read. */
  const unsure = new Map<string, number | undefined>()
  let reopening: Promise<void> = Promise.resolve()
  /** When no statement of an earlier process can be under way any more; undefined once that has been looked at. */
  let lateAt: number | undefined = deps.now() + statementMs

  async function lackingNow(): Promise<LackingKey[]> {
    const keys = await table.keysNotGranted(deps.region)
    return keys
      .map(({ document, ...key }) => ({ ...key, scope: scopeOf(document) }))
      .filter(({ scope }) => !keyring.erased(scope))
  }

  const headOf = (origin: string) => heads.get(origin) ?? emptyHead(line, origin)

  function queueOf(origin: string): Queue {
    const known = queues.get(origin) ?? { items: [], running: false, told: Promise.resolve() }
    queues.set(origin, known)
    return known
  }

  async function run(origin: string, queue: Queue): Promise<void> {
    if (queue.running) return
    queue.running = true
    for (let next = queue.items[0]; next; next = queue.items[0])
      if (typeof next === 'function') {
        queue.items.shift()
        await queue.told
        await next()
      } else await takeGroup(origin, queue, gather(queue))
    queue.running = false
  }

  function gather(queue: Queue): Offer[] {
    const offers: Offer[] = []
    for (let rows = 0; ; ) {
      const next = queue.items[0]
      if (!next || typeof next === 'function' || (rows > 0 && rows + next.rows.length > groupRows))
        return offers
      rows += next.rows.length
      offers.push(next)
      queue.items.shift()
    }
  }

  async function takeGroup(origin: string, queue: Queue, offers: readonly Offer[]): Promise<void> {
    const end = deps.endOf(origin) ?? Number.POSITIVE_INFINITY
    const fresh: LogRow[] = []
    let head = headOf(origin)
    const answers = offers.map(({ rows }): Taken => {
      const before = fresh.length
      for (const row of rows) {
        if (row.seq <= head.seq || row.seq > end) continue
        if (row.seq !== head.seq + 1) return { outcome: 'gap', have: head.seq }
        if (row.origin !== origin || !follows(head, row)) return { outcome: 'mismatch', at: row.seq }
        head = { seq: row.seq, hash: row.hash }
        fresh.push(row.kind === 'grant' && keyring.erased(row.document) ? { ...row, bytes: null } : row)
      }
      return { outcome: 'taken', rows: fresh.length - before }
    })
    let flushed = fresh
    try {
      if (fresh.length > 0) {
        await table.append(fresh)
        // A copy of the hash: the row may lie in a large message.
        heads.set(origin, { seq: head.seq, hash: Uint8Array.from(head.hash) })
      }
      for (const [i, offer] of offers.entries()) offer.answer(answers[i]!)
    } catch (error) {
      // Perhaps it was stored all the same: the log says where this origin stands, and what has not been told yet.
      unsure.set(origin, undefined)
      flushed = await untold(origin)
      for (const offer of offers) offer.fail(error)
    }
    await passOn(origin, queue, flushed)
  }

  async function passOn(origin: string, queue: Queue, flushed: readonly LogRow[]): Promise<void> {
    if (flushed.length === 0) return
    await queue.told
    queue.told = tell(origin, flushed).catch(() =>
      deps.warn('rows that were taken in could not be told', { line, origin }),
    )
  }

  async function lookForLateRows(): Promise<void> {
    lateAt = undefined
    try {
      for (const [origin, { seq }] of await table.heads())
        if (!deps.isOwn(origin) && seq > headOf(origin).seq) unsure.set(origin, undefined)
    } catch {
      lateAt = deps.now()
    }
  }

  async function untold(origin: string): Promise<LogRow[]> {
    const rows: LogRow[] = []
    try {
      for (;;) {
        const more = await table.rowsAfter(origin, headOf(origin).seq, groupRows)
        const last = more.at(-1)
        if (!last) break
        rows.push(...more)
        heads.set(origin, { seq: last.seq, hash: last.hash })
      }
      const since = unsure.get(origin)
      if (since === undefined) unsure.set(origin, deps.now())
      else if (deps.now() - since > statementMs) unsure.delete(origin)
    } catch {
      unsure.set(origin, undefined)
    }
    return rows
  }

  async function tell(origin: string, rows: readonly LogRow[]): Promise<void> {
    const aboutKeys = rows.filter(isAboutKeys)
    for (const row of aboutKeys) keyring.learn(row)
    const opened = await openRows(keyring, line, rows)
    const waiting = opened
      .filter(({ why }) => why === 'no-key')
      .map(({ row }) => lacking.add(lackingKey(row)))
    told.set(origin, rows.at(-1)!.seq)
    deps.onFlushed(opened)
    // While these were opened, a key may have come with another origin's rows.
    look(aboutKeys.length > 0 ? lacking.all() : waiting)
    if (due.size > 0) await reopenDue()
  }

  function look(keys: Iterable<LackingKey>): void {
    for (const key of keys)
      if (keyring.erased(key.scope)) lacking.delete(key)
      else if (keyring.has(key.keyId)) due.add(key)
  }

  /** Tells what could not be opened until now. If the log cannot be read, it is tried again with the next rows. */
  function reopenDue(): Promise<void> {
    reopening = reopening.then(async () => {
      for (const key of [...due])
        await reopen(key).then(
          () => due.delete(key),
          () => undefined,
        )
    })
    return reopening
  }

  async function reopen(key: LackingKey): Promise<void> {
    for (let at = key.seq - 1; ; ) {
      const upTo = told.get(key.origin) ?? 0
      const rows = (await table.rowsUnder(key.origin, key.keyId, at, reopenBatch)).filter(
        // What has not been told yet is told in its turn, and opened then.
        (row) => row.seq <= upTo,
      )
      const last = rows.at(-1)
      if (!last && upTo === (told.get(key.origin) ?? 0)) return lacking.delete(key)
      const opened = await openRows(keyring, line, rows)
      if (opened.some(({ why }) => why === 'no-key')) return
      if (last) deps.onFlushed(opened)
      at = last?.seq ?? at
    }
  }

  return {
    take(origin, rows) {
      const queue = queueOf(origin)
      return new Promise((answer, fail) => {
        queue.items.push({ rows, answer, fail })
        void run(origin, queue)
      })
    },
    alone(origin, work) {
      const queue = queueOf(origin)
      return new Promise((resolve, reject) => {
        queue.items.push(() => work().then(resolve, reject))
        void run(origin, queue)
      })
    },
    setHead(origin, head) {
      if (head.seq > 0) heads.set(origin, head)
      else heads.delete(origin)
      told.set(origin, head.seq)
      lacking.cut(origin, head.seq)
    },
    keysCame() {
      look(lacking.all())
      if (due.size > 0) void reopenDue()
    },
    lookAgain() {
      if (lateAt !== undefined && deps.now() > lateAt) void lookForLateRows()
      for (const origin of unsure.keys()) {
        const queue = queueOf(origin)
        if (queue.items.length > 0 || queue.running) continue
        queue.items.push(async () => passOn(origin, queue, await untold(origin)))
        void run(origin, queue)
      }
    },
    head: headOf,
    flushed: () => new Map([...heads].map(([origin, head]) => [origin, head.seq])),
    servable: (origin, flushed) =>
      Math.min(flushed, told.get(origin) ?? 0, (lacking.first(origin) ?? Number.POSITIVE_INFINITY) - 1),
  }
}

export function isAboutKeys(row: LogRow): boolean {
  return row.kind === 'grant' || row.kind === 'tombstone'
}

function lackingKey({ origin, keyId, document, seq }: LogRow): LackingKey {
  return { origin, keyId, scope: scopeOf(document), seq }
}
