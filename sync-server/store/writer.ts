import { isLaterIncarnation } from '../../domain/entries/origin.ts'
import { isConnectionLoss } from './database.ts'
import { buildGroup, type Group, type GroupDeps, grantGroup } from './group.ts'
import { emptyHead, type Head, type LogRow, sameBytes } from './log-row.ts'
import type { Pen } from './pen.ts'
import type { AppendOutcome, PlainRow } from './plain-row.ts'
import type { Timers } from './timers.ts'
import type { Witness } from './witness.ts'

/**
 * The one writer of this region's rows in a line. Everything that waits when a group begins is committed together, in
 * one statement; the next group begins when this one is flushed.
 *
 * 1. The head moves only when rows are known to be stored, so sequences have no gaps.
 * 2. Nothing is told to anybody before the statement returned and the witness names the new head.
 * 3. If the connection fails in a commit, what happened is read from the log, never guessed.
 * 4. A row enters the chain only under a key whose grant stands before it.
 * 5. Who takes the pen again and finds that another process has written since writes nothing more: what it knows of
 *    the region is old, and it has to be started anew.
 */

/** A row that is flushed, with its content if this region can open it. */
export type FlushedRow = { row: LogRow; plain: Uint8Array | undefined }

export type WriterDeps = GroupDeps & {
  origin: string
  head: Head
  pen: Pen
  /** A new pen after the old one's connection was lost; undefined while another process has it. */
  takePen(): Promise<Pen | undefined>
  witness: Witness
  /** Called once when another process of this region has written since this one lost the pen. */
  overtaken?(): void
  onFlushed(rows: readonly FlushedRow[]): void
  warn(message: string, detail: object): void
  /** Rows that may wait; more are answered with `unavailable`. */
  pendingRows: number
  /** How long a caller waits for a lost connection to come back, in ms. */
  patienceMs: number
  timers: Timers
}

export type Writer = {
  origin(): string
  head(): Head
  append(rows: readonly PlainRow[]): Promise<AppendOutcome[]>
  /** Grants a key that this region can open to more regions. */
  grant(keyId: string, scope: string, homeGroup: string, regions: readonly string[]): Promise<void>
  /** Goes on under another origin, from an empty chain, once the group that is being committed is decided. Returns what it left. */
  beginIncarnation(origin: string): Promise<{ origin: string; head: Head }>
  /** Undefined while rows are taken; else why not. */
  trouble(): string | undefined
  close(): Promise<void>
}

type Job = { rows: readonly PlainRow[]; resolve: (outcomes: AppendOutcome[]) => void }

/**
 * What became of a group: `refused` by the database, `lost` with the connection (known not to be in the log, so it
 * can be tried again), `unknown` while nobody can read the log.
 */
type Stored = 'stored' | 'refused' | 'lost' | 'unknown'

/** How often a group that was lost with its connection is tried again. */
const retries = 2
/** Rows of one group: enough to amortise a flush, few enough that nobody waits long behind an import. */
const groupRows = 1000
const idleCheckMs = 1000
/** A refusal tells for so long that the store takes no writes, unless one succeeds before. */
const refusalMs = 10_000

export function createWriter(deps: WriterDeps): Writer {
  const { line, keyring, numbering, timers } = deps
  let { origin, head, pen } = deps
  let trouble: string | undefined
  /** The group of which nobody knows yet whether it is in the log. Nothing is written before this is read. */
  let unsettled: Group | undefined
  /** Why the database refused the last group, and until when this counts as not taking writes (monotonic ms). */
  let refusal: { why: string; until: number } | undefined
  let overtaken = false
  let closed = false
  let running: Promise<void> | undefined
  let waiting = 0
  const jobs: Job[] = []
  const errands: (() => Promise<void>)[] = []
  const stopChecking = timers.every(idleCheckMs, () => {
    if (!running && !closed) errand(checkPen).catch(() => {})
  })

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
    await timers.soon()
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
    const rows = group.flatMap((job) => job.rows)
    let { stored, built } = await attempt(rows)
    for (let again = 0; stored === 'lost' && again < retries; again++)
      ({ stored, built } = await attempt(rows))
    if (stored !== 'stored') {
      const detail = trouble ?? refusal?.why ?? 'the store refused the rows'
      return answerAll({ outcome: stored === 'unknown' ? 'indeterminate' : 'unavailable', detail })
    }
    let at = 0
    for (const job of group) {
      job.resolve(built.answers.slice(at, at + job.rows.length))
      at += job.rows.length
    }
  }

  async function attempt(rows: readonly PlainRow[]): Promise<{ stored: Stored; built: Group }> {
    let built: Group = { rows: [], plains: [], answers: [] }
    try {
      built = await buildGroup(deps, pen.table, origin, head, rows)
    } catch (error) {
      note(error)
      const back = trouble !== undefined && (await recover())
      return { stored: back ? 'lost' : 'refused', built }
    }
    return { stored: await store(built), built }
  }

  async function store(group: Group): Promise<Stored> {
    const last = group.rows.at(-1)
    if (!last) return 'stored'
    try {
      const count = await pen.table.append(group.rows, pen.token)
      if (count !== group.rows.length) trouble = 'another process may have taken the pen'
    } catch (error) {
      note(error)
      if (!isConnectionLoss(error)) {
        refusal = { why: refusalWords(error), until: timers.now() + refusalMs }
        return 'refused'
      }
    }
    if (trouble) {
      unsettled = group
      if (!(await recover())) return 'unknown'
      return head.seq >= last.seq ? 'stored' : 'lost'
    }
    await advance(group)
    return 'stored'
  }

  /** Reads what became of a group in whose commit the connection failed. */
  async function settle(group: Group): Promise<void> {
    const last = group.rows.at(-1)!
    const there = await pen.table.hashAt(last.origin, last.seq)
    if (there && sameBytes(there, last.hash)) await advance(group)
    unsettled = undefined
  }

  async function advance(group: Group): Promise<void> {
    const last = group.rows.at(-1)!
    head = { seq: last.seq, hash: last.hash }
    refusal = undefined
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
      if (!(await pen.table.holdsPen(pen.token))) trouble = 'the connection that held the pen was lost'
    } catch (error) {
      note(error)
    }
  }

  /** Does the log hold rows of this region that this process has not written? */
  async function hasBeenOvertaken(): Promise<boolean> {
    const heads = await pen.table.heads()
    const there = heads.get(origin)
    const same = there ? there.seq === head.seq && sameBytes(there.hash, head.hash) : head.seq === 0
    return !same || [...heads.keys()].some((other) => isLaterIncarnation(other, origin))
  }

  /** Takes the pen again on a new connection. True if rows can be written. */
  async function recover(patienceMs = deps.patienceMs): Promise<boolean> {
    const until = timers.now() + patienceMs
    for (;;) {
      if (overtaken) return false
      await pen.close().catch(() => {})
      try {
        const next = await deps.takePen()
        if (next) {
          pen = next
          numbering.forget()
          if (unsettled) await settle(unsettled)
          if (await hasBeenOvertaken()) {
            overtaken = true
            trouble = 'another process of this region has written since: this one must be started anew'
            await pen.close().catch(() => {})
            deps.overtaken?.()
            return false
          }
          trouble = undefined
          return true
        }
        trouble = 'another process of this region holds the pen'
      } catch {
        trouble = 'the database does not answer'
      }
      if (closed || timers.now() >= until) return false
      await timers.wait(200)
    }
  }

  return {
    origin: () => origin,
    head: () => head,
    trouble: () => trouble ?? (refusal && timers.now() < refusal.until ? refusal.why : undefined),
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
        await store(grantGroup(deps, origin, head, { keyId, scope, homeGroup, recipients: regions, wrapped }))
      }),
    beginIncarnation: (next) =>
      errand(async () => {
        // What became of the last group decides where the old chain ends.
        if (trouble && !(await recover())) throw new Error(`no new incarnation while ${trouble}`)
        const left = { origin, head }
        origin = next
        head = emptyHead(line, next)
        numbering.forget()
        await deps.witness.write(origin, head)
        return left
      }),
    async close() {
      closed = true
      stopChecking()
      while (running) await running
      await pen.close()
    },
  }
}

/** PostgreSQL's class 53 is what runs out; 53100 is the disk. */
function refusalWords(error: unknown): string {
  const { code } = error as { code?: unknown }
  if (code === '53100') return 'the disk of the database is full: make room, nothing was stored'
  if (typeof code === 'string' && code.startsWith('53'))
    return 'the database has run out of a resource; nothing was stored'
  return 'the database refused the rows; nothing was stored'
}
