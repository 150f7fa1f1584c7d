import { parseOrigin } from '../../domain/entries/origin.ts'
import { parseStrand } from '../store/line.ts'

/**
 * Which peer each strand is followed from. By default an origin's own region sends it; if that region is away, or no
 * longer holds what another one does (a restored disk), or does not get on although others have more, whoever has the
 * most sends it. Pure: the same view gives the same plan.
 */
export type PeerView = {
  region: string
  /** What the peer said that it has flushed; undefined before its first word. */
  vector: ReadonlyMap<string, number> | undefined
}

export type FollowView = {
  /** Connected peers only. */
  peers: readonly PeerView[]
  /** What this region has flushed. */
  have: ReadonlyMap<string, number>
  /** The origin that this region writes itself. Nobody is asked for it. */
  ownOrigin: string
  /** Strand → peer that sends it now. */
  following: ReadonlyMap<string, string>
  /** Strands that have not moved for a while although their sender, or somebody, has more. */
  stuck: ReadonlySet<string>
}

export function planFollows(view: FollowView): Map<string, string> {
  const plan = new Map<string, string>()
  const strands = new Set(view.peers.flatMap((peer) => [...(peer.vector?.keys() ?? [])]))
  for (const strand of strands) {
    const { origin } = parseStrand(strand)
    if (origin === view.ownOrigin) continue
    const sender = senderOf(strand, parseOrigin(origin)?.region, view)
    if (sender) plan.set(strand, sender)
  }
  return plan
}

function senderOf(strand: string, owner: string | undefined, view: FollowView): string | undefined {
  const offered = (peer: PeerView) => peer.vector?.get(strand) ?? 0
  const most = Math.max(...view.peers.map(offered))
  const current = view.following.get(strand)
  const able = view.peers.filter((peer) => offered(peer) > 0)
  if (view.stuck.has(strand)) {
    const have = view.have.get(strand) ?? 0
    const others = able.filter((peer) => peer.region !== current && offered(peer) > have)
    if (others.length > 0) return best(others, offered)
  }
  const own = able.find((peer) => peer.region === owner)
  // What its own region sends comes before its word that it has it, and another's word may come before both.
  if (own && current === own.region && !view.stuck.has(strand)) return own.region
  if (own && (offered(own) >= most || offered(own) > (view.have.get(strand) ?? 0))) return own.region
  const stays = able.find((peer) => peer.region === current)
  if (stays && offered(stays) > (view.have.get(strand) ?? 0)) return stays.region
  return best(able, offered) ?? own?.region
}

function best(peers: readonly PeerView[], offered: (peer: PeerView) => number): string | undefined {
  return [...peers].sort((a, b) => offered(b) - offered(a) || (a.region < b.region ? -1 : 1))[0]?.region
}
