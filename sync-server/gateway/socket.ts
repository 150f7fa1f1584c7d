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

/** A reader with so many times the bound waiting makes the region answer without ever listening: it is cut off. */
const mostBounds = 16

export function createSocket(ws: WebSocket, { monotonic, bufferedBound }: SocketDeps): Socket {
  const times = { sent: monotonic(), heard: monotonic() }
  let handlers: SocketHandlers | undefined
  let own: number | undefined

  const room = () => ws.bufferedAmount < bufferedBound
  // `ws` closes with 1009 what is above `maxPayload`; clients of this protocol are told 4413, never to retry.
  const closeSocket = ws.close.bind(ws)
  ws.close = (code, reason) => {
    if (code !== 1009 || ws.readyState !== ws.OPEN) return closeSocket(code, reason)
    own = closeCodes.tooLarge
    return closeSocket(own, 'a frame was above the limit')
  }

  ws.on('message', (data, isBinary) => {
    times.heard = monotonic()
    // After a close nothing more is served, even if it was already on its way.
    if (own === undefined) handlers?.message(isBinary ? copyOf(data) : undefined)
  })
  ws.on('pong', () => {
    times.heard = monotonic()
  })
  ws.on('error', () => undefined)
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
    times,
    serve(who) {
      handlers = who
    },
  }
}

/** Decoders of lib0 read past the end of a view, into the buffer that it shares with others: they get their own bytes. */
function copyOf(data: RawData): Uint8Array {
  const parts = Array.isArray(data) ? data : [data instanceof ArrayBuffer ? new Uint8Array(data) : data]
  return new Uint8Array(Buffer.concat(parts))
}
