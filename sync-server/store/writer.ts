import type { Keyring } from '../keys/keyring.ts'
import { scopeOf } from '../keys/keyring.ts'
import { seal } from '../keys/sealing.ts'
import { isConnectionLoss } from './database.ts'
import { type Line, payloadKindOf } from './line.ts'
import { chain, emptyHead, type Head, type LogRow, sameBytes, type UnchainedRow } from './log-row.ts'
import { appendRows, hashAt } from './log-table.ts'
import type { Numbering } from './numbering.ts'
import type { Pen } from './pen.ts'
import type { Witness } from './witness.ts'

/**
 * The one writer of this region's rows in a line. Everything that waits when a group begins is committed together, in
 * one statement; the next group begins when this one is flushed.
 *
 * 1. The head moves only when rows are known to be stored, so sequences have no gaps.
 * 2. Nothing is told to anybody before the statement returned and the witness names the new head.
 * 3. If the connection fails in a commit, what happened is read from the log, never guessed.
 * 4. A row enters the chain only under a key whose grant stands before it.
 */

export type PlainRow = {
  document: string
  subject: string
  entryId: string
  homeGroup: string
  author: string
  lamport: number
  plain: Uint8Array
}
export type RowCommit = { origin: string; seq: number; epoch: number; clock: number }
export type AppendOutcome =
  | { outcome: 'committed'; commit: RowCommit }
  | { outcome: 'unavailable'; detail: string }
  | { outcome: 'indeterminate'; detail: string }

/** A row that is flushed, with its content if this region can open it. */
export type FlushedRow = { row: LogRow; plain: Uint8Array | undefined }

export type WriterDeps = {
  line: Line
  origin: string
  head: Head
  pen: Pen
  /** A new pen after the old one's connection was lost; undefined while another process has it. */
  takePen(): Promise<Pen | undefined>
  keyring: Keyring
  /** Regions that may open a home group's documents. */
  recipientsOf(homeGroup: string): readonly string[]
  epochOf(homeGroup: string): number
  numbering: Numbering
  witness: Witness
  onFlushed(rows: readonly FlushedRow[]): void
  warn(message: string, detail: object): void
  /** Rows that may wait; more are answered with `unavailable`. */
  pendingRows: number
  /** How long a caller waits for a lost connection to come back, in ms. */
  patienceMs: number
}

export type Writer = {
  origin(): string
  head(): Head
  append(rows: readonly PlainRow[]): Promise<AppendOutcome[]>
  /** Grants a key that this region can open to more regions. */
  grant(keyId: string, scope: string, homeGroup: string, regions: readonly string[]): Promise<void>
  /** Goes on under another origin, from an empty chain, once the group that is being committed is decided. Returns what it left. */
  beginIncarnation(origin: string): Promise<{ origin: string; head: Head }>
  waiting(): number
  /** Undefined while rows are taken; else why not. */
  trouble(): string | undefined
  close(): Promise<void>
}

type Job = { rows: readonly PlainRow[]; resolve: (outcomes: AppendOutcome[]) => void }
type Group = { rows: LogRow[]; plains: (Uint8Array | undefined)[]; answers: (() => AppendOutcome)[] }

/** Rows of one group: enough to amortise a flush, few enough that nobody waits long behind an import. */
const groupRows = 1000
const idleCheckMs = 1000

export function createWriter(deps: WriterDeps): Writer {
  const { line, keyring, numbering } = deps
  const epochs = deps.epochOf
  let { origin, head, pen } = deps
  let trouble: string | undefined
  let closed = false
  let running: Promise<void> | undefined
  let waiting = 0
  const jobs: Job[] = []
  const errands: (() => Promise<void>)[] = []
  const idleCheck = setInterval(() => {
    if (!running && !closed) errand(checkPen).catch(() => {})
  }, idleCheckMs)
  idleCheck.unref()

  /** Runs between groups, alone. */
  function errand<T>(work: () => Promise<T>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      errands.push(() => work().then(resolve, reject))
      run()
    })
  }

  function run(): void {
    running ??= loop().finally(() => {
      running = undefined
      if (errands.length > 0 || jobs.length > 0) run()
    })
  }

  async function loop(): Promise<void> {
    // One turn of the event loop gathers everything that arrives together into one group.
    await new Promise((resolve) => setImmediate(resolve))
    while (errands.length > 0 || jobs.length > 0) {
      const work = errands.shift()
      if (work) await work()
      else await commitGroup(takeGroup())
    }
  }

  function takeGroup(): Job[] {
    const group: Job[] = []
    let rows = 0
    while (jobs[0] && (rows === 0 || rows + jobs[0].rows.length <= groupRows)) {
      rows += jobs[0].rows.length
      group.push(jobs.shift()!)
    }
    waiting -= rows
    return group
  }

  async function commitGroup(group: Job[]): Promise<void> {
    const answerAll = (outcome: AppendOutcome) => {
      for (const job of group) job.resolve(job.rows.map(() => outcome))
    }
    if (trouble && !(await recover())) return answerAll({ outcome: 'unavailable', detail: trouble })
    let built: Group
    try {
      built = await build(group.flatMap((job) => job.rows))
    } catch (error) {
      note(error)
      return answerAll({ outcome: 'unavailable', detail: 'the store cannot be read' })
    }
    const stored = await store(built)
    if (stored !== 'stored') {
      const detail = trouble ?? 'the store refused the rows'
      return answerAll({ outcome: stored === 'unknown' ? 'indeterminate' : 'unavailable', detail })
    }
    let at = 0
    for (const job of group) {
      job.resolve(built.answers.slice(at, at + job.rows.length).map((answer) => answer()))
      at += job.rows.length
    }
  }

  /** Gives rows their place: what is stored already is answered with that commit, the rest is sealed and chained. */
  async function build(rows: readonly PlainRow[]): Promise<Group> {
    const places = await numbering.placesFor(pen.sql, origin, rows)
    const group: Group = { rows: [], plains: [], answers: [] }
    const fresh = new Map<string, { keyId: string; key: Uint8Array }>()
    const taken = new Map<string, AppendOutcome>()
    let last = head
    const push = (row: UnchainedRow, plain: Uint8Array | undefined) => {
      const chained = chain(last, row)
      last = { seq: chained.seq, hash: chained.hash }
      group.rows.push(chained)
      group.plains.push(plain)
    }
    for (const row of rows) {
      const known = places.existing(row) ?? taken.get(row.entryId)
      if (known) {
        group.answers.push(() => known)
        continue
      }
      const scope = scopeOf(row.document)
      const key =
        fresh.get(scope) ??
        (await activeKey(scope)) ??
        (await newKey(scope, row.homeGroup, fresh, push, () => last.seq))
      const place = { origin, document: row.document, entryId: row.entryId }
      const { plain, ...clear } = row
      const clock = places.nextClock(row)
      const commit = { origin, seq: last.seq + 1, epoch: epochs(row.homeGroup), clock }
      const kind = payloadKindOf(line)
      push(
        {
          ...clear,
          origin,
          seq: commit.seq,
          kind,
          clock,
          epoch: commit.epoch,
          keyId: key.keyId,
          bytes: seal(key.key, place, plain),
        },
        plain,
      )
      const outcome: AppendOutcome = { outcome: 'committed', commit }
      if (row.entryId) taken.set(row.entryId, outcome)
      group.answers.push(() => outcome)
    }
    return group
  }

  async function activeKey(scope: string): Promise<{ keyId: string; key: Uint8Array } | undefined> {
    const keyId = keyring.active(origin, scope)
    const key = keyId && (await keyring.key(keyId))
    return keyId && key ? { keyId, key } : undefined
  }

  async function newKey(
    scope: string,
    homeGroup: string,
    fresh: Map<string, { keyId: string; key: Uint8Array }>,
    push: (row: UnchainedRow, plain: undefined) => void,
    lastSeq: () => number,
  ): Promise<{ keyId: string; key: Uint8Array }> {
    const made = await keyring.make(scope, deps.recipientsOf(homeGroup))
    push(grantRow(made.keyId, scope, homeGroup, made.recipients, made.wrapped, lastSeq() + 1), undefined)
    fresh.set(scope, made)
    return made
  }

  function grantRow(
    keyId: string,
    scope: string,
    homeGroup: string,
    regions: readonly string[],
    wrapped: Uint8Array,
    seq: number,
  ): UnchainedRow {
    const none = { clock: -1, entryId: '', author: '', lamport: 0 }
    const subject = [...regions].sort().join(',')
    return {
      ...none,
      origin,
      seq,
      kind: 'grant',
      document: scope,
      subject,
      homeGroup,
      epoch: epochs(homeGroup),
      keyId,
      bytes: wrapped,
    }
  }

  async function store(group: Group): Promise<'stored' | 'refused' | 'unknown'> {
    const last = group.rows.at(-1)
    if (!last) return 'stored'
    try {
      const count = await appendRows(pen.sql, line, group.rows, pen.token)
      if (count !== group.rows.length) trouble = 'another process may have taken the pen'
    } catch (error) {
      note(error)
      if (!isConnectionLoss(error)) return 'refused'
    }
    if (trouble) {
      if (!(await recover())) {
        // Nobody can read the log now. Whoever can, later, tells the documents what turned out to be stored.
        errands.unshift(() => settle(group))
        return 'unknown'
      }
      const there = await hashAt(pen.sql, line, last.origin, last.seq).catch(() => undefined)
      if (!there || !sameBytes(there, last.hash)) return 'refused'
    }
    await advance(group)
    return 'stored'
  }

  async function settle(group: Group): Promise<void> {
    const last = group.rows.at(-1)!
    if (closed) return
    if (trouble && !(await recover())) {
      errands.push(() => settle(group))
      return
    }
    const there = await hashAt(pen.sql, line, last.origin, last.seq)
    if (there && sameBytes(there, last.hash)) await advance(group)
  }

  async function advance(group: Group): Promise<void> {
    const last = group.rows.at(-1)!
    head = { seq: last.seq, hash: last.hash }
    numbering.advance(group.rows)
    await deps.witness.write(origin, head)
    for (const row of group.rows) if (row.kind === 'grant') keyring.learn(row)
    deps.onFlushed(group.rows.map((row, i) => ({ row, plain: group.plains[i] })))
  }

  function note(error: unknown): void {
    const code = (error as { code?: unknown }).code
    if (isConnectionLoss(error)) trouble = 'the database does not answer'
    deps.warn('a group of rows was not committed', {
      line,
      code: typeof code === 'string' ? code : 'unknown',
    })
  }

  async function checkPen(): Promise<void> {
    if (trouble) {
      await recover(0)
      return
    }
    try {
      const [row] = await pen.sql<
        { token: string | null }[]
      >`select current_setting('meridian.pen', true) as token`
      if (row?.token !== pen.token) trouble = 'the connection that held the pen was lost'
    } catch (error) {
      note(error)
    }
  }

  /** Takes the pen again on a new connection. True if rows can be written. */
  async function recover(patienceMs = deps.patienceMs): Promise<boolean> {
    const until = performance.now() + patienceMs
    await pen.close().catch(() => {})
    for (;;) {
      try {
        const next = await deps.takePen()
        if (next) {
          pen = next
          trouble = undefined
          numbering.forget()
          return true
        }
        trouble = 'another process of this region holds the pen'
      } catch {
        trouble = 'the database does not answer'
      }
      if (closed || performance.now() >= until) return false
      await new Promise((resolve) => setTimeout(resolve, 200))
    }
  }

  return {
    origin: () => origin,
    head: () => head,
    waiting: () => waiting,
    trouble: () => trouble,
    append(rows) {
      if (closed)
        return Promise.resolve(rows.map(() => ({ outcome: 'unavailable', detail: 'this server is closing' })))
      if (waiting + rows.length > deps.pendingRows)
        return Promise.resolve(
          rows.map(() => ({ outcome: 'unavailable', detail: 'too many changes wait to be written' })),
        )
      waiting += rows.length
      return new Promise((resolve) => {
        jobs.push({ rows, resolve })
        run()
      })
    },
    grant: (keyId, scope, homeGroup, regions) =>
      errand(async () => {
        const wrapped = await keyring.wrapFor(keyId, regions)
        if (!wrapped || trouble) return
        const row = chain(head, grantRow(keyId, scope, homeGroup, regions, wrapped, head.seq + 1))
        await store({ rows: [row], plains: [undefined], answers: [] })
      }),
    beginIncarnation: (next) =>
      errand(async () => {
        const left = { origin, head }
        origin = next
        head = emptyHead(line, next)
        numbering.forget()
        await deps.witness.write(origin, head)
        return left
      }),
    async close() {
      closed = true
      clearInterval(idleCheck)
      while (running) await running
      await pen.close()
    },
  }
}
