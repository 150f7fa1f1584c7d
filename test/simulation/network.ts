import type { LinkHandlers, PeerLink, Wires } from '../../sync-server/replication/links.ts'
import {
  decodePeerMessage,
  encodePeerMessage,
  type PeerMessage,
} from '../../sync-server/replication/peer-wire.ts'
import type { Random } from './random.ts'
import type { Schedule } from './schedule.ts'
import type { ServerProcess } from './server-process.ts'

/**
 * Connections between regions. What goes one way over one connection arrives in order, late, or not at all; of what was
 * on its way when a connection broke, a beginning still arrives. So what comes over two connections comes in any order,
 * and what is sent again over the next one comes twice. Messages pass through their real encoding.
 */
export type Network = {
  /** How a process of this region reaches the others and is reached by them. */
  wiresOf(region: string, process: ServerProcess): Wires
  /** What one region's packets to another meet. */
  set(from: string, to: string, state: LinkState): void
  heal(): void
}

/** `cut` breaks connections and refuses new ones; `blackhole` swallows, and delivers when it is open again. */
export type LinkState = { way: 'open' | 'cut' | 'blackhole'; mostMs: number }

export type NetworkDeps = {
  schedule: Schedule
  random: Random
  /** Told of every message as it leaves. */
  sent(from: string, to: string, message: PeerMessage): void
}

type End = { region: string; process: ServerProcess; handlers: LinkHandlers | undefined; closed: boolean }
type Packet = { bytes: Uint8Array; arrives: number }
type Line = { dialler: End; listener: End; up: Packet[]; down: Packet[]; failed: () => void }
type Listening = { process: ServerProcess; opened: (link: PeerLink) => LinkHandlers }

export const openLink: LinkState = { way: 'open', mostMs: 40 }
const handshakeTimeoutMs = 5000

export function createNetwork({ schedule, random, sent }: NetworkDeps): Network {
  const states = new Map<string, LinkState>()
  /** Region → who listens for it. A process that was stopped goes on when the one that took its place has ended. */
  const listening = new Map<string, Listening[]>()
  const listenerOf = (region: string) => listening.get(region)?.at(-1)
  const connections = new Set<Line>()

  const stateOf = (from: string, to: string) => states.get(`${from}>${to}`) ?? openLink
  const other = (line: Line, end: End) => (end === line.dialler ? line.listener : line.dialler)

  function transmit(line: Line, from: End, bytes: Uint8Array): void {
    const to = other(line, from)
    const queue = from === line.dialler ? line.up : line.down
    const last = queue.at(-1)?.arrives ?? 0
    const arrives = Math.max(
      last,
      schedule.now() + random.between(0.5, stateOf(from.region, to.region).mostMs),
    )
    queue.push({ bytes, arrives })
    schedule.after(arrives - schedule.now(), () => deliver(line, from))
  }

  function deliver(line: Line, from: End): void {
    const to = other(line, from)
    const queue = from === line.dialler ? line.up : line.down
    // Nothing is read before the connection is open on this side.
    if (stateOf(from.region, to.region).way === 'blackhole' || !to.handlers) return
    while (queue[0] && queue[0].arrives <= schedule.now()) {
      const { bytes } = queue.shift()!
      to.process.wake(() => {
        const message = decodePeerMessage(bytes)
        if (!to.closed && message) void to.handlers?.received(message)
      })
    }
  }

  /** One end is done with the connection; the other hears of it behind a beginning of what was on its way. */
  function close(line: Line, end: End): void {
    if (end.closed) return
    end.closed = true
    const peer = other(line, end)
    const queue = end === line.dialler ? line.up : line.down
    queue.length = random.below(queue.length + 1)
    if (stateOf(end.region, peer.region).way !== 'blackhole') {
      const behind = Math.max(queue.at(-1)?.arrives ?? 0, schedule.now() + random.between(0.5, 50))
      schedule.after(behind - schedule.now() + 0.001, () => hangUp(line, peer))
    }
    schedule.after(random.between(0, 5), () => end.process.wake(() => tellClosed(line, end)))
  }

  /** This end notices that the connection is over. */
  function hangUp(line: Line, end: End): void {
    if (end.closed) return
    end.closed = true
    end.process.wake(() => tellClosed(line, end))
  }

  function tellClosed(line: Line, end: End): void {
    if (end === line.dialler) line.failed()
    const { handlers } = end
    end.handlers = undefined
    handlers?.closed()
    if (line.dialler.closed && line.listener.closed) connections.delete(line)
  }

  function breakOff(line: Line): void {
    for (const [end, queue] of [
      [line.listener, line.up],
      [line.dialler, line.down],
    ] as const) {
      queue.length = random.below(queue.length + 1)
      const behind = Math.max(queue.at(-1)?.arrives ?? 0, schedule.now() + random.between(0, 30))
      schedule.after(behind - schedule.now() + 0.001, () => hangUp(line, end))
    }
  }

  function linkOf(line: Line, end: End): PeerLink {
    const peer = other(line, end)
    return {
      region: peer.region,
      send(message) {
        if (end.closed) return
        sent(end.region, peer.region, message)
        transmit(line, end, encodePeerMessage(message))
      },
      room: () => random.chance(0.95),
      held: () => false,
      drained: () =>
        new Promise((resolve, reject) => {
          schedule.after(random.chance(0.8) ? 0 : random.between(0, 30), () =>
            end.process.wake(() =>
              end.closed ? reject(new Error('the connection to the peer is gone')) : resolve(),
            ),
          )
        }),
      close: () => close(line, end),
    }
  }

  function dial(
    from: string,
    process: ServerProcess,
    to: string,
    opened: (link: PeerLink) => LinkHandlers,
    failed: () => void,
  ): { close(): void } {
    let over = false
    const giveUp = () =>
      process.wake(() => {
        if (!over) failed()
        over = true
      })
    const target = listenerOf(to)
    const [there, back] = [stateOf(from, to), stateOf(to, from)]
    const isSilent =
      there.way === 'blackhole' || back.way === 'blackhole' || target?.process.state() === 'stopped'
    if (there.way === 'cut' || back.way === 'cut' || !target || isSilent) {
      schedule.after(isSilent ? handshakeTimeoutMs : random.between(1, 20), giveUp)
      return { close: giveUp }
    }
    let made: Line | undefined
    schedule.after(random.between(1, there.mostMs + back.mostMs), () => {
      if (over || process.state() === 'dead') return
      const now = listenerOf(to)
      if (now?.process.state() !== 'running' || stateOf(from, to).way !== 'open') return giveUp()
      const line: Line = {
        dialler: { region: from, process, handlers: undefined, closed: false },
        listener: { region: to, process: now.process, handlers: undefined, closed: false },
        up: [],
        down: [],
        failed: giveUp,
      }
      made = line
      connections.add(line)
      schedule.trace(`${from} is connected with ${to}`)
      process.onEnd(() => close(line, line.dialler))
      now.process.onEnd(() => close(line, line.listener))
      now.process.wake(() => {
        if (line.listener.closed) return
        line.listener.handlers = now.opened(linkOf(line, line.listener))
        deliver(line, line.dialler)
      })
      schedule.after(random.between(0.5, back.mostMs), () =>
        process.wake(() => {
          if (line.dialler.closed || over) return
          line.dialler.handlers = opened(linkOf(line, line.dialler))
          deliver(line, line.listener)
        }),
      )
    })
    return {
      close() {
        if (made) close(made, made.dialler)
        else giveUp()
      },
    }
  }

  return {
    wiresOf: (region, process) => ({
      dial: (peer, opened, failed) => dial(region, process, peer.region, opened, failed),
      async listen(opened) {
        const mine = { process, opened }
        listening.set(region, [...(listening.get(region) ?? []), mine])
        const forget = () =>
          listening.set(
            region,
            (listening.get(region) ?? []).filter((one) => one !== mine),
          )
        process.onEnd(forget)
        return {
          async close() {
            forget()
            for (const line of connections) if (line.listener.process === process) close(line, line.listener)
          },
        }
      },
    }),
    set(from, to, state) {
      states.set(`${from}>${to}`, state)
      for (const line of [...connections]) {
        const between = [line.dialler.region, line.listener.region]
        if (!between.includes(from) || !between.includes(to)) continue
        if (state.way === 'cut') breakOff(line)
        else if (state.way === 'open')
          deliver(line, line.dialler.region === from ? line.dialler : line.listener)
      }
    },
    heal() {
      for (const pair of [...states.keys()]) {
        const [from, to] = pair.split('>') as [string, string]
        this.set(from, to, openLink)
      }
    },
  }
}
