import { randomInt } from 'node:crypto'
import { isLaterIncarnation, parseOrigin } from '../../domain/entries/origin.ts'
import type { RegionConfig } from '../config/config.ts'
import { createKeyring } from '../keys/keyring.ts'
import type { WrappingKeys } from '../keys/wrapping.ts'
import { assertDurable, connect, inTime, isConnectionLoss, statementTimeoutMs } from './database.ts'
import { createEntryLog } from './entry-log.ts'
import { decideOrigin, nextOrigin } from './incarnation.ts'
import { type Line, lines, parseStrand } from './line.ts'
import { type HeldLine, holdLine, type LineLog } from './line-log.ts'
import { migrate } from './migrate.ts'
import { createNoteLog } from './note-log.ts'
import { openPatientDirectory } from './patient-directory.ts'
import type { RegionStore, Vector } from './ports.ts'

/** A region's store on PostgreSQL, and what replication needs of it beside the port. */
export type PostgresRegionStore = RegionStore & {
  logs: { [line in Line]: LineLog }
  /** Rows of an origin for other regions, read from the database. */
  sql: ReturnType<typeof connect>
  /**
   * To be told of every strand and sequence that anybody names. If somebody holds more of this region's own origin than
   * this region does, its disk was restored behind its back: it goes on as the next incarnation at once.
   */
  heard(strands: ReadonlyMap<string, number>): Promise<void>
}

export type StoreDeps = {
  config: Pick<RegionConfig, 'region' | 'stateDir' | 'database' | 'homeGroups' | 'limits'>
  wrapping: WrappingKeys
  info(message: string, detail?: object): void
  warn(message: string, detail?: object): void
  /** Told when another process of this region has written since this one lost its pens: it must end. */
  overtaken?(): void
  /** Ends the wait of a standby. */
  signal?: AbortSignal
}

const readers = 8
const standbyPollMs = 500

/** Opens the store. Waits as standby while another process of the region holds its pens. */
export async function openRegionStore(deps: StoreDeps): Promise<PostgresRegionStore> {
  const { config, wrapping } = deps
  const sql = connect(config.database, { max: readers, name: 'readers', statementTimeoutMs })
  try {
    await assertDurable(sql)
    await migrate(sql)
    const held = await holdLines(deps)
    const origin = await startOrigin(deps, held)
    const logs = { entries: await held.entries.open(origin), notes: await held.notes.open(origin) }
    const entries = createEntryLog(logs.entries, sql)
    const patients = await openPatientDirectory(logs.entries, entries, sql)
    for (const line of lines) await grantToNewRegions(logs[line], config, wrapping)
    return {
      logs,
      sql,
      entries,
      notes: createNoteLog(logs.notes, sql),
      patients,
      async vectors() {
        await inTime(sql`select 1`)
        const { flushed, servable } = { flushed: logs.entries.flushed(), servable: logs.entries.servable() }
        return { flushed: vector(flushed), servable: vector(servable) }
      },
      health() {
        const detail = logs.entries.writer.trouble() ?? logs.notes.writer.trouble()
        return detail === undefined ? { writes: true } : { writes: false, detail }
      },
      heard: createFence(deps, logs),
      async close() {
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

async function holdLines(deps: StoreDeps): Promise<{ [line in Line]: HeldLine }> {
  const keyrings = { entries: createKeyring(deps.wrapping), notes: createKeyring(deps.wrapping) }
  const hold = (line: Line) =>
    holdLine({
      line,
      region: deps.config.region,
      databaseUrl: deps.config.database,
      stateDir: deps.config.stateDir,
      keyring: keyrings[line],
      recipientsOf: (homeGroup) => recipientsOf(deps, homeGroup),
      epochOf: () => 1,
      warn: deps.warn,
      overtaken: () => deps.overtaken?.(),
      pendingRows: deps.config.limits.pendingEntries,
    })
  let told = false
  for (;;) {
    deps.signal?.throwIfAborted()
    const entries = await hold('entries').catch(undefinedIfLost)
    const notes = entries && (await hold('notes').catch(undefinedIfLost))
    if (entries && notes) return { entries, notes }
    await entries?.release().catch(undefinedIfLost)
    if (!told) deps.info('another process of this region writes; this one stands by')
    told = true
    await new Promise((resolve) => setTimeout(resolve, standbyPollMs))
  }
}

/** A standby outlives restarts of its database. */
function undefinedIfLost(error: unknown): undefined {
  if (!isConnectionLoss(error)) throw error
}

/** Who may open what a home group's documents hold: as configured; what belongs to no group, every region. */
function recipientsOf(
  { config, wrapping }: Pick<StoreDeps, 'config' | 'wrapping'>,
  homeGroup: string,
): string[] {
  const all = [...wrapping.publicKeys.keys()]
  const group = config.homeGroups.find((g) => g.name === homeGroup)
  return group ? all.filter((region) => region === config.region || group.regions.includes(region)) : all
}

async function startOrigin(deps: StoreDeps, held: { [line in Line]: HeldLine }): Promise<string> {
  const evidence = await Promise.all(
    lines.map(async (line) => {
      const witnessed = await held[line].witness.read()
      const hashInLog = witnessed && (await held[line].hashAt(witnessed.origin, witnessed.head.seq))
      return { witnessed, hashInLog }
    }),
  )
  const known = lines.flatMap((line) => [...held[line].heads.keys()])
  const decision = decideOrigin(deps.config.region, evidence, known, randomInt(2 ** 20, 2 ** 29))
  if (decision.outcome === 'begin')
    deps.warn('a new incarnation begins', { origin: decision.origin, because: decision.because })
  return decision.origin
}

function createFence(deps: StoreDeps, logs: { [line in Line]: LineLog }): PostgresRegionStore['heard'] {
  let turning: Promise<void> = Promise.resolve()
  const ahead = (strands: ReadonlyMap<string, number>) => {
    const origin = logs.entries.writer.origin()
    return (
      (strands.get(origin) ?? 0) > logs.entries.writer.head().seq ||
      (strands.get(`${origin}/notes`) ?? 0) > logs.notes.writer.head().seq ||
      [...strands.keys()].some((strand) => isLaterIncarnation(parseStrand(strand).origin, origin))
    )
  }
  return (strands) => {
    turning = turning.then(async () => {
      if (!ahead(strands)) return
      const known = [...strands.keys()].map((strand) => strand.split('/')[0]!)
      const next = nextOrigin(deps.config.region, [...known, logs.entries.writer.origin()])!
      deps.warn('somebody holds more of this region than its own disk: a new incarnation begins', {
        origin: next,
      })
      for (const line of lines) await logs[line].beginIncarnation(next)
    })
    return turning
  }
}

/** Keys that this region made are granted to regions that came into the cluster since. */
async function grantToNewRegions(
  log: LineLog,
  config: StoreDeps['config'],
  wrapping: WrappingKeys,
): Promise<void> {
  for (const { keyId, origin, scope, homeGroup, recipients } of [...log.keyring.granted()]) {
    if (parseOrigin(origin)?.region !== config.region) continue
    const missing = recipientsOf({ config, wrapping }, homeGroup).filter((region) => !recipients.has(region))
    if (missing.length > 0) await log.writer.grant(keyId, scope, homeGroup, missing)
  }
}

function vector(strands: ReadonlyMap<string, number>): Vector {
  return Object.fromEntries([...strands].sort(([a], [b]) => (a < b ? -1 : 1)))
}
