import type { PeerConfig } from '../config/config.ts'
import type { KeyCipher } from '../keys/wrapping.ts'
import { createFence } from '../store/fence.ts'
import { type Line, lines, payloadKindOf, strandOf } from '../store/line.ts'
import type { LineGround } from '../store/line-ground.ts'
import { emptyHead, type Head, type LogRow } from '../store/log-row.ts'
import { type ManualTimers, manualTimers } from '../store/manual-timers.ts'
import { copyRows, createMemoryTable, emptyRows, type MemoryRows } from '../store/memory-table.ts'
import { openRows } from '../store/open-row.ts'
import { holdLines, startOrigin } from '../store/region-store.ts'
import type { LinkHandlers, PeerLink, Wires } from './links.ts'
import { decodePeerMessage, encodePeerMessage, type PeerMessage } from './peer-wire.ts'
import { type ReplicatedStore, type Replication, startReplication } from './replication.ts'

/**
 * Regions of a test under a virtual clock: the real writers, intakes, fences, followers and feeders, on disks in memory,
 * over links that delay, cut and come back as a seed says. Messages pass through their real encoding.
 */
export type SimulatedRegion = {
  name: string
  isUp(): boolean
  /** Starts it on its disk; does nothing while it is up. */
  start(): Promise<void>
  /** Ends it between two statements; what the disk holds stays. */
  kill(): Promise<void>
  /** Ends it in the middle of a statement, so many statements from now: what that one did is there, and nobody heard. */
  killAfter(statements: number): void
  /** Proposes one entry. Resolves with true once it is acknowledged. */
  write(entryId: string, document?: string, homeGroup?: string): Promise<boolean>
  /** Appends one update of a note. */
  type(text: string): Promise<boolean>
  /** A copy of the disk: of the database, and of the folder beside it. */
  backup(): Disk
  /** Puts a copy back; the region must be down. */
  restore(disk: Disk, what: 'database' | 'everything'): void
  origin(): string
  /** Ids of the entries that can be read here. */
  entries(line?: Line): Promise<string[]>
  /** Strand → sequence and hash of its last row. */
  strands(): Record<string, string>
  servable(): Record<string, number>
  alarms(): string[]
  rows(line: Line): MemoryRows
  /** Puts a row into the log behind everybody's back. */
  forge(line: Line, rows: readonly LogRow[]): void
}

export type Disk = {
  database: { [line in Line]: MemoryRows }
  witness: { [line in Line]: Witnessed | undefined }
}
type Witnessed = { origin: string; head: Head }

type Running = {
  logs: ReplicatedStore['logs']
  replication: Replication
}

/** Home groups that are open to everybody; any other name is a list of regions, as `frankfurt+london`. */
export const openGroup = 'open'

/** @param members what a region's configuration names at its start; all regions if left out */
export function createSimulation(
  names: readonly string[],
  random: () => number,
  members: () => readonly string[] = () => names,
) {
  const timers = manualTimers()
  const listeners = new Map<string, (link: PeerLink) => LinkHandlers>()
  const down = new Set<string>()
  const connections = new Set<Connection>()
  const regions = names.map((name) => createRegion(name))

  function createRegion(name: string): SimulatedRegion {
    let disk: Disk = {
      database: { entries: emptyRows(), notes: emptyRows() },
      witness: { entries: firstWitness(name, 'entries'), notes: firstWitness(name, 'notes') },
    }
    let running: Running | undefined
    /** Grows with every start: a process that was killed reaches its disk no more. */
    let life = 0
    let statementsLeft = Number.POSITIVE_INFINITY

    function end(): void {
      life += 1
      running = undefined
      listeners.delete(name)
      for (const connection of [...connections]) if (connection.joins(name)) connection.cut()
    }

    function ground(line: Line, own: number): LineGround {
      const alive = () => {
        if (life !== own)
          throw Object.assign(new Error('this process is gone'), { code: 'CONNECTION_CLOSED' })
      }
      const counted = () => {
        statementsLeft -= 1
        if (statementsLeft === 0) end()
      }
      const table = guarded(createMemoryTable(disk.database[line], line), alive, counted)
      return {
        takePen: async () => ({ table, token: 'pen', close: async () => {} }),
        openWitness: async () => ({
          read: async () => disk.witness[line],
          async write(origin, head) {
            alive()
            disk.witness[line] = { origin, head }
          },
          close: async () => {},
        }),
        openTable: () => ({ table, close: async () => {} }),
        timers: guardedTimers(timers, () => life === own),
      }
    }

    async function start(): Promise<void> {
      if (running) return
      statementsLeft = Number.POSITIVE_INFINITY
      const own = ++life
      const grounds = { entries: ground('entries', own), notes: ground('notes', own) }
      const deps = {
        config: {
          region: name,
          homeGroups: groupsOf(members()),
          limits: { importBytes: 0, pendingEntries: 1e6 },
        },
        wrapping: { region: name, privateKey: {}, publicKeys: new Map(members().map((peer) => [peer, {}])) },
        cipher: openCipher,
        info: () => {},
        warn: () => {},
      }
      const held = await holdLines(deps, grounds)
      const origin = await startOrigin(deps, held)
      const logs = { entries: await held.entries.open(origin), notes: await held.notes.open(origin) }
      const tables = { entries: grounds.entries.openTable().table, notes: grounds.notes.openTable().table }
      const hashAt = (line: Line, of: string, seq: number) => tables[line].hashAt(of, seq)
      const { heard } = createFence({ region: name, logs, hashAt, warn: () => {} })
      const replication = await startReplication({
        config: {
          region: name,
          peers: members()
            .filter((peer) => peer !== name)
            .map(peerConfig),
        },
        wires: wiresOf(name),
        timers: guardedTimers(timers, () => life === own),
        random,
        store: { logs, tables, heard },
        warn: () => {},
        info: () => {},
      })
      running = { logs, replication }
    }

    const up = () => {
      if (!running) throw new Error(`${name} is down`)
      return running
    }
    const append = async (line: Line, entryId: string, document: string, homeGroup: string, text: string) => {
      const clear = { document, subject: 'Observation/1', entryId, homeGroup, author: 'a', lamport: 1 }
      const [outcome] = await up().logs[line].writer.append([{ ...clear, plain: Buffer.from(text) }])
      return outcome?.outcome === 'committed'
    }

    return {
      name,
      isUp: () => running !== undefined,
      start,
      kill: async () => end(),
      killAfter(statements) {
        statementsLeft = statements
      },
      write: (entryId, document = 'chart/1', homeGroup = openGroup) =>
        append('entries', entryId, document, homeGroup, entryId),
      type: (text) => append('notes', '', 'note/1', '', text),
      backup: () => copyOf(disk),
      restore(copy, what) {
        const { database, witness } = copyOf(copy)
        disk = { database, witness: what === 'everything' ? witness : disk.witness }
      },
      origin: () => up().logs.entries.writer.origin(),
      async entries(line = 'entries') {
        const log = up().logs[line]
        const all = [...disk.database[line].log.values()].flat()
        const opened = await openRows(log.keyring, line, all)
        const texts = opened.flatMap(({ row, plain }) =>
          row.kind === payloadKindOf(line) && plain ? Buffer.from(plain).toString() : [],
        )
        return [...new Set(texts)].sort()
      },
      strands() {
        const heads = lines.flatMap((line) =>
          [...up().logs[line].flushed()].map(([strand, seq]) => {
            const origin = strand.split('/')[0]!
            const { hash } = up().logs[line].head(origin)
            return [
              strandOf(line, origin),
              `${seq} ${Buffer.from(hash).toString('hex').slice(0, 8)}`,
            ] as const
          }),
        )
        return Object.fromEntries(heads.sort(([a], [b]) => (a < b ? -1 : 1)))
      },
      servable: () =>
        Object.fromEntries(
          lines.flatMap((line) => [...up().logs[line].servable()]).sort(([a], [b]) => (a < b ? -1 : 1)),
        ),
      alarms: () =>
        up()
          .replication.histories()
          .alarms.map(({ words }) => words),
      rows: (line) => disk.database[line],
      forge(line, rows) {
        for (const row of rows)
          disk.database[line].log.set(row.origin, [...(disk.database[line].log.get(row.origin) ?? []), row])
      },
    }
  }

  function wiresOf(name: string): Wires {
    return {
      dial(peer, opened, failed) {
        let connection: Connection | undefined
        let given = false
        timers.after(5 + random() * 20, () => {
          const accept = listeners.get(peer.region)
          if (given) return
          if (!accept || down.has(`${name} ${peer.region}`)) return failed()
          connection = connect(name, peer.region, opened, accept, failed)
        })
        return {
          close() {
            given = true
            connection?.cut()
          },
        }
      },
      async listen(opened) {
        listeners.set(name, opened)
        return {
          async close() {
            if (listeners.get(name) === opened) listeners.delete(name)
          },
        }
      },
    }
  }

  type Connection = { joins(name: string): boolean; cut(): void }

  function connect(
    dialler: string,
    dialled: string,
    opened: (link: PeerLink) => LinkHandlers,
    accept: (link: PeerLink) => LinkHandlers,
    failed: () => void,
  ): Connection {
    let open = true
    const ends: { [way in 'up' | 'down']?: LinkHandlers } = {}
    // A connection keeps its order, whatever the delay of each message.
    const arrival = { up: 0, down: 0 }
    const send = (way: 'up' | 'down') => (message: PeerMessage) => {
      if (!open) return
      const bytes = encodePeerMessage(message)
      arrival[way] = Math.max(arrival[way], timers.now() + random() * 300)
      timers.after(arrival[way] - timers.now(), () => {
        const decoded = decodePeerMessage(bytes)
        if (open && decoded) void ends[way]?.received(decoded)
      })
    }
    const connection: Connection = {
      joins: (name) => name === dialler || name === dialled,
      cut() {
        if (!open) return
        open = false
        connections.delete(connection)
        ends.up?.closed()
        ends.down?.closed()
        failed()
      },
    }
    const link = (region: string, way: 'up' | 'down'): PeerLink => ({
      region,
      send: send(way),
      room: () => true,
      async drained() {
        if (!open) throw new Error('gone')
      },
      held: () => false,
      close: connection.cut,
    })
    connections.add(connection)
    ends.up = accept(link(dialler, 'down'))
    ends.down = opened(link(dialled, 'up'))
    return connection
  }

  return {
    regions: regions as readonly SimulatedRegion[],
    timers,
    async start() {
      for (const region of regions) await region.start()
    },
    pass: (ms: number) => timers.pass(ms),
    /** Cuts, or heals, what `from` hears of `to`. */
    link(from: string, to: string, up: boolean) {
      if (up) down.delete(`${from} ${to}`)
      else {
        down.add(`${from} ${to}`)
        for (const connection of [...connections])
          if (connection.joins(from) && connection.joins(to)) connection.cut()
      }
    },
    /** Cuts a region off, or lets it back. */
    isolate(name: string, cut = true) {
      for (const other of names.filter((peer) => peer !== name)) {
        this.link(name, other, !cut)
        this.link(other, name, !cut)
      }
    },
  }
}

/** Keys in clear: real cryptography does not follow a virtual clock. A region that is no recipient gets nothing. */
const openCipher: KeyCipher = {
  wrapKey: async (_, key, regions) =>
    Buffer.from(JSON.stringify({ regions, key: Buffer.from(key).toString('hex') })),
  async unwrapKey({ region }, wrapped) {
    const { regions, key } = JSON.parse(Buffer.from(wrapped).toString()) as { regions: string[]; key: string }
    return regions.includes(region) ? Buffer.from(key, 'hex') : undefined
  },
}

function groupsOf(names: readonly string[]) {
  const group = (name: string, regions: readonly string[]) => ({
    name,
    home: regions[0]!,
    policy: 'home' as const,
    regions: [...regions],
    timeZone: 'UTC',
  })
  const pairs = names.flatMap((a) => names.filter((b) => b > a).map((b) => group(`${a}+${b}`, [a, b])))
  return [group(openGroup, names), ...pairs, ...names.map((name) => group(name, [name]))]
}

function firstWitness(name: string, line: Line): Witnessed {
  return { origin: `${name}.1`, head: emptyHead(line, `${name}.1`) }
}

function copyOf({ database, witness }: Disk): Disk {
  return {
    database: { entries: copyRows(database.entries), notes: copyRows(database.notes) },
    witness: { ...witness },
  }
}

function peerConfig(region: string): PeerConfig {
  return {
    region,
    url: 'wss://127.0.0.1:1',
    certificate: '-----BEGIN CERTIFICATE-----',
    wrappingKey: { kty: 'EC' },
    signingKey: { kty: 'EC' },
  }
}

/** A table that rejects everything once its process is gone. */
function guarded<T extends object>(table: T, alive: () => void, counted: () => void): T {
  const calls = Object.entries(table as Record<string, (...given: unknown[]) => Promise<unknown>>)
  return Object.fromEntries(
    calls.map(([name, call]) => [
      name,
      async (...given: unknown[]) => {
        alive()
        const answer = await call(...given)
        counted()
        alive()
        return answer
      },
    ]),
  ) as T
}

/** Timers that a process that is gone hears no more of. */
function guardedTimers(timers: ManualTimers, alive: () => boolean): ManualTimers {
  const whileAlive = (act: () => void) => () => {
    if (alive()) act()
  }
  return {
    ...timers,
    wait: (ms) => new Promise((resolve) => timers.after(ms, whileAlive(resolve))),
    after: (ms, act) => timers.after(ms, whileAlive(act)),
    every: (ms, act) => timers.every(ms, whileAlive(act)),
  }
}
