import { isLaterIncarnation } from '../../domain/entries/origin.ts'
import { isConnectionLoss } from './database.ts'
import type { FlushedRow } from './flushed-row.ts'
import { buildGroup, type Group, type GroupDeps, type StatedRow, statedGroup } from './group.ts'
import { emptyHead, type Head, sameBytes } from './log-row.ts'
import type { Pen, PenInHand } from './pen.ts'
import type { AppendOutcome, PlainRow } from './plain-row.ts'
import type { Timers } from './timers.ts'
import type { Witness } from './witness.ts'
import { refusalWords, witnessWords } from './writer-words.ts'

/**
 * The one writer of this region's rows in a line. Everything that waits when a group begins is committed together, in
 * one statement; the next group begins when this one is flushed and witnessed.
 *
 * 1. The head moves only when rows are known to be stored, so sequences have no gaps.
 * 2. Nothing is told to anybody before the statement returned and the witness names the new head. While the witness cannot be
 *    written nothing more is committed, and callers of the group that it does not name hear that it is indeterminate.
 * 3. If the connection fails in a commit, what happened is read from the log, never guessed.
 * 4. A row enters the chain only under a key whose grant stands before it.
 * 5. Who finds another process in possession of the pens, or rows of its own origin that it has not written, writes
 *    nothing more: what it knows of the region is old, and it has to be started anew.
 * 6. The session that holds the pen is heard of every second. When it was not for longer than a standby waits at
 *    least, this process does not count as the writer, whatever it remembers.
 */

export type WriterDeps = GroupDeps & {
  origin: string
  head: Head
  pen: Pen
  /** A pen again after the old one's connection was lost. */
  takePen(): Promise<PenInHand>
  witness: Witness
  /** Called once, with the reason, when this process has to make room for another one of its region. */
  overtaken?(why: string): void
  onFlushed(rows: readonly FlushedRow[]): void
  warn(message: string, detail: object): void
  /** Rows that may wait; more are answered with `unavailable`. */
  pendingRows: number
  /** How long a caller waits for a lost connection, or the witness, to come back, in ms. */
  patienceMs: number
  timers: Timers
}

export type Writer = {
  origin(): string
  /** The last row that is flushed and witnessed. */
  head(): Head
  append(rows: readonly PlainRow[]): Promise<AppendOutcome[]>
  /** Commits rows about keys or origins, in one group. False if they could not be stored now. */
  state(rows: readonly StatedRow[]): Promise<boolean>
  /**
   * Goes on under another origin, from an empty chain, once the group that is being committed is decided; until then
   * nothing more is written under the old one. Returns what it left. Rejects if the writer ends before.
   */
  beginIncarnation(origin: string): Promise<{ origin: string; head: Head }>
  /** Undefined while rows are taken; else why not. */
  trouble(): string | undefined
  /** Is what this process knows of its origin still true, as far as anybody can tell without asking? */
  isCurrent(): boolean
  close(): Promise<void>
}

const noContent = { plain: undefined }

type Job = { rows: readonly PlainRow[]; resolve: (outcomes: AppendOutcome[]) => void }

/**
 * What became of a group: `refused` by the database, `lost` with the connection (known not to be in the log, so it
 * can be tried again), `unknown` while nobody can read the log or the witness does not name it.
 */
type Stored = 'stored' | 'refused' | 'lost' | 'unknown'

type Incarnation = {
  origin: string
  begun(left: { origin: string; head: Head }): void
  failed(error: Error): void
}

/** How often a group that was lost with its connection is tried again. */
const retries = 2
/** Rows of one group: enough to amortise a flush, few enough that nobody waits long behind an import. */
const groupRows = 1000
const groupEveryMs = 4
const beatMs = 1000
/** Shorter than the time after which a standby ends a session that does not move. */
const leaseMs = 4000
const retryMs = 200
/** A refusal tells for so long that the store takes no writes, unless one succeeds before. */
const refusalMs = 10_000

export function createWriter(deps: WriterDeps): Writer {
  const { line, keyring, numbering, timers } = deps
  let { origin, head, pen } = deps
  /** Why the pen is not to be relied on, until it has been taken anew. */
  let lost: string | undefined
  /** The group of which nobody knows yet whether it is in the log. */
  let unsettled: Group | undefined
  /** The group that is in the log, and that the witness does not name yet. */
  let unwitnessed: Group | undefined
  /** Why the witness cannot be written. */
  let unwritable: string | undefined
  /** The incarnation that is to be begun before anything else is written. */
  let due: Incarnation | undefined
  /** Why this process writes nothing any more. */
  let ended: string | undefined
  /** Why the database refused the last group, and until when this counts as not taking writes (monotonic ms). */
  let refusal: { why: string; until: number } | undefined
  /** When the last statement began that found the session in possession of the pen (monotonic ms). */
  let confirmedAt = timers.now()
  let groupBegan = Number.NEGATIVE_INFINITY
  let closed = false
  let beating = false
  let running: Promise<void> | undefined
  let waiting = 0
  const jobs: Job[] = []
  const errands: (() => Promise<void>)[] = []
  const stopBeating = timers.every(beatMs, () => void beat())

  /** Undefined while nothing keeps this writer from its next group. */
  function hindrance(): string | undefined {
    if (ended !== undefined || lost !== undefined) return ended ?? lost
    if (unsettled) return 'nobody knows yet what became of the last rows'
    if (unwitnessed || due) return unwritable ?? 'the witness is being written'
    return undefined
  }

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
      else {
        await gather()
        await commitGroup(takeGroup())
      }
    }
  }

  /** Groups do not begin closer together than this: what arrives meanwhile shares a statement and two flushes. */
  async function gather(): Promise<void> {
    const early = groupBegan + groupEveryMs - timers.now()
    if (early > 0 && waiting < groupRows) await timers.wait(early)
    groupBegan = timers.now()
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
    if (hindrance() !== undefined && !(await mend()))
      return answerAll({ outcome: 'unavailable', detail: hindrance() ?? '' })
    const rows = group.flatMap((job) => job.rows)
    let { stored, built } = await attempt(rows)
    for (let again = 0; stored === 'lost' && again < retries; again++)
      ({ stored, built } = await attempt(rows))
    if (stored !== 'stored') {
      const detail = hindrance() ?? refusal?.why ?? 'the store refused the rows'
      return answerAll({ outcome: stored === 'unknown' ? 'indeterminate' : 'unavailable', detail })
    }
    let at = 0
    for (const job of group) {
      job.resolve(built.answers.slice(at, at + job.rows.length))
      at += job.rows.length
    }
  }

  async function attempt(rows: readonly PlainRow[]): Promise<{ stored: Stored; built: Group }> {
    let built: Group = { rows: [], contents: [], answers: [] }
    try {
      built = await buildGroup(deps, pen.table, origin, head, rows)
    } catch (error) {
      noteFailure(error, 'a group of rows could not be prepared')
      return { stored: lost !== undefined && (await mend()) ? 'lost' : 'refused', built }
    }
    return { stored: await store(built), built }
  }

  function stateRows(rows: readonly StatedRow[]): Promise<boolean> {
    return errand(async () => {
      if (hindrance() !== undefined && !(await mend())) return false
      return (await store(statedGroup(origin, head, rows))) === 'stored'
    })
  }

  async function store(group: Group): Promise<Stored> {
    const last = group.rows.at(-1)
    if (!last) return 'stored'
    const beganAt = timers.now()
    try {
      const count = await pen.table.append(group.rows, pen.token)
      if (count === group.rows.length) confirmedAt = beganAt
      else lost = 'another process may have taken the pen'
    } catch (error) {
      noteFailure(error, 'a group of rows was not committed')
      if (isTakenPlace(error)) lost ??= 'the log holds rows that this process has not written'
      if (lost === undefined) {
        refusal = { why: refusalWords(error), until: timers.now() + refusalMs }
        return 'refused'
      }
    }
    if (lost === undefined) unwitnessed = group
    else unsettled = group
    if (lost !== undefined || !(await nameInWitness(group))) await mend()
    if (unsettled === group || unwitnessed === group) return 'unknown'
    return head.seq >= last.seq ? 'stored' : 'lost'
  }

  /** The witness names a group that is in the log; then everybody is told of it. */
  async function nameInWitness(group: Group): Promise<boolean> {
    const { seq, hash } = group.rows.at(-1)!
    if (!(await writeWitness(origin, { seq, hash }))) return false
    head = { seq, hash }
    unwitnessed = undefined
    refusal = undefined
    numbering.advance(group.rows)
    for (const row of group.rows) keyring.learn(row)
    deps.onFlushed(group.rows.map((row, i) => ({ row, ...(group.contents[i] ?? noContent) })))
    return true
  }

  async function writeWitness(origin: string, head: Head): Promise<boolean> {
    try {
      await deps.witness.write(origin, head)
      unwritable = undefined
      return true
    } catch (error) {
      const why = witnessWords(error)
      if (why !== unwritable) deps.warn(why, { line })
      unwritable = why
      return false
    }
  }

  function noteFailure(error: unknown, what: string): void {
    const { code } = error as { code?: unknown }
    if (isConnectionLoss(error)) lost ??= 'the database does not answer'
    deps.warn(what, { line, code: typeof code === 'string' ? code : 'unknown' })
  }

  /** Says to the database, and so to a standby, that this process lives, and learns whether it still has the pen. */
  async function beat(): Promise<void> {
    if (closed || beating || ended !== undefined) return
    beating = true
    try {
      if (lost === undefined) await confirm()
    } catch (error) {
      noteFailure(error, 'the pen could not be confirmed')
    }
    beating = false
    if (!running && !closed && hindrance() !== undefined) errand(() => mend(0)).catch(() => {})
  }

  async function confirm(): Promise<void> {
    const asked = pen
    const beganAt = timers.now()
    let held: boolean
    try {
      held = await asked.table.holdsPen(asked.token)
    } catch (error) {
      if (pen === asked) throw error
      return
    }
    if (pen !== asked) return
    if (held) confirmedAt = Math.max(confirmedAt, beganAt)
    else lost ??= 'the connection that held the pen was lost'
  }

  /** Mends what hinders this writer. True if nothing does any more. */
  async function mend(patienceMs = deps.patienceMs): Promise<boolean> {
    const until = timers.now() + patienceMs
    for (;;) {
      if (ended !== undefined) return false
      try {
        await mendOnce()
      } catch {
        lost ??= 'the database does not answer'
      }
      if (hindrance() === undefined) return true
      if (closed || ended !== undefined || timers.now() >= until) return false
      await timers.wait(retryMs)
    }
  }

  async function mendOnce(): Promise<void> {
    // A witness is made anew only by who has the pen, and a new incarnation begun only by who knows all of the old one.
    if (lost === undefined && (unwitnessed || due)) await confirm()
    if (lost !== undefined) await takePenAgain()
    if (lost !== undefined || ended !== undefined) return
    if (unwitnessed) await nameInWitness(unwitnessed)
    if (due && !unwitnessed) await begin(due)
  }

  async function takePenAgain(): Promise<void> {
    await pen.close().catch(() => {})
    const beganAt = timers.now()
    const next = await deps.takePen()
    if (next === 'taken-over') return end('another process of this region has taken over')
    if (!next) {
      lost = 'another process of this region holds the pen'
      return
    }
    pen = next
    numbering.forget()
    const heads = await pen.table.heads()
    settle(heads.get(origin))
    if (
      !isOwnHead(heads.get(origin)) ||
      [...heads.keys()].some((other) => isLaterIncarnation(other, origin))
    ) {
      await pen.close().catch(() => {})
      return end('the log does not end where this process left it: another one of this region has written')
    }
    confirmedAt = beganAt
    lost = undefined
  }

  /** Decides by the log what became of a group in whose commit the connection failed. */
  function settle(there: Head | undefined): void {
    const last = unsettled?.rows.at(-1)
    if (last && there?.seq === last.seq && sameBytes(there.hash, last.hash)) unwitnessed = unsettled
    // With other rows at the end, it is not for this process to say.
    else if (!isOwnHead(there)) return
    unsettled = undefined
  }

  function isOwnHead(there: Head | undefined): boolean {
    const own = unwitnessed?.rows.at(-1) ?? head
    return there ? there.seq === own.seq && sameBytes(there.hash, own.hash) : own.seq === 0
  }

  async function begin(next: Incarnation): Promise<void> {
    const fresh = emptyHead(line, next.origin)
    if (!(await writeWitness(next.origin, fresh))) return
    const left = { origin, head }
    origin = next.origin
    head = fresh
    numbering.forget()
    due = undefined
    next.begun(left)
  }

  function end(why: string): void {
    ended = `${why}; this one must be started anew`
    due?.failed(new Error(ended))
    due = undefined
    deps.overtaken?.(why)
  }

  return {
    origin: () => origin,
    head: () => head,
    trouble() {
      const silentMs = timers.now() - confirmedAt
      return (
        hindrance() ??
        (silentMs > leaseMs
          ? `this process has not heard for ${Math.floor(silentMs / 1000)} s that it has the pen`
          : refusal && timers.now() < refusal.until
            ? refusal.why
            : undefined)
      )
    },
    isCurrent: () => ended === undefined && lost === undefined && timers.now() - confirmedAt <= leaseMs,
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
    state: stateRows,
    beginIncarnation: (next) =>
      new Promise((begun, failed) => {
        errand(async () => {
          const why = ended ?? (closed ? 'this server is closing' : undefined)
          if (why !== undefined) return failed(new Error(`no new incarnation: ${why}`))
          due?.failed(new Error(`${next} is to be begun instead`))
          due = { origin: next, begun, failed }
          await mend()
        }).catch(failed)
      }),
    async close() {
      closed = true
      stopBeating()
      while (running) await running
      due?.failed(new Error('this server is closing'))
      await pen.close()
    },
  }
}

/** Something stands already where the row was to go: whoever wrote it, it was not this process. */
const isTakenPlace = (error: unknown) => (error as { code?: unknown }).code === '23505'
