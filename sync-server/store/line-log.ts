import type { Keyring } from '../keys/keyring.ts'
import { type Ends, openEnds } from './ends.ts'
import type { FlushedRow } from './flushed-row.ts'
import { createIntake, type Intake, isAboutKeys, type Taken } from './intake.ts'
import { type Line, strandOf } from './line.ts'
import type { LineGround } from './line-ground.ts'
import { emptyHead, type Head, type LogRow } from './log-row.ts'
import { createNumbering } from './numbering.ts'
import type { Pen } from './pen.ts'
import { UnusableStateFolder, type Witness } from './witness.ts'
import { createWriter, type Writer } from './writer.ts'
import { witnessWords } from './writer-words.ts'

/** One line of a region's log as a whole: its writer, what it takes in from others, and what it can serve. */
export type LineLog = {
  line: Line
  keyring: Keyring
  /** Regions that may open what a home group's documents hold. */
  recipientsOf(homeGroup: string): readonly string[]
  epochOf(homeGroup: string): number
  writer: Writer
  intake: Intake
  ends: Ends
  /** Strand → highest flushed sequence. */
  flushed(): Map<string, number>
  /** Strand → highest sequence of which everything up to here can be opened. */
  servable(): Map<string, number>
  head(origin: string): Head
  take(origin: string, rows: readonly LogRow[]): Promise<Taken>
  /** Called after the flush, own rows and others' alike. */
  onFlushed(listener: (rows: readonly FlushedRow[]) => void): () => void
  beginIncarnation(origin: string): Promise<void>
  close(): Promise<void>
}

export type LineLogDeps = {
  line: Line
  region: string
  ground: LineGround
  keyring: Keyring
  recipientsOf(homeGroup: string): readonly string[]
  epochOf(homeGroup: string): number
  warn(message: string, detail: object): void
  overtaken?(why: string): void
  pendingRows: number
  /** How many things of each kind are remembered of what the log holds. */
  remembered?: number | undefined
}

const patienceMs = 5_000
const beatMs = 1_000

/** What a line knows before it may be written: the pen is held, nothing else has been decided. */
export type HeldLine = {
  pen: Pen
  witness: Witness
  heads: Map<string, Head>
  /** Origin → its last row that counts, of every origin that has ended. */
  ended: ReadonlyMap<string, number>
  hashAt(origin: string, seq: number): Promise<Uint8Array | undefined>
  open(origin: string): Promise<LineLog>
  release(): Promise<void>
}

/** Takes the pen of a line and reads where its chains end. Undefined while another process has the pen. */
export async function holdLine(deps: LineLogDeps): Promise<HeldLine | undefined> {
  const pen = await deps.ground.takePen()
  if (!pen || pen === 'taken-over') return undefined
  // Opening a long log takes time: meanwhile this says that the process lives. Later the writer does.
  const stopBeating = deps.ground.timers.every(beatMs, () => {
    pen.table.holdsPen(pen.token).catch(() => {})
  })
  try {
    const witness = await deps.ground.openWitness().catch(unusable)
    const heads = await pen.table.heads()
    const ended = await pen.table.ends()
    return {
      pen,
      witness,
      heads,
      ended,
      hashAt: async (origin, seq) =>
        seq === 0 ? emptyHead(deps.line, origin).hash : pen.table.hashAt(origin, seq),
      open: (origin) => openLine(deps, { pen, witness, heads, ended, origin }).finally(stopBeating),
      async release() {
        stopBeating()
        await witness.close()
        await pen.close()
      },
    }
  } catch (error) {
    // Nobody else could have the pen while this process, which does not open, goes on holding it.
    stopBeating()
    await pen.close().catch(() => {})
    throw error
  }
}

type Held = Pick<HeldLine, 'pen' | 'witness' | 'heads' | 'ended'> & { origin: string }

async function openLine(deps: LineLogDeps, held: Held): Promise<LineLog> {
  const { line, keyring, ground } = deps
  const listeners = new Set<(rows: readonly FlushedRow[]) => void>()
  const onFlushed = (rows: readonly FlushedRow[]) => {
    for (const listener of listeners)
      try {
        listener(rows)
      } catch {
        // The rows are flushed: whoever cannot digest them must not keep them from others.
        deps.warn('rows that were flushed could not be passed on', { line })
      }
  }
  const listen = (listener: (rows: readonly FlushedRow[]) => void) => {
    listeners.add(listener)
    return () => listeners.delete(listener)
  }
  for (const row of await held.pen.table.rowsOfKind('grant', 'tombstone')) keyring.learn(row)
  const heads = new Map(held.heads)
  const head = heads.get(held.origin) ?? emptyHead(line, held.origin)
  heads.delete(held.origin)
  await held.witness.write(held.origin, head).catch(unusable)
  const taking = ground.openTable()
  let endOf = (origin: string) => held.ended.get(origin)
  let ownOrigin = () => held.origin
  const intake = await createIntake({
    ...deps,
    table: taking.table,
    heads,
    endOf: (origin) => endOf(origin),
    isOwn: (origin) => origin === ownOrigin(),
    onFlushed,
    now: ground.timers.now,
  })
  const stopLooking = ground.timers.every(beatMs, intake.lookAgain)
  const writer = createWriter({
    ...deps,
    ...held,
    takePen: ground.takePen,
    head,
    numbering: createNumbering(line, deps.remembered),
    onFlushed(rows) {
      onFlushed(rows)
      if (rows.some(({ row }) => isAboutKeys(row))) intake.keysCame()
    },
    patienceMs,
    timers: ground.timers,
  })
  const ends = await openEnds({
    ...deps,
    table: taking.table,
    intake,
    writer,
    timers: ground.timers,
    known: held.ended,
    onFlushed: listen,
  })
  endOf = ends.endOf
  ownOrigin = writer.origin

  const vector = (seqOf: (origin: string, flushed: number) => number) => {
    const all = intake.flushed()
    all.set(writer.origin(), writer.head().seq)
    return new Map(
      [...all]
        .filter(([, seq]) => seq > 0)
        .map(([origin, seq]) => [strandOf(line, origin), seqOf(origin, seq)]),
    )
  }
  return {
    line,
    keyring,
    recipientsOf: deps.recipientsOf,
    epochOf: deps.epochOf,
    writer,
    intake,
    ends,
    flushed: () => vector((_, seq) => seq),
    servable: () =>
      vector((origin, seq) => (origin === writer.origin() ? seq : intake.servable(origin, seq))),
    head: (origin) => (origin === writer.origin() ? writer.head() : intake.head(origin)),
    take: (origin, rows) => intake.take(origin, rows),
    onFlushed: listen,
    async beginIncarnation(origin) {
      const left = await writer.beginIncarnation(origin)
      intake.setHead(left.origin, left.head)
    },
    async close() {
      stopLooking()
      ends.close()
      await writer.close()
      await taking.close()
      await held.witness.close()
    },
  }
}

function unusable(error: unknown): never {
  throw new UnusableStateFolder(witnessWords(error))
}
