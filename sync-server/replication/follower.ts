import type { Taken } from '../store/intake.ts'
import { parseStrand } from '../store/line.ts'
import type { Head, LogRow } from '../store/log-row.ts'
import { planFollows } from './follow-plan.ts'
import type { PeerMessage } from './peer-wire.ts'

/**
 * Follows all peers at once. Sans-I/O: connections, the clock and the log are passed in. Events only change state;
 * `evaluate` looks at the state and says whom to ask for what.
 *
 * 1. A strand is asked of one peer at a time, from the row behind the own head, whose hash is named.
 * 2. Rows are handed to the log in the order of their arrival; what the log does not take is asked for again.
 * 3. A peer whose history differs is not asked for that strand again on this connection, unless the strand has ended
 *    since; behind an end nobody is asked for anything.
 */
export type FollowerLog = {
  ownOrigin(): string
  /** Strand → highest flushed sequence, own strands included. */
  flushed(): Map<string, number>
  head(strand: string): Head
  take(strand: string, rows: readonly LogRow[]): Promise<Taken>
  /** The last row of a strand that counts, if it has ended. */
  endOf(strand: string): number | undefined
  /** Every vector that a peer names, so that a restored disk is noticed. */
  heard(strands: ReadonlyMap<string, number>, hashes: ReadonlyMap<string, Uint8Array>): void
}

export type FollowerDeps = {
  log: FollowerLog
  /** Monotonic, in ms. */
  now(): number
  /** A peer's row does not fit the one that is here. */
  suspect(strand: string, send: (message: PeerMessage) => void): void
  warn(message: string, detail: object): void
}

export type PeerProgress = {
  connected: boolean
  /** Monotonic ms of the last word, or undefined. */
  heardAt: number | undefined
  vector: ReadonlyMap<string, number> | undefined
}

export type Follower = {
  opened(region: string, send: (message: PeerMessage) => void): void
  closed(region: string): void
  /** Resolves when the rows of a message have been dealt with. */
  received(region: string, message: PeerMessage): Promise<void> | undefined
  /** Tells every peer what has been flushed here. */
  acknowledge(): void
  /** To be called at least every second: heartbeat, and a look for what is stuck. */
  tick(): void
  progress(region: string): PeerProgress
  /** Strand → peers whose rows of it do not fit those that are here. */
  unfit(): Map<string, string[]>
}

type Peer = {
  send: (message: PeerMessage) => void
  vector: Map<string, number> | undefined
  heardAt: number
  /** Strand → follows that the peer has not begun to answer: what it sends until then answers an earlier one. */
  unanswered: Map<string, number>
  /** Strands in which this peer's rows did not fit, with the end of the strand that was known when they were asked for. */
  differs: Map<string, number | undefined>
}

/** A strand that has not moved for so long, while somebody has more, is asked of somebody else. In ms. */
const stuckAfterMs = 3000

export function createFollower(deps: FollowerDeps): Follower {
  const { log } = deps
  const peers = new Map<string, Peer>()
  const last = new Map<string, PeerProgress>()
  const following = new Map<string, string>()
  const movedAt = new Map<string, number>()
  /** Strand → the end that was known when it was asked for last. */
  const endAsked = new Map<string, number | undefined>()

  function evaluate(): void {
    const have = log.flushed()
    const views = [...peers].map(([region, peer]) => ({ region, vector: offeredBy(peer) }))
    const plan = planFollows({
      peers: views,
      have,
      ownOrigin: log.ownOrigin(),
      following,
      stuck: stuckStrands(have),
    })
    for (const [strand, region] of [...following])
      if (plan.get(strand) !== region) {
        peers.get(region)?.send({ type: 'unfollow', strand })
        following.delete(strand)
      }
    for (const [strand, region] of plan) if (!following.has(strand)) follow(strand, region)
  }

  function offeredBy(peer: Peer): Map<string, number> | undefined {
    const counting = countingOf(peer)
    return counting && new Map([...counting].filter(([strand]) => !isUnfit(peer, strand)))
  }

  function isUnfit({ differs }: Peer, strand: string): boolean {
    return differs.has(strand) && differs.get(strand) === log.endOf(strand)
  }

  function countingOf({ vector }: Peer): Map<string, number> | undefined {
    return vector && new Map([...vector].map(([strand, seq]) => [strand, upToEnd(strand, seq)]))
  }

  function upToEnd(strand: string, seq: number): number {
    return Math.min(seq, log.endOf(strand) ?? Number.POSITIVE_INFINITY)
  }

  function stuckStrands(have: ReadonlyMap<string, number>): Set<string> {
    const now = deps.now()
    const stuck = new Set<string>()
    for (const strand of following.keys()) {
      const most = Math.max(...[...peers.values()].map((peer) => offeredBy(peer)?.get(strand) ?? 0))
      if (most <= (have.get(strand) ?? 0)) movedAt.set(strand, now)
      else if (now - (movedAt.get(strand) ?? now) > stuckAfterMs) stuck.add(strand)
    }
    return stuck
  }

  function follow(strand: string, region: string): void {
    const { seq, hash } = log.head(strand)
    following.set(strand, region)
    movedAt.set(strand, deps.now())
    endAsked.set(strand, log.endOf(strand))
    const peer = peers.get(region)
    if (!peer) return
    peer.unanswered.set(strand, (peer.unanswered.get(strand) ?? 0) + 1)
    peer.send({ type: 'follow', strand, after: seq, hash })
  }

  async function take(region: string, strand: string, rows: LogRow[]): Promise<void> {
    const peer = peers.get(region)
    const unanswered = peer?.unanswered.get(strand) ?? 0
    if (rows.length === 0) peer?.unanswered.set(strand, Math.max(0, unanswered - 1))
    if (following.get(strand) !== region || unanswered > 0) return
    let taken: Taken | undefined
    try {
      taken = await log.take(strand, rows)
    } catch {
      deps.warn('rows of a peer could not be stored', { region, strand })
    }
    if (taken?.outcome === 'taken') {
      if (taken.rows > 0) movedAt.set(strand, deps.now())
      return
    }
    if (taken?.outcome === 'mismatch') differs(region, strand)
    if (following.get(strand) === region) {
      peers.get(region)?.send({ type: 'unfollow', strand })
      following.delete(strand)
    }
    if (taken) evaluate()
  }

  function acknowledge(): void {
    tell(vectorMessage(log))
  }

  function tell(message: PeerMessage): void {
    for (const peer of peers.values()) peer.send(message)
  }

  function differs(region: string, strand: string): void {
    const peer = peers.get(region)
    if (!peer) return
    deps.warn('a peer’s rows of an origin do not fit those that are here', { region, strand })
    peer.differs.set(strand, endAsked.get(strand))
    deps.suspect(strand, peer.send)
  }

  return {
    opened(region, send) {
      peers.set(region, {
        send,
        vector: undefined,
        heardAt: deps.now(),
        unanswered: new Map(),
        differs: new Map(),
      })
      send(vectorMessage(log))
    },
    closed(region) {
      const peer = peers.get(region)
      if (peer) last.set(region, { connected: false, heardAt: peer.heardAt, vector: countingOf(peer) })
      peers.delete(region)
      for (const [strand, sender] of [...following]) if (sender === region) following.delete(strand)
      evaluate()
    },
    received(region, message) {
      const peer = peers.get(region)
      if (!peer) return undefined
      peer.heardAt = deps.now()
      if (message.type === 'rows') return take(region, message.strand, message.rows)
      if (message.type === 'vector') {
        peer.vector = message.strands
        log.heard(message.strands, message.hashes)
        evaluate()
      } else if (message.type === 'refused') {
        differs(region, message.strand)
        if (following.get(message.strand) === region) following.delete(message.strand)
        evaluate()
      }
      return undefined
    },
    acknowledge,
    tick() {
      evaluate()
      tell(vectorMessage(log))
    },
    unfit() {
      const unfit = new Map<string, string[]>()
      for (const [region, peer] of peers)
        for (const strand of peer.differs.keys())
          if (isUnfit(peer, strand)) unfit.set(strand, [...(unfit.get(strand) ?? []), region].sort())
      return unfit
    },
    progress(region) {
      const peer = peers.get(region)
      if (peer) return { connected: true, heardAt: peer.heardAt, vector: countingOf(peer) }
      return last.get(region) ?? { connected: false, heardAt: undefined, vector: undefined }
    },
  }
}

/** What is flushed here, with the hash of the last row of every strand. */
export function vectorMessage(log: Pick<FollowerLog, 'flushed' | 'head'>): PeerMessage {
  const strands = log.flushed()
  const hashes = new Map([...strands.keys()].map((strand) => [strand, log.head(strand).hash]))
  return { type: 'vector', strands, hashes }
}

/** Only what counts for charts: strands of the line of entries. */
export function entryStrands(vector: ReadonlyMap<string, number>): Map<string, number> {
  return new Map([...vector].filter(([strand]) => parseStrand(strand).line === 'entries'))
}
