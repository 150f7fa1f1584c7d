import { parseStrand } from '../store/line.ts'
import type { Head, LogRow } from '../store/log-row.ts'
import { chain, emptyHead, follows } from '../store/log-row.ts'
import { createFeeder, type Feeder } from './feeder.ts'
import { createFollower, type Follower } from './follower.ts'
import { decodePeerMessage, encodePeerMessage, type PeerMessage } from './peer-wire.ts'

/**
 * Regions of a test, under a virtual clock: the real followers and feeders, with logs in memory and links that delay,
 * cut and come back as a seed says. Messages pass through their real encoding.
 */
export type SimulatedRegion = {
  name: string
  alive: boolean
  /** Strand → rows. */
  rows: Map<string, LogRow[]>
  write(document: string): LogRow
  /** Hashes of a strand's rows, in hexadecimal. */
  history(strand: string): string[]
  vector(): Record<string, number>
  kill(): void
}

type Link = { follower: SimRegion; feeder: SimRegion; up: boolean; session: Session | undefined }
type Session = { feeder: Feeder; open: boolean }
type SimRegion = SimulatedRegion & { follower: Follower; feeders: Set<Feeder> }
type Event = { at: number; run(): void }

export function createSimulation(names: readonly string[], random: () => number) {
  let now = 0
  const events: Event[] = []
  const later = (delay: number, run: () => void) => {
    events.push({ at: now + delay, run })
  }
  const regions = names.map((name) => createRegion(name))
  const links: Link[] = regions.flatMap((follower) =>
    regions
      .filter((r) => r !== follower)
      .map((feeder) => ({ follower, feeder, up: true, session: undefined })),
  )

  function createRegion(name: string): SimRegion {
    const rows = new Map<string, LogRow[]>()
    const own = `${name}.1`
    const headOf = (strand: string): Head => {
      const last = rows.get(strand)?.at(-1)
      return last
        ? { seq: last.seq, hash: last.hash }
        : emptyHead(parseStrand(strand).line, parseStrand(strand).origin)
    }
    const flushed = () => new Map([...rows].map(([strand, list]) => [strand, list.length]))
    const append = (strand: string, fresh: readonly LogRow[]) => {
      rows.set(strand, [...(rows.get(strand) ?? []), ...fresh])
      for (const feeder of region.feeders) feeder.flushed(strand, fresh)
    }
    const log = {
      ownOrigin: () => own,
      flushed,
      head: headOf,
      heard: () => {},
      hashAt: async (strand: string, seq: number) => rows.get(strand)?.[seq - 1]?.hash,
      rowsAfter: async (strand: string, after: number, limit: number) =>
        (rows.get(strand) ?? []).slice(after, after + limit),
      async take(strand: string, offered: readonly LogRow[]) {
        let head = headOf(strand)
        const fresh = offered.filter((row) => row.seq > head.seq)
        for (const row of fresh) {
          if (row.seq !== head.seq + 1) return { outcome: 'gap' as const, have: headOf(strand).seq }
          if (!follows(head, row)) return { outcome: 'mismatch' as const, at: row.seq }
          head = { seq: row.seq, hash: row.hash }
        }
        if (fresh.length > 0) append(strand, fresh)
        return { outcome: 'taken' as const, rows: fresh.length }
      },
    }
    const region: SimRegion = {
      name,
      alive: true,
      rows,
      feeders: new Set(),
      follower: createFollower({ log, now: () => now, warn: () => {} }),
      write(document) {
        const head = headOf(own)
        const bytes = Buffer.from(`${own} ${head.seq + 1} ${random()}`)
        const clear = {
          subject: 'Observation/1',
          entryId: `e${head.seq}`,
          homeGroup: 'g',
          author: 'a',
          lamport: 1,
          epoch: 1,
        }
        const row = chain(head, {
          ...clear,
          origin: own,
          seq: head.seq + 1,
          kind: 'entry',
          document,
          clock: 0,
          keyId: 'k',
          bytes,
        })
        append(own, [row])
        return row
      },
      history: (strand) => (rows.get(strand) ?? []).map((row) => Buffer.from(row.hash).toString('hex')),
      vector: () => Object.fromEntries([...flushed()].sort(([a], [b]) => (a < b ? -1 : 1))),
      kill() {
        region.alive = false
        for (const link of links) if (link.follower === region || link.feeder === region) cut(link)
      },
    }
    sims.set(region, log)
    return region
  }

  function connect(link: Link): void {
    if (link.session || !link.up || !link.follower.alive || !link.feeder.alive) return
    const { follower, feeder: other } = link
    // A connection keeps its order, whatever the delay of each message.
    let arrival = { up: 0, down: 0 }
    const carry = (way: 'up' | 'down', message: PeerMessage, deliver: (message: PeerMessage) => void) => {
      arrival = { ...arrival, [way]: Math.max(arrival[way], now + random() * 300) }
      later(arrival[way] - now, () => {
        if (session.open) deliver(decodePeerMessage(encodePeerMessage(message)))
      })
    }
    const session = { open: true } as Session
    const drained = async () => {
      if (!session.open) throw new Error('gone')
    }
    session.feeder = createFeeder(
      sims.get(other)!,
      {
        send: (message) => carry('down', message, (m) => follower.follower.received(other.name, m)),
        drained,
      },
      () => {},
    )
    other.feeders.add(session.feeder)
    link.session = session
    follower.follower.opened(other.name, (m) => carry('up', m, (message) => session.feeder.received(message)))
  }

  function cut(link: Link): void {
    const { session } = link
    if (!session) return
    session.open = false
    session.feeder.close()
    link.feeder.feeders.delete(session.feeder)
    link.session = undefined
    link.follower.follower.closed(link.feeder.name)
  }

  /** Lets virtual milliseconds pass: links reconnect, ticks come every second, messages arrive. */
  async function pass(ms: number): Promise<void> {
    const end = now + ms
    while (now < end) {
      for (const link of links) connect(link)
      if (now % 1000 < 50)
        for (const region of regions)
          if (region.alive) {
            region.follower.tick()
            for (const feeder of region.feeders) feeder.tick()
          }
      now += 50
      for (;;) {
        const due = events.filter((event) => event.at <= now).sort((a, b) => a.at - b.at)[0]
        if (!due) break
        events.splice(events.indexOf(due), 1)
        due.run()
      }
      await new Promise((resolve) => setImmediate(resolve))
    }
  }

  return {
    regions: regions as readonly SimulatedRegion[],
    pass,
    /** Cuts, or heals, what `from` hears of `to`. */
    link(from: string, to: string, up: boolean) {
      const link = links.find((l) => l.follower.name === from && l.feeder.name === to)!
      link.up = up
      if (!up) cut(link)
    },
  }
}

type SimLog = Parameters<typeof createFeeder>[0]
const sims = new WeakMap<object, SimLog>()
