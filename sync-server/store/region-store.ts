import { randomInt } from 'node:crypto'
import type { RegionConfig } from '../config/config.ts'
import { createKeyring } from '../keys/keyring.ts'
import type { KeyCipher, WrappingKeys } from '../keys/wrapping.ts'
import { createCursorProofs } from './cursor-proof.ts'
import { assertDurable, connect, inTime, isConnectionLoss, type Sql, statementTimeoutMs } from './database.ts'
import { createDocumentSnapshots } from './document-snapshots.ts'
import { createEntryLog } from './entry-log.ts'
import { createEntryTable } from './entry-table.ts'
import { createErasedPatients } from './erased-patients.ts'
import { createFence, type Fence } from './fence.ts'
import { decideOrigin } from './incarnation.ts'
import { type Line, lines } from './line.ts'
import { type LineGround, realGround } from './line-ground.ts'
import { type HeldLine, holdLine, type LineLog } from './line-log.ts'
import { createLineTable, type LineTable } from './line-table.ts'
import { migrate } from './migrate.ts'
import { createNoteLog } from './note-log.ts'
import { openPatientDirectory } from './patient-directory.ts'
import { endSessions, newProcessName, penHolders } from './pen.ts'
import { createPenWatch } from './pen-watch.ts'
import type { RegionStore, Vector } from './ports.ts'
import { createQuarantine } from './quarantine.ts'
import { quarantineTable, readQuarantine } from './quarantine-table.ts'
import { createVacuum } from './vacuum.ts'

/** A region's store on PostgreSQL, and what replication needs of it beside the port. */
export type PostgresRegionStore = RegionStore & {
  logs: { [line in Line]: LineLog }
  /** Rows of an origin for other regions, read from the database. */
  tables: { [line in Line]: LineTable }
  sql: ReturnType<typeof connect>
  /** True if it waited for another process of the region to give way. */
  stoodBy: boolean
  heard: Fence['heard']
}

export type StoreDeps = {
  config: Pick<RegionConfig, 'region' | 'stateDir' | 'database' | 'homeGroups' | 'limits'>
  wrapping: WrappingKeys
  info(message: string, detail?: object): void
  warn(message: string, detail?: object): void
  /** Told, with the reason, when another process of this region has taken over: this one must end. */
  overtaken?(why: string): void
  /** Ends the wait of a standby. */
  signal?: AbortSignal
}

const readers = 8
const standbyPollMs = 500

/** Opens the store. Waits as standby while another process of the region holds its pens. */
export async function openRegionStore(deps: StoreDeps): Promise<PostgresRegionStore> {
  const { config } = deps
  const sql = connect(config.database, { max: readers, name: 'readers', statementTimeoutMs })
  try {
    await assertDurable(sql)
    await migrate(sql)
    const process = newProcessName()
    const ground = (line: Line) => realGround(config.database, config.stateDir, line, process)
    const standby = createStandby(sql, deps)
    const held = await holdLines(
      deps,
      { entries: ground('entries'), notes: ground('notes') },
      standby.mayTake,
    )
    const origin = await startOrigin(deps, held)
    const logs = { entries: await held.entries.open(origin), notes: await held.notes.open(origin) }
    const now = () => new Date()
    const quarantine = createQuarantine({
      known: await readQuarantine(sql),
      memory: quarantineTable(sql),
      now,
      info: deps.info,
      warn: deps.warn,
    })
    const vacuum = createVacuum({ databaseUrl: config.database, info: deps.info, warn: deps.warn })
    const erased = createErasedPatients({
      log: logs.entries,
      sql,
      patients: () => patients,
      now,
      destroyed: () => vacuum.soon(),
    })
    const entries = createEntryLog({
      log: logs.entries,
      table: createEntryTable(sql),
      quarantine,
      warn: deps.warn,
    })
    const patients = await openPatientDirectory(entries, erased, logs.entries.ends)
    const tables = { entries: createLineTable(sql, 'entries'), notes: createLineTable(sql, 'notes') }
    const hashAt = (line: Line, origin: string, seq: number) => tables[line].hashAt(origin, seq)
    const fence = createFence({ region: config.region, logs, hashAt, warn: deps.warn })
    const proofs = createCursorProofs(tables.entries, fence)
    return {
      logs,
      tables,
      sql,
      stoodBy: standby.stoodBy(),
      entries,
      snapshots: createDocumentSnapshots(logs.entries.keyring, sql),
      notes: createNoteLog(logs.notes, sql, quarantine),
      patients,
      erased,
      quarantine,
      async vectors() {
        await inTime(sql`select 1`)
        if (!logs.entries.writer.isCurrent())
          throw new Error('another process may have taken over: what this one knows may be old')
        const { flushed, servable } = { flushed: logs.entries.flushed(), servable: logs.entries.servable() }
        return { flushed: vector(flushed), servable: vector(servable) }
      },
      health() {
        const detail = logs.entries.writer.trouble() ?? logs.notes.writer.trouble()
        return detail === undefined ? { writes: true } : { writes: false, detail }
      },
      heard: fence.heard,
      onReplaced: (listener) =>
        logs.entries.ends.onSetAside((_origin, _after, documents) => listener(documents)),
      proofOf: proofs.of,
      proven: proofs.hear,
      async close() {
        await vacuum.close()
        await logs.entries.close()
        await logs.notes.close()
        await sql.end({ timeout: 2 })
      },
    }
  } catch (error) {
    await sql.end({ timeout: 0 })
    throw error
  }
}

/** What decides about a region's lines, whatever they stand on. */
export type LinesDeps = Omit<StoreDeps, 'config'> & {
  config: Pick<RegionConfig, 'region' | 'homeGroups' | 'limits'>
  cipher?: KeyCipher
  remembered?: number
}
type Lines<T> = { [line in Line]: T }

/**
 * Takes the pens of both lines, or none. Waits while another process of the region has one.
 * @param mayTake whether now is a time to try; asked before every try
 */
export async function holdLines(
  deps: LinesDeps,
  grounds: Lines<LineGround>,
  mayTake = async () => true,
): Promise<Lines<HeldLine>> {
  const keyring = () => createKeyring(deps.wrapping, deps.cipher)
  const keyrings = { entries: keyring(), notes: keyring() }
  const hold = (line: Line) =>
    holdLine({
      line,
      region: deps.config.region,
      ground: grounds[line],
      keyring: keyrings[line],
      recipientsOf: (homeGroup) => recipientsOf(deps, homeGroup),
      epochOf: () => 1,
      warn: deps.warn,
      overtaken: (why) => deps.overtaken?.(why),
      pendingRows: deps.config.limits.pendingEntries,
      remembered: deps.remembered,
    })
  let told = false
  for (;;) {
    deps.signal?.throwIfAborted()
    const free = await mayTake().catch(undefinedIfLost)
    const entries = free ? await hold('entries').catch(undefinedIfLost) : undefined
    const notes = entries && (await hold('notes').catch(undefinedIfLost))
    if (entries && notes) return { entries, notes }
    await entries?.release().catch(undefinedIfLost)
    if (!told) deps.info('another process of this region writes; this one stands by')
    told = true
    await grounds.entries.timers.wait(standbyPollMs)
  }
}

/** Watches whoever has the pens, and ends the sessions of a process that has stopped. */
function createStandby(sql: Sql, { warn }: Pick<StoreDeps, 'warn'>) {
  const watch = createPenWatch(() => performance.now())
  let stoodBy = false
  return {
    stoodBy: () => stoodBy,
    async mayTake() {
      const holders = await penHolders(sql)
      const stopped = watch.look(holders)
      if (stopped.length > 0) warn('the process that has the pens does not move: its sessions are ended')
      await endSessions(sql, stopped)
      stoodBy ||= holders.length > 0
      return holders.length === 0
    },
  }
}

/** A standby outlives restarts of its database. */
function undefinedIfLost(error: unknown): undefined {
  if (!isConnectionLoss(error)) throw error
}

/** Who may open what a home group's documents hold: as configured; what belongs to no group, every region. */
function recipientsOf(
  { config, wrapping }: Pick<LinesDeps, 'config' | 'wrapping'>,
  homeGroup: string,
): string[] {
  const all = [...wrapping.publicKeys.keys()]
  const group = config.homeGroups.find((g) => g.name === homeGroup)
  return group ? all.filter((region) => region === config.region || group.regions.includes(region)) : all
}

/** Under which origin the held lines are to be opened. */
export async function startOrigin(deps: LinesDeps, held: Lines<HeldLine>): Promise<string> {
  const evidence = await Promise.all(
    lines.map(async (line) => {
      const witnessed = await held[line].witness.read()
      const hashInLog = witnessed && (await held[line].hashAt(witnessed.origin, witnessed.head.seq))
      return {
        witnessed,
        hashInLog,
        ended: witnessed !== undefined && held[line].ended.has(witnessed.origin),
      }
    }),
  )
  const known = lines.flatMap((line) => [...held[line].heads.keys()])
  const decision = decideOrigin(deps.config.region, evidence, known, randomInt(2 ** 20, 2 ** 29))
  if (decision.outcome === 'begin')
    deps.warn('a new incarnation begins', { origin: decision.origin, because: decision.because })
  return decision.origin
}

function vector(strands: ReadonlyMap<string, number>): Vector {
  return Object.fromEntries([...strands].sort(([a], [b]) => (a < b ? -1 : 1)))
}
