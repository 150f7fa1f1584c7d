import { LRUCache } from 'lru-cache'
import type { PeerConfig, RegionConfig } from '../config/config.ts'
import type { EndState } from '../store/ends.ts'
import { parseStrand, strandOf } from '../store/line.ts'
import type { PeerState } from '../store/ports.ts'
import type { PostgresRegionStore } from '../store/region-store.ts'
import type { Timers } from '../store/timers.ts'
import { type HistoriesState, historiesState } from './alarms.ts'
import { createFeeder, type Feeder, type FeederLog } from './feeder.ts'
import { createFlushedByPeers, type FlushedByPeers, type Wire } from './flushed-by-peers.ts'
import { createFollower, entryStrands, type FollowerLog } from './follower.ts'
import { createGranting } from './granting.ts'
import { createHistories, type HistoriesLog } from './histories.ts'
import type { LinkHandlers, PeerLink, Wires } from './links.ts'
import type { PeerMessage } from './peer-wire.ts'

/**
 * Every region follows every other: this one dials each peer, and feeds whoever dials it. Both ways are independent, so
 * a link that is cut in one direction of dialling still lets the other one through.
 */
export type Replication = {
  peers(): PeerState[]
  /** What an operator must know about the histories of origins. */
  histories(): HistoriesState
  /** What each peer has said that it flushed. */
  flushedByPeers: Pick<FlushedByPeers, 'current' | 'said' | 'onChange'>
  close(): Promise<void>
}

/** What replication needs of a region's store. */
export type ReplicatedStore = Pick<PostgresRegionStore, 'logs' | 'tables' | 'heard'>

export type ReplicationDeps = {
  config: Pick<RegionConfig, 'region' | 'peers'>
  wires: Wires
  timers: Timers
  /** From 0 up to 1. */
  random(): number
  store: ReplicatedStore
  warn(message: string, detail: object): void
  /** For what an operator must look into; `warn` if it is left out. */
  alarm?(message: string, detail: object): void
  info(message: string, detail: object): void
}

const tickMs = 1000
/** A peer that says nothing for so long is taken for gone: ticks come every second. In ms. */
const silenceMs = 5000
/** Rows that come together are acknowledged together, in ms. */
const acknowledgeMs = 10
const recentHashes = 10_000
const firstRetryMs = 200
const lastRetryMs = 5000

export async function startReplication(deps: ReplicationDeps): Promise<Replication> {
  const { config, wires, timers, store } = deps
  const now = () => timers.now()
  const log = replicatedLog(store, deps.warn)
  const histories = createHistories({ log, now, alarm: deps.alarm ?? deps.warn, warn: deps.warn })
  const follower = createFollower({ log, now, warn: deps.warn, suspect: histories.suspect })
  const feeders = new Map<PeerLink, Feeder>()
  const heardAt = new Map<PeerLink, number>()
  const flushedByPeers = createFlushedByPeers()
  /** What both ends of every connection do with a message. */
  const heard = (link: PeerLink, wire: Wire, message: PeerMessage) => {
    const { region } = link
    heardAt.set(link, now())
    if (message.type === 'vector') {
      wire.said(message.strands)
      void histories
        .heard(region, message.strands, message.hashes, link.send)
        .then(() => wire.believed(histories.believed(region, message.strands)))
    } else histories.received(region, message, link.send)
  }
  const dials = config.peers.map((peer) =>
    keepDialling(peer, deps, (link) => {
      heardAt.set(link, now())
      follower.opened(peer.region, link.send)
      const wire = flushedByPeers.opened(peer.region, 'followed')
      return {
        received(message) {
          heard(link, wire, message)
          return follower.received(peer.region, message)
        },
        closed() {
          wire.closed()
          heardAt.delete(link)
          histories.closed(peer.region)
          follower.closed(peer.region)
        },
      }
    }),
  )

  const listener = await wires.listen((link) => {
    const feeder = createFeeder(log, link, { warn: deps.warn, after: timers.after })
    feeders.set(link, feeder)
    heardAt.set(link, now())
    const wire = flushedByPeers.opened(link.region, 'follows')
    return {
      received(message) {
        heard(link, wire, message)
        feeder.received(message)
      },
      closed() {
        wire.closed()
        feeder.close()
        feeders.delete(link)
        heardAt.delete(link)
        histories.closed(link.region)
      },
    }
  })
  const stops = Object.values(store.logs).map(({ line, onFlushed }) =>
    onFlushed((rows) => {
      const origin = rows[0]?.row.origin
      if (origin === undefined) return
      const plainRows = rows.map(({ row }) => row)
      for (const feeder of feeders.values()) feeder.flushed(strandOf(line, origin), plainRows)
      // Whoever waits for a second region to have it hears of it now, not with the next tick. Nobody waits for notes.
      if (line === 'entries' && origin !== log.ownOrigin())
        acknowledging ??= timers.after(acknowledgeMs, acknowledge)
    }),
  )
  let acknowledging: (() => void) | undefined
  const acknowledge = () => {
    acknowledging = undefined
    follower.acknowledge()
  }
  const granting = createGranting({
    region: config.region,
    logs: Object.values(store.logs),
    reachable: (region) => peers().some((peer) => peer.region === region && peer.reachable),
    now,
    info: deps.info,
  })
  const stopTicking = timers.every(tickMs, () => {
    follower.tick()
    granting.tick().catch(() => deps.warn('keys could not be granted to regions that lack them', {}))
    for (const feeder of feeders.values()) feeder.tick()
    for (const [link, at] of heardAt)
      if (link.held()) heardAt.set(link, now())
      else if (now() - at > silenceMs) link.close()
  })

  function peers(): PeerState[] {
    return config.peers.map((peer) =>
      peerState(peer.region, log.flushed(), follower.progress(peer.region), now()),
    )
  }

  return {
    flushedByPeers,
    histories: () => historiesState(config.region, histories.differing(), endsOf(store), follower.unfit()),
    peers,
    async close() {
      stopTicking()
      granting.close()
      acknowledging?.()
      for (const stop of stops) stop()
      for (const dial of dials) dial.close()
      await listener.close()
    },
  }
}

function keepDialling(
  peer: PeerConfig,
  deps: ReplicationDeps,
  opened: (link: PeerLink) => LinkHandlers,
): { close(): void } {
  let current: { close(): void } | undefined
  let stopRetry = () => {}
  let failures = 0
  let closed = false
  const dial = () => {
    current = deps.wires.dial(
      peer,
      (link) => {
        failures = 0
        deps.info('follows a peer', { peer: peer.region })
        const handlers = opened(link)
        return {
          received: handlers.received,
          closed() {
            deps.warn('a peer is out of reach', { peer: peer.region })
            handlers.closed()
          },
        }
      },
      () => {
        if (closed) return
        // Full jitter: after a cut all regions come back at different moments.
        const bound = Math.min(lastRetryMs, firstRetryMs * 2 ** failures)
        failures = Math.min(failures + 1, 16)
        stopRetry = deps.timers.after(deps.random() * bound, dial)
      },
    )
  }
  dial()
  return {
    close() {
      closed = true
      stopRetry()
      current?.close()
    },
  }
}

function endsOf({ logs }: ReplicatedStore): Map<string, EndState> {
  return new Map(
    Object.values(logs).flatMap(({ line, ends }) =>
      [...ends.state()].map(([origin, state]) => [strandOf(line, origin), state] as const),
    ),
  )
}

function replicatedLog(
  store: ReplicatedStore,
  warn: ReplicationDeps['warn'],
): FollowerLog & FeederLog & HistoriesLog {
  const at = (strand: string) => {
    const { line, origin } = parseStrand(strand)
    return { log: store.logs[line], table: store.tables[line], origin }
  }
  /** Hashes of rows that were flushed lately: every word of a peer names one. */
  const recent = new LRUCache<string, Uint8Array>({ max: recentHashes })
  for (const { line, onFlushed, ends } of Object.values(store.logs)) {
    onFlushed((rows) => {
      // A copy: the row may lie in a large message.
      for (const { row } of rows.slice(-recentHashes))
        recent.set(`${strandOf(line, row.origin)} ${row.seq}`, Uint8Array.from(row.hash))
    })
    ends.onSetAside(() => recent.clear())
  }
  return {
    ownOrigin: () => store.logs.entries.writer.origin(),
    flushed: () => new Map([...store.logs.entries.flushed(), ...store.logs.notes.flushed()]),
    head(strand) {
      const { log, origin } = at(strand)
      return log.head(origin)
    },
    take(strand, rows) {
      const { log, origin } = at(strand)
      return log.take(origin, rows)
    },
    async hashAt(strand, seq) {
      const { table, origin } = at(strand)
      return recent.get(`${strand} ${seq}`) ?? (await table.hashAt(origin, seq))
    },
    rowsAfter(strand, after, limit) {
      const { table, origin } = at(strand)
      return table.rowsAfter(origin, after, limit)
    },
    endOf(strand) {
      const { log, origin } = at(strand)
      return log.ends.endOf(origin)
    },
    end(strand, last) {
      const { log, origin } = at(strand)
      return log.ends.end(origin, last)
    },
    heard: (strands, hashes) => {
      store.heard(strands, hashes).catch(() => warn('a new incarnation could not begin', {}))
    },
  }
}

function peerState(
  region: string,
  have: ReadonlyMap<string, number>,
  progress: ReturnType<ReturnType<typeof createFollower>['progress']>,
  now: number,
): PeerState {
  const { connected, heardAt, vector } = progress
  const silent = heardAt === undefined ? undefined : (now - heardAt) / 1000
  const lag =
    vector &&
    [...entryStrands(vector)].reduce((sum, [s, seq]) => sum + Math.max(0, seq - (have.get(s) ?? 0)), 0)
  return {
    region,
    reachable: connected && silent !== undefined && silent * 1000 < silenceMs,
    ageSeconds: silent === undefined ? null : Math.ceil(silent),
    lagRows: lag ?? null,
  }
}
