import { connect, createServer, type Server, type Socket } from 'node:net'
import { performance } from 'node:perf_hooks'
import { type Cargo, createDelayLine, type DelayLine } from './delay-line.ts'
import type { Link } from './link.ts'

/**
 * The network between two regions, for connections that one of them opens: what it sends goes over one link, what it
 * gets comes over the other. Cutting either direction resets the connection: TCP lives by both.
 */
export type LinkProxy = {
  listen(): Promise<void>
  close(): Promise<void>
}

export type LinkProxySpec = {
  /** Where the region dials, on 127.0.0.1. */
  port: number
  /** What it reaches there, on 127.0.0.1. */
  target: number
  /** From the region that dials to the one that is dialled. */
  forward: Link
  /** And back. */
  backward: Link
}

const host = '127.0.0.1'
/**
 * Most bytes on the way in one direction of one connection: enough for 8 MB a second at half a second of latency. Beyond
 * it the sender is held back, as by TCP's window.
 */
const mostQueuedBytes = 4 * 1024 * 1024

export function createLinkProxy(spec: LinkProxySpec): LinkProxy {
  const relays = new Set<{ evaluate(): void; break(): void }>()
  const server: Server = createServer({ allowHalfOpen: true, noDelay: true }, (client) => {
    const relay = createRelay(spec, client, () => relays.delete(relay))
    relays.add(relay)
    relay.evaluate()
  })
  const evaluate = () => {
    for (const relay of [...relays]) relay.evaluate()
  }
  const unsubscribe = [spec.forward.onChange(evaluate), spec.backward.onChange(evaluate)]

  return {
    listen: () =>
      new Promise((resolve, reject) => {
        server.once('error', reject)
        server.listen({ port: spec.port, host, exclusive: true }, () => {
          server.off('error', reject)
          resolve()
        })
      }),
    close() {
      for (const stop of unsubscribe) stop()
      for (const relay of [...relays]) relay.break()
      return new Promise((resolve) => server.close(() => resolve()))
    },
  }
}

/** One connection. Sockets only put things on the lines; `evaluate` alone moves what has arrived. */
function createRelay({ target: port, forward, backward }: LinkProxySpec, client: Socket, gone: () => void) {
  const luck = () => Math.random() * 2 - 1
  const up = createDelayLine(forward, luck)
  const down = createDelayLine(backward, luck)
  let target: Socket | undefined
  let timer: NodeJS.Timeout | undefined
  let broken = false

  function evaluate(): void {
    if (broken) return
    if (forward.settings().state === 'cut' || backward.settings().state === 'cut') {
      breakNow()
      return
    }
    clearTimeout(timer)
    const waits = [
      deliver(up, () => target, client, dial),
      deliver(
        down,
        () => client,
        target,
        () => undefined,
      ),
    ].filter((ms) => ms !== undefined)
    if (client.destroyed && (!target || target.destroyed) && waits.length === 0) breakNow()
    else if (waits.length > 0) timer = setTimeout(evaluate, Math.ceil(Math.min(...waits)))
  }

  function dial(): void {
    target = connect({ port, host, allowHalfOpen: true, noDelay: true })
    listenTo(target, down)
  }

  function listenTo(socket: Socket, line: DelayLine): void {
    const put = (cargo: Cargo) => {
      if (broken) return
      line.put(cargo, performance.now())
      evaluate()
    }
    socket.on('data', (bytes) => {
      put({ kind: 'bytes', bytes })
      if (line.queuedBytes() > mostQueuedBytes) socket.pause()
    })
    socket.on('end', () => put({ kind: 'end' }))
    socket.on('drain', evaluate)
    // An error is followed by 'close', which tells the other side.
    socket.on('error', () => undefined)
    socket.on('close', () => put({ kind: 'reset' }))
  }

  function breakNow(): void {
    if (broken) return
    broken = true
    clearTimeout(timer)
    client.resetAndDestroy()
    target?.resetAndDestroy()
    gone()
  }

  listenTo(client, up)
  up.put({ kind: 'open' }, performance.now())
  return { evaluate, break: breakNow }
}

/**
 * Hands over all that has arrived, and lets the sender go on when there is room again.
 * @returns milliseconds to wait for more, or undefined if only an event can bring it
 */
function deliver(
  line: DelayLine,
  receiver: () => Socket | undefined,
  sender: Socket | undefined,
  open: () => void,
): number | undefined {
  while (!receiver()?.writableNeedDrain) {
    const next = line.take(performance.now())
    if (next === 'nothing') break
    if ('waitMs' in next) return next.waitMs
    handOver(next.arrives, receiver(), open)
    if (sender?.isPaused() && line.queuedBytes() < mostQueuedBytes / 2) sender.resume()
  }
  return undefined
}

function handOver(cargo: Cargo, receiver: Socket | undefined, open: () => void): void {
  if (cargo.kind === 'open') open()
  else if (!receiver || receiver.destroyed) return
  else if (cargo.kind === 'bytes') receiver.write(cargo.bytes)
  else if (cargo.kind === 'end') receiver.end()
  else if (!receiver.writableEnded || !receiver.readableEnded) receiver.resetAndDestroy()
}
