import { isDocumentName, isGrowOnly, parseDocumentName } from '../../domain/documents/document-name.ts'
import { closeCodes } from '../../domain/wire/wire.ts'
import { createAdmission } from '../../sync-server/documents/admission.ts'
import { createFanOut } from '../../sync-server/gateway/fan-out.ts'
import { createLostRows } from '../../sync-server/gateway/lost-rows.ts'
import { createOpenDocuments } from '../../sync-server/gateway/open-documents.ts'
import { createRegionBoard } from '../../sync-server/gateway/region-board.ts'
import { serveMeridian } from '../../sync-server/gateway/serve-meridian.ts'
import { serveRows } from '../../sync-server/gateway/serve-rows.ts'
import type { Socket, SocketHandlers } from '../../sync-server/gateway/socket.ts'
import { createTelling } from '../../sync-server/gateway/telling.ts'
import type { KeyCipher, WrappingKeys } from '../../sync-server/keys/wrapping.ts'
import { createLogger } from '../../sync-server/observability/logger.ts'
import { createMetrics } from '../../sync-server/observability/metrics.ts'
import { type Replication, startReplication } from '../../sync-server/replication/replication.ts'
import { createCursorProofs } from '../../sync-server/store/cursor-proof.ts'
import { createEntryLog } from '../../sync-server/store/entry-log.ts'
import { createFence } from '../../sync-server/store/fence.ts'
import type { Line } from '../../sync-server/store/line.ts'
import type { LineGround } from '../../sync-server/store/line-ground.ts'
import type { LineLog } from '../../sync-server/store/line-log.ts'
import { openPatientDirectory } from '../../sync-server/store/patient-directory.ts'
import type { ErasedPatients, ProvenCursor, RegionStore } from '../../sync-server/store/ports.ts'
import { createQuarantine } from '../../sync-server/store/quarantine.ts'
import { holdLines, type LinesDeps, startOrigin } from '../../sync-server/store/region-store.ts'
import type { Connection, Database, Locks } from './database.ts'
import { createEntryTable } from './entry-table.ts'
import { createLineTable } from './line-table.ts'
import type { Network } from './network.ts'
import { createPens, type Pens } from './pens.ts'
import { group, identity } from './proposals.ts'
import type { Random } from './random.ts'
import type { Schedule } from './schedule.ts'
import type { ServerProcess } from './server-process.ts'
import type { WitnessPlace } from './witness-place.ts'

/** A process of a region's server: the real parts, put together as `region.ts` does, on modelled ground. */
export type RegionServer = {
  process: ServerProcess
  /** Undefined until it has the pens and is open for devices. */
  open(): OpenRegion | undefined
}

export type OpenRegion = {
  logs: { [line in Line]: LineLog }
  replication: Replication
  /** Serves a document, or the meridian endpoint. */
  serve(document: string | undefined, socket: Socket): SocketHandlers
}

export type ServerDeps = {
  region: string
  regions: readonly string[]
  process: ServerProcess
  database: Database & Locks
  witnesses: { [line in Line]: WitnessPlace }
  network: Network
  schedule: Schedule
  random: Random
}

const metrics = createMetrics({ processMetrics: false })
const logger = createLogger({ region: 'simulated', level: 'silent' }, { write() {} })
/** What a process keeps in memory of the log: enough for a simulation, and made in no time. */
const remembered = 1000
const readers = 3

export function startServer(deps: ServerDeps): RegionServer {
  const { process } = deps
  let open: OpenRegion | undefined
  process.onEnd(() => {
    open = undefined
  })
  start(deps).then(
    (region) => {
      if (process.state() !== 'dead') open = region
    },
    (error: Error) => {
      deps.schedule.trace(`${process.name} could not start: ${error.message}`)
      process.kill()
    },
  )
  return { process, open: () => open }
}

async function start(deps: ServerDeps): Promise<OpenRegion> {
  const { region, regions, process, database, schedule, random } = deps
  const { timers } = process
  const reading = pool(deps)
  const warn = (message: string, detail: object = {}) =>
    schedule.trace(`${process.name} warns: ${message} ${JSON.stringify(detail)}`)
  const config = configOf(region, regions)
  const linesDeps: LinesDeps = {
    config,
    wrapping: wrappingOf(region, regions),
    cipher,
    remembered,
    info: () => {},
    warn,
    overtaken(why) {
      schedule.trace(`${process.name} was overtaken: ${why}`)
      schedule.after(0, process.kill)
    },
  }

  await reading.statement('fit?', () => undefined)
  const pens = createPens(process, database, reading)
  const grounds = { entries: groundOf(deps, pens, 'entries'), notes: groundOf(deps, pens, 'notes') }
  const held = await holdLines(linesDeps, grounds, pens.mayTake)
  const origin = await startOrigin(linesDeps, held)
  const logs = { entries: await held.entries.open(origin), notes: await held.notes.open(origin) }
  const now = () => new Date(timers.now())
  const memory = { put: async () => {}, forget: async () => {} }
  const quarantine = createQuarantine({ known: [], memory, now, info: () => {}, warn })
  const entries = createEntryLog({ log: logs.entries, table: createEntryTable(reading), quarantine, warn })
  const patients = await openPatientDirectory(entries, nobodyErased, logs.entries.ends)
  const tables = { entries: createLineTable(reading, 'entries'), notes: createLineTable(reading, 'notes') }
  const hashAt = (line: Line, of: string, seq: number) => tables[line].hashAt(of, seq)
  const fence = createFence({ region, logs, hashAt, warn })
  const proofs = createCursorProofs(tables.entries, fence)
  schedule.trace(`${process.name} opens as ${origin}`)

  const key = { kty: 'EC' }
  const peers = regions.filter((name) => name !== region)
  const peerOf = (name: string) => ({
    region: name,
    url: '',
    certificate: '',
    wrappingKey: key,
    signingKey: key,
  })
  const replication = await startReplication({
    config: { region, peers: peers.map(peerOf) },
    wires: deps.network.wiresOf(region, process),
    timers,
    random: random.next,
    store: { logs, tables, heard: fence.heard },
    warn,
    info: () => {},
  })
  const store: RegionStore = {
    entries,
    patients,
    quarantine,
    erased: nobodyErased,
    snapshots: { load: async () => undefined, keep: async () => {}, drop: async () => {} },
    notes: {
      append: () => Promise.reject(new Error('notes are written to their log directly')),
      load: async () => ({ state: undefined, updates: [], covers: new Map() }),
      keepSnapshot: async () => {},
      updatesOf: async () => [],
      onReceived: () => () => {},
    },
    async vectors() {
      await reading.statement('awake?', () => undefined)
      if (!logs.entries.writer.isCurrent()) throw new Error('another process may have taken over')
      return {
        flushed: Object.fromEntries(logs.entries.flushed()),
        servable: Object.fromEntries(logs.entries.servable()),
      }
    },
    onReplaced: (listener) =>
      logs.entries.ends.onSetAside((_origin, _after, documents) => listener(documents)),
    proofOf: proofs.of,
    proven: proofs.hear,
    health() {
      const detail = logs.entries.writer.trouble() ?? logs.notes.writer.trouble()
      return detail === undefined ? { writes: true } : { writes: false, detail }
    },
    close: async () => {},
  }
  return { logs, replication, serve: gateway(store, replication, config, timers) }
}

/** What `gateway.ts` puts together for each connection. */
function gateway(
  store: RegionStore,
  replication: Replication,
  config: ReturnType<typeof configOf>,
  timers: ServerProcess['timers'],
): OpenRegion['serve'] {
  const monotonic = timers.now
  const admission = createAdmission({ config, store, logger, metrics, monotonic, remembered })
  const fanOut = createFanOut(store.entries)
  const telling = createTelling({ store, logger, metrics })
  const openDocuments = createOpenDocuments()
  const { region } = config
  const { peers, flushedByPeers: replicated } = replication
  const lostRows = createLostRows({ region, replicated, monotonic })
  const board = createRegionBoard({
    region,
    store,
    peers,
    replicated,
    lookMs: 1000,
    timers,
  })
  store.onReplaced((documents) => {
    telling.forget(documents)
    openDocuments.close((name) => documents.includes(name), closeCodes.startAnew, 'read it anew')
  })

  function serveDocument(document: string, socket: Socket): SocketHandlers {
    const closed = openDocuments.add(document, socket)
    const handlers = serveRows(document, socket, { entries: store.entries, telling, fanOut, metrics, logger })
    return {
      ...handlers,
      closed(own) {
        closed()
        handlers.closed(own)
      },
    }
  }

  function open(name: string, channel: Socket) {
    const document = parseDocumentName(name)
    return isDocumentName(document) && isGrowOnly(document)
      ? serveDocument(name, channel)
      : { code: closeCodes.malformed, reason: 'no such document' }
  }

  return (document, socket) =>
    document === undefined
      ? serveMeridian(identity, socket, {
          admission,
          board,
          monotonic,
          logger,
          store,
          tokens,
          lostRows,
          open,
        })
      : serveDocument(document, socket)
}

/** Connections of those who only read. */
function pool({ database, process }: ServerDeps): Connection {
  const connections = Array.from({ length: readers }, () => database.connect(process))
  let turn = 0
  return {
    statement(name, work, kind) {
      turn += 1
      return connections[turn % readers]!.statement(name, work, kind)
    },
    close: async () => {},
  }
}

function groundOf({ process, database, witnesses }: ServerDeps, pens: Pens, line: Line): LineGround {
  return {
    takePen: () => pens.take(line),
    openWitness: async () => witnesses[line].open(process),
    openTable() {
      const connection = database.connect(process)
      return { table: createLineTable(connection, line), close: connection.close }
    },
    timers: process.timers,
  }
}

function configOf(region: string, regions: readonly string[]) {
  const home = { name: group, home: region, policy: 'home' as const, timeZone: 'Europe/Berlin' }
  return {
    region,
    homeGroups: [{ ...home, regions: [...regions] }],
    limits: { importBytes: 1_000_000, pendingEntries: 200 },
  }
}

/** Keys are wrapped in name only: who is no recipient is not told. Real cryptography would not keep to virtual time. */
const cipher: KeyCipher = {
  wrapKey: async (_, key, regions) =>
    Buffer.from(JSON.stringify({ key: Buffer.from(key).toString('hex'), regions })),
  async unwrapKey(keys, wrapped) {
    const text = Buffer.from(wrapped).toString('utf8')
    const { key, regions } = JSON.parse(text) as { key: string; regions: string[] }
    return regions.includes(keys.region) ? Buffer.from(key, 'hex') : undefined
  },
}

function wrappingOf(region: string, regions: readonly string[]): WrappingKeys {
  return { region, privateKey: {}, publicKeys: new Map(regions.map((name) => [name, {}])) }
}

/** As with the cipher: what a region signs is believed as it stands. */
const tokens = {
  signCursor: async (cursor: ProvenCursor) => JSON.stringify(cursor),
  readCursor: async (proof: string) => (proof === '' ? undefined : (JSON.parse(proof) as ProvenCursor)),
}

const nobodyErased: ErasedPatients = {
  has: () => false,
  erase: async () => ({ outcome: 'unavailable', detail: 'nobody is erased here' }),
  find: async () => undefined,
  onErased: () => () => {},
}
