import type { RawData, WebSocket } from 'ws'
import { closeCodes } from '../../domain/wire/wire.ts'

/** A WebSocket as the gateway sees it: bytes in, bytes out, and how much of them still lies here. */
export type Socket = {
  send(bytes: Uint8Array): void
  /** True while less than the bound waits in this process to be sent. */
  room(): boolean
  close(code: number, reason: string): void
  /** Ends the connection without a word. */
  terminate(): void
  ping(): void
  /** Nothing more is read from this connection while too much that came from it is still being worked on. */
  busy(work: Promise<unknown>, bytes: number): void
  /** When something was last sent, and last heard (pongs included), on the monotonic clock. */
  times: { sent: number; heard: number }
  /** Says who handles what comes. To be called at once, and once. */
  serve(handlers: SocketHandlers): void
}

export type SocketHandlers = {
  /** Undefined for a frame of text. */
  message(bytes: Uint8Array | undefined): void
  /** What was sent has left this process, and there is room. */
  drained(): void
  /** @param own the code with which this region closed, undefined if the other side or the network did. */
  closed(own: number | undefined): void
}

export type SocketDeps = {
  monotonic(): number
  /** Bytes that may wait to be sent before a reader counts as slow. */
  bufferedBound: number
}

/** Bytes that came and are being worked on before reading pauses. */
const workBound = 4 * 1024 * 1024

/** A reader with so many times the bound waiting makes the region answer without ever listening: it is cut off. */
const mostBounds = 16

export function createSocket(ws: WebSocket, { monotonic, bufferedBound }: SocketDeps): Socket {
  const times = { sent: monotonic(), heard: monotonic() }
  let handlers: SocketHandlers | undefined
  let own: number | undefined
  let underWork = 0

  const room = () => ws.bufferedAmount < bufferedBound
  // `ws` has codes of its own for what breaks the rules of WebSockets; clients of these protocols are told never to retry.
  const closeSocket = ws.close.bind(ws)
  ws.close = (code, reason) => {
    const ours = code === undefined ? undefined : codeForBroken(code)
    return ours === undefined
      ? closeSocket(code, reason)
      : closeSocket(ours, 'a frame was malformed or too large')
  }
  ws.on('error', (error) => {
    const code = String((error as { code?: unknown }).code)
    if (code.startsWith('WS_ERR_')) own ??= tooLarge.test(code) ? closeCodes.tooLarge : closeCodes.malformed
  })

  ws.on('message', (data, isBinary) => {
    times.heard = monotonic()
    // After a close nothing more is served, even if it was already on its way.
    if (own === undefined) handlers?.message(isBinary ? copyOf(data) : undefined)
  })
  for (const sign of ['ping', 'pong'] as const)
    ws.on(sign, () => {
      times.heard = monotonic()
    })
  ws.on('close', () => handlers?.closed(own))

  return {
    send(bytes) {
      if (ws.readyState !== ws.OPEN || own !== undefined) return
      if (ws.bufferedAmount > mostBounds * bufferedBound) return ws.terminate()
      times.sent = monotonic()
      ws.send(bytes, (error) => {
        if (!error && room()) handlers?.drained()
      })
    },
    room,
    close(code, reason) {
      own ??= code
      closeSocket(code, reason)
    },
    terminate: () => ws.terminate(),
    ping: () => ws.ping(),
    busy(work, bytes) {
      underWork += bytes
      if (underWork > workBound && !ws.isPaused) {
        ws.pause()
        // Its silence is this region's doing now.
        times.heard = Number.POSITIVE_INFINITY
      }
      const done = () => {
        underWork -= bytes
        if (underWork > workBound || !ws.isPaused) return
        times.heard = monotonic()
        ws.resume()
      }
      work.then(done, done)
    },
    times,
    serve(who) {
      handlers = who
    },
  }
}

/** Codes of RFC 6455 with which `ws` ends a connection that breaks the rules, and ours. */
function codeForBroken(code: number): number | undefined {
  if (code === 1008 || code === 1009) return closeCodes.tooLarge
  return code === 1002 || code === 1007 ? closeCodes.malformed : undefined
}

/** What `ws` calls a message that is above its limits, in bytes or in parts. */
const tooLarge = /(?:DATA_PAYLOAD|MESSAGE)_LENGTH|TOO_MANY/

/** Decoders of lib0 read past the end of a view, into the buffer that it shares with others: they get their own bytes. */
function copyOf(data: RawData): Uint8Array {
  const parts = Array.isArray(data) ? data : [data instanceof ArrayBuffer ? new Uint8Array(data) : data]
  return new Uint8Array(Buffer.concat(parts))
}
