import { encodeFrame } from '../../domain/wire/wire.ts'
import type { PeerState, RegionStore, Vector } from '../store/ports.ts'
import { realTimers, type Timers } from '../store/timers.ts'

/**
 * What a region tells every app that is connected: how it is, and what the other regions have flushed. Made once for
 * all of them, and only while somebody is there to hear it.
 */
export type RegionBoard = {
  /** Tells the newest state at once, then every change of it, and at least every few seconds. */
  subscribe(listener: (news: News) => void): () => void
  close(): void
}

/** A frame for apps; with what others have flushed where it is about that. */
export type News = { frame: Uint8Array; replicated?: { [region: string]: Vector } }

/** What other regions have said that their databases flushed. */
export type Replicated = {
  /** As far as they mean the rows that are here. */
  current(): { [region: string]: Vector }
  /** What a region that can be reached has said, whatever it means by it. */
  said(region: string): Vector | undefined
  onChange(listener: () => void): () => void
}

/** Body of a `status` frame. */
export type RegionStatus = {
  region: string
  origin: string
  takesWrites: boolean
  /** Why it takes no writes. */
  detail?: string
  /** Absent while the database cannot be asked. */
  vectors?: { flushed: Vector; servable: Vector }
  peers: PeerState[]
}

export type RegionBoardDeps = {
  region: string
  store: Pick<RegionStore, 'entries' | 'vectors' | 'health'>
  peers(): PeerState[]
  replicated: Replicated
  /** How often the state is looked at, in ms. */
  lookMs: number
  timers?: Timers
}

/** Rounds after which the status is told even if nothing has changed. */
const tellRounds = 4
/** Changes of what others have flushed are told together, in ms. */
const gatherMs = 20

export function createRegionBoard({
  region,
  store,
  peers,
  replicated,
  lookMs,
  timers = realTimers,
}: RegionBoardDeps): RegionBoard {
  const listeners = new Set<(news: News) => void>()
  let status: Promise<Uint8Array> | undefined
  let told = ''
  let silentRounds = 0
  let stopGathering: (() => void) | undefined

  const stopRounds = timers.every(lookMs, () => {
    if (listeners.size > 0) void look()
  })
  const stop = replicated.onChange(() => {
    if (listeners.size > 0) stopGathering ??= timers.after(gatherMs, tellReplicated)
  })

  async function currentStatus(): Promise<RegionStatus> {
    const health = store.health()
    const vectors = await store.vectors().catch(() => undefined)
    return {
      region,
      origin: store.entries.origin(),
      takesWrites: health.writes && vectors !== undefined,
      ...(health.writes ? {} : { detail: health.detail }),
      ...(vectors ? { vectors } : {}),
      peers: peers(),
    }
  }

  async function look(): Promise<void> {
    const now = await currentStatus()
    // Ages always change: they are told with what else does, or in their turn.
    const text = JSON.stringify({ ...now, peers: now.peers.map((peer) => ({ ...peer, ageSeconds: null })) })
    silentRounds += 1
    if (text === told && silentRounds < tellRounds) return
    told = text
    silentRounds = 0
    tell({ frame: encodeFrame({ channel: 0, type: 'status', status: JSON.stringify(now) }) })
  }

  /** One reading of the state for all that come together. */
  function statusFrame(): Promise<Uint8Array> {
    status ??= currentStatus()
      .then((now) => encodeFrame({ channel: 0, type: 'status', status: JSON.stringify(now) }))
      .finally(() => {
        status = undefined
      })
    return status
  }

  function replicatedNews(): News {
    const regions = replicated.current()
    return { frame: encodeFrame({ channel: 0, type: 'replicated', regions }), replicated: regions }
  }

  function tellReplicated(): void {
    stopGathering = undefined
    tell(replicatedNews())
  }

  function tell(news: News): void {
    for (const listener of [...listeners]) listener(news)
  }

  return {
    subscribe(listener) {
      listeners.add(listener)
      listener(replicatedNews())
      void statusFrame().then((frame) => {
        if (listeners.has(listener)) listener({ frame })
      })
      return () => listeners.delete(listener)
    },
    close() {
      stopRounds()
      stopGathering?.()
      stop()
      listeners.clear()
    },
  }
}
