import type { Keyring } from '../keys/keyring.ts'
import { connect, statementTimeoutMs } from './database.ts'
import { createIntake, type Intake, type Taken } from './intake.ts'
import { type Line, strandOf } from './line.ts'
import { createLineTable } from './line-table.ts'
import { emptyHead, type Head, type LogRow } from './log-row.ts'
import { createNumbering } from './numbering.ts'
import { type Pen, tryPen } from './pen.ts'
import { realTimers } from './timers.ts'
import { openWitness, type Witness } from './witness.ts'
import { createWriter, type FlushedRow, type Writer } from './writer.ts'

/** One line of a region's log as a whole: its writer, what it takes in from others, and what it can serve. */
export type LineLog = {
  line: Line
  keyring: Keyring
  writer: Writer
  intake: Intake
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
  databaseUrl: string
  stateDir: string
  keyring: Keyring
  recipientsOf(homeGroup: string): readonly string[]
  epochOf(homeGroup: string): number
  warn(message: string, detail: object): void
  overtaken?(): void
  pendingRows: number
}

const patienceMs = 5_000

/** What a line knows before it may be written: the pen is held, nothing else has been decided. */
export type HeldLine = {
  pen: Pen
  witness: Witness
  heads: Map<string, Head>
  hashAt(origin: string, seq: number): Promise<Uint8Array | undefined>
  open(origin: string): Promise<LineLog>
  release(): Promise<void>
}

/** Takes the pen of a line and reads where its chains end. Undefined while another process has the pen. */
export async function holdLine(deps: LineLogDeps): Promise<HeldLine | undefined> {
  const takePen = () => tryPen(deps.databaseUrl, deps.line, statementTimeoutMs)
  const pen = await takePen()
  if (!pen) return undefined
  const witness = await openWitness(deps.stateDir, deps.line)
  const heads = await pen.table.heads()
  return {
    pen,
    witness,
    heads,
    hashAt: async (origin, seq) =>
      seq === 0 ? emptyHead(deps.line, origin).hash : pen.table.hashAt(origin, seq),
    open: (origin) => openLine(deps, { pen, witness, heads, origin, takePen }),
    async release() {
      await witness.close()
      await pen.close()
    },
  }
}

type Held = {
  pen: Pen
  witness: Witness
  heads: Map<string, Head>
  origin: string
  takePen(): Promise<Pen | undefined>
}

async function openLine(deps: LineLogDeps, held: Held): Promise<LineLog> {
  const { line, keyring } = deps
  const listeners = new Set<(rows: readonly FlushedRow[]) => void>()
  const onFlushed = (rows: readonly FlushedRow[]) => {
    for (const listener of listeners) listener(rows)
  }
  for (const grant of await held.pen.table.rowsOfKind('grant')) keyring.learn(grant)
  const heads = new Map(held.heads)
  const head = heads.get(held.origin) ?? emptyHead(line, held.origin)
  heads.delete(held.origin)
  await held.witness.write(held.origin, head)
  const intakeSql = connect(deps.databaseUrl, { max: 1, name: `intake of ${line}`, statementTimeoutMs })
  const intake = await createIntake({ ...deps, table: createLineTable(intakeSql, line), heads, onFlushed })
  const writer = createWriter({
    ...deps,
    ...held,
    head,
    numbering: createNumbering(line),
    onFlushed,
    patienceMs,
    timers: realTimers,
  })

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
    writer,
    intake,
    flushed: () => vector((_, seq) => seq),
    servable: () =>
      vector((origin, seq) => (origin === writer.origin() ? seq : intake.servable(origin, seq))),
    head: (origin) => (origin === writer.origin() ? writer.head() : intake.head(origin)),
    take: (origin, rows) => intake.take(origin, rows),
    onFlushed(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    async beginIncarnation(origin) {
      const left = await writer.beginIncarnation(origin)
      if (left.head.seq > 0) heads.set(left.origin, left.head)
    },
    async close() {
      await writer.close()
      await intakeSql.end({ timeout: 2 })
      await held.witness.close()
    },
  }
}
