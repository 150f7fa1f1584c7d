import type { PeerConfig, RegionConfig } from '../config/config.ts'
import { parseStrand, strandOf } from '../store/line.ts'
import { createLineTable } from '../store/line-table.ts'
import type { PeerState } from '../store/ports.ts'
import type { PostgresRegionStore } from '../store/region-store.ts'
import { createFeeder, type Feeder, type FeederLog } from './feeder.ts'
import { createFollower, entryStrands, type FollowerLog } from './follower.ts'
import { dialPeer, type Identity, listenForPeers, type PeerLink } from './links.ts'

/**
 * Every region follows every other: this one dials each peer, and feeds whoever dials it. Both ways are independent, so
 * a link that is cut in one direction of dialling still lets the other one through.
 */
export type Replication = {
  peers(): PeerState[]
  close(): Promise<void>
}

export type ReplicationDeps = {
  config: Pick<RegionConfig, 'region' | 'replication' | 'peers'>
  identity: Identity
  store: PostgresRegionStore
  warn(message: string, detail: object): void
  info(message: string, detail: object): void
}

const tickMs = 1000
/** A peer that says nothing for so long is taken for gone: ticks come every second. In ms. */
const silenceMs = 5000
const firstRetryMs = 200
const lastRetryMs = 5000

export async function startReplication(deps: ReplicationDeps): Promise<Replication> {
  const { config, identity, store } = deps
  const now = () => performance.now()
  const log = replicatedLog(store, deps.warn)
  const follower = createFollower({ log, now, warn: deps.warn })
  const feeders = new Map<PeerLink, Feeder>()
  const heardAt = new Map<PeerLink, number>()
  const dials = config.peers.map((peer) => keepDialling(peer, deps, follower, heardAt))

  const listener = await listenForPeers(config.replication, config.peers, identity, (link) => {
    const feeder = createFeeder(log, link, deps.warn)
    feeders.set(link, feeder)
    heardAt.set(link, now())
    return {
      received(message) {
        heardAt.set(link, now())
        feeder.received(message)
      },
      closed() {
        feeder.close()
        feeders.delete(link)
        heardAt.delete(link)
      },
    }
  })
  const stops = Object.values(store.logs).map(({ line, onFlushed }) =>
    onFlushed((rows) => {
      const origin = rows[0]?.row.origin
      if (origin === undefined) return
      const plainRows = rows.map(({ row }) => row)
      for (const feeder of feeders.values()) feeder.flushed(strandOf(line, origin), plainRows)
    }),
  )
  const ticking = setInterval(() => {
    follower.tick()
    for (const feeder of feeders.values()) feeder.tick()
    for (const [link, at] of heardAt) if (now() - at > silenceMs) link.close()
  }, tickMs)

  return {
    peers: () =>
      config.peers.map((peer) =>
        peerState(peer.region, log.flushed(), follower.progress(peer.region), now()),
      ),
    async close() {
      clearInterval(ticking)
      for (const stop of stops) stop()
      for (const dial of dials) dial.close()
      await listener.close()
    },
  }
}

function keepDialling(
  peer: PeerConfig,
  deps: ReplicationDeps,
  follower: ReturnType<typeof createFollower>,
  heardAt: Map<PeerLink, number>,
): { close(): void } {
  let current: { close(): void } | undefined
  let retry: NodeJS.Timeout | undefined
  let failures = 0
  let closed = false
  const dial = () => {
    current = dialPeer(
      peer,
      deps.identity,
      (link) => {
        failures = 0
        heardAt.set(link, performance.now())
        deps.info('follows a peer', { peer: peer.region })
        follower.opened(peer.region, (message) => link.send(message))
        return {
          received(message) {
            heardAt.set(link, performance.now())
            follower.received(peer.region, message)
          },
          closed() {
            heardAt.delete(link)
            deps.warn('a peer is out of reach', { peer: peer.region })
            follower.closed(peer.region)
          },
        }
      },
      () => {
        if (closed) return
        // Full jitter: after a cut all regions come back at different moments.
        const bound = Math.min(lastRetryMs, firstRetryMs * 2 ** failures)
        failures = Math.min(failures + 1, 16)
        retry = setTimeout(dial, Math.random() * bound)
      },
    )
  }
  dial()
  return {
    close() {
      closed = true
      clearTimeout(retry)
      current?.close()
    },
  }
}

function replicatedLog(store: PostgresRegionStore, warn: ReplicationDeps['warn']): FollowerLog & FeederLog {
  const tables = {
    entries: createLineTable(store.sql, 'entries'),
    notes: createLineTable(store.sql, 'notes'),
  }
  const at = (strand: string) => {
    const { line, origin } = parseStrand(strand)
    return { log: store.logs[line], table: tables[line], origin }
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
    hashAt(strand, seq) {
      const { table, origin } = at(strand)
      return table.hashAt(origin, seq)
    },
    rowsAfter(strand, after, limit) {
      const { table, origin } = at(strand)
      return table.rowsAfter(origin, after, limit)
    },
    heard: (strands) => {
      store.heard(strands).catch(() => warn('a new incarnation could not begin', {}))
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
