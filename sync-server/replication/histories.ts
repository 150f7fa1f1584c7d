import { type Head, sameBytes } from '../store/log-row.ts'
import { type PeerMessage, probeSeqs } from './peer-wire.ts'

/**
 * Finds out whether two regions hold different rows under one name, and where their histories part. Sans-I/O.
 *
 * 1. Every vector that a peer says is compared with the own rows, as far as both have them. Whoever of the two has more can
 *    compare, and both hear of the other's vector, so a difference is seen wherever two histories meet.
 * 2. Where they differ, hashes of rows between are asked for, until the last row that both have is found. There the
 *    origin ends, for all regions (`store/ends.ts`).
 * 3. What lies behind an end is not compared. A peer that still names it has not set it aside yet.
 * 4. Until everybody has, an operator is told.
 * 5. What a peer says that it has flushed is believed as far as it was compared: of a history that nobody compared it
 *    says nothing about the rows here.
 */
export type HistoriesLog = {
  flushed(): Map<string, number>
  head(strand: string): Head
  hashAt(strand: string, seq: number): Promise<Uint8Array | undefined>
  /** The last row of a strand that counts, if it has ended. */
  endOf(strand: string): number | undefined
  /** Ends a strand behind a row, for all regions. False if that could not be stored now. */
  end(strand: string, last: number): Promise<boolean>
}

export type HistoriesDeps = {
  log: HistoriesLog
  /** Monotonic, in ms. */
  now(): number
  /** A difference was found: for operators. */
  alarm(message: string, detail: object): void
  warn(message: string, detail: object): void
}

export type Histories = {
  /** A peer's vector. Resolves when this one, or one that came after it, has been compared. */
  heard(
    region: string,
    strands: ReadonlyMap<string, number>,
    hashes: ReadonlyMap<string, Uint8Array>,
    send: Send,
  ): Promise<void>
  /** A peer has refused, or has sent, a row of a strand that does not fit the one here. */
  suspect(strand: string, send: Send): void
  received(region: string, message: PeerMessage, send: Send): void
  closed(region: string): void
  /** As much of a peer's vector as is known to say the same rows as are meant here. */
  believed(region: string, strands: ReadonlyMap<string, number>): Map<string, number>
  /** Strand → peers that hold another history of it, or have not set it aside yet. */
  differing(): Map<string, string[]>
}

type Send = (message: PeerMessage) => void

/** A search for the place where two histories part: they agree at `low`, and do not at `high`. */
type Search = { region: string; send: Send; low: number; high: number; askedAt: number }

/** A search whose peer does not answer for so long is given up; the next vector begins another. In ms. */
const patienceMs = 10_000

export function createHistories({ log, now, alarm, warn }: HistoriesDeps): Histories {
  const searches = new Map<string, Search>()
  const apart = new Map<string, Set<string>>()
  /** Peer → the comparison that is under way. */
  const comparing = new Map<string, Promise<void>>()
  /** Peer → what is compared next. */
  const latest = new Map<string, () => Promise<void>>()
  /** Peer and strand → the place that was found equal last. */
  const agreed = new Map<string, Head>()

  async function compare(
    region: string,
    strands: ReadonlyMap<string, number>,
    hashes: ReadonlyMap<string, Uint8Array>,
    send: Send,
  ): Promise<void> {
    for (const [strand, regions] of apart) if (!strands.has(strand)) agree(strand, region, regions)
    for (const [strand, seq] of strands) {
      const end = log.endOf(strand)
      if (end !== undefined && seq > end) {
        note(strand, region)
        continue
      }
      const theirs = hashes.get(strand)
      if (theirs && seq > 0) await compareAt(region, strand, { seq, hash: theirs }, send)
    }
  }

  async function compareLatest(region: string): Promise<void> {
    for (let next = latest.get(region); next; next = latest.get(region)) {
      latest.delete(region)
      // If the log cannot be read now, the next vector comes within a second.
      await next().catch(() => {})
    }
  }

  async function compareAt(region: string, strand: string, theirs: Head, send: Send): Promise<void> {
    const head = log.head(strand)
    if (theirs.seq > head.seq) return
    const name = `${region} ${strand}`
    const known = agreed.get(name)
    if (known?.seq === theirs.seq && sameBytes(known.hash, theirs.hash)) return
    const ours = theirs.seq === head.seq ? head.hash : await log.hashAt(strand, theirs.seq)
    if (!ours) return
    if (sameBytes(ours, theirs.hash)) {
      agreed.set(name, theirs)
      agree(strand, region)
    } else differs(region, strand, theirs.seq, send)
  }

  function agree(strand: string, region: string, regions = apart.get(strand)): void {
    regions?.delete(region)
    if (regions?.size === 0) apart.delete(strand)
  }

  function note(strand: string, region: string): void {
    agreed.delete(`${region} ${strand}`)
    apart.set(strand, (apart.get(strand) ?? new Set()).add(region))
  }

  function differs(region: string, strand: string, seq: number, send: Send): void {
    if (!apart.get(strand)?.has(region))
      alarm('two histories of one origin are about: it will be ended where they part', {
        strand,
        region,
        seq,
      })
    note(strand, region)
    const under = searches.get(strand)
    if (under && now() - under.askedAt < patienceMs) return
    const search = { region, send, low: 0, high: seq, askedAt: now() }
    searches.set(strand, search)
    ask(strand, search)
  }

  function ask(strand: string, search: Search): void {
    search.askedAt = now()
    const { low, high, region, send } = search
    if (high - low > 1) {
      send({ type: 'probe', strand, seqs: between(low, high) })
      return
    }
    log
      .end(strand, low)
      .then((stored) => {
        if (stored) warn('an origin is ended where two histories of it part', { strand, region, last: low })
      })
      .catch(() => warn('an origin could not be ended', { strand }))
      .finally(() => searches.delete(strand))
  }

  async function narrow(region: string, strand: string, marks: ReadonlyMap<number, Uint8Array | undefined>) {
    const search = searches.get(strand)
    if (search?.region !== region) return
    let narrower = false
    for (const [seq, theirs] of [...marks].sort(([a], [b]) => a - b)) {
      if (seq <= search.low || seq >= search.high) continue
      const ours = await log.hashAt(strand, seq)
      // Somebody has just set it aside: the next vector tells more.
      if (!ours || !theirs) break
      narrower = true
      if (sameBytes(ours, theirs)) search.low = seq
      else {
        search.high = seq
        break
      }
    }
    if (narrower && searches.get(strand) === search) ask(strand, search)
    else searches.delete(strand)
  }

  async function answer(strand: string, seqs: readonly number[], send: Send): Promise<void> {
    const marks = new Map<number, Uint8Array | undefined>()
    const { seq: last } = log.head(strand)
    for (const seq of seqs.slice(0, probeSeqs))
      marks.set(seq, seq <= last ? await log.hashAt(strand, seq) : undefined)
    send({ type: 'marks', strand, marks })
  }

  return {
    heard(region, strands, hashes, send) {
      latest.set(region, () => compare(region, strands, hashes, send))
      const under = comparing.get(region) ?? compareLatest(region).finally(() => comparing.delete(region))
      comparing.set(region, under)
      return under
    },
    suspect(strand, send) {
      const { seq } = log.head(strand)
      if (seq === 0) return
      // Whether it is another history, or one damaged row, the peer's own word will tell.
      send({ type: 'probe', strand, seqs: [seq] })
    },
    received(region, message, send) {
      const failed = () => warn('a row could not be read to be compared', { region })
      if (message.type === 'probe') answer(message.strand, message.seqs, send).catch(failed)
      if (message.type !== 'marks') return
      const { strand, marks } = message
      if (searches.get(strand)?.region === region) narrow(region, strand, marks).catch(failed)
      else
        for (const [seq, hash] of marks)
          if (hash) compareAt(region, strand, { seq, hash }, send).catch(failed)
    },
    closed(region) {
      for (const [strand, search] of searches) if (search.region === region) searches.delete(strand)
      for (const [strand, regions] of apart) agree(strand, region, regions)
      for (const name of agreed.keys()) if (name.startsWith(`${region} `)) agreed.delete(name)
    },
    believed(region, strands) {
      const believed = new Map<string, number>()
      for (const [strand, seq] of strands) {
        const end = log.endOf(strand)
        const equal = agreed.get(`${region} ${strand}`)?.seq ?? 0
        if (end !== undefined) believed.set(strand, Math.min(seq, end))
        else if (equal > 0 && !apart.get(strand)?.has(region)) believed.set(strand, Math.min(seq, equal))
      }
      return believed
    },
    differing: () => new Map([...apart].map(([strand, regions]) => [strand, [...regions].sort()])),
  }
}

/** Up to as many places between two as one probe may ask for, evenly spread. */
function between(low: number, high: number): number[] {
  const places = Math.min(probeSeqs, high - low - 1)
  return Array.from(
    { length: places },
    (_, i) => low + Math.ceil(((i + 1) * (high - low)) / (places + 1)),
  ).filter((seq, i, all) => seq > low && seq < high && seq !== all[i - 1])
}
