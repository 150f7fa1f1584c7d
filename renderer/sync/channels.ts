import { inChunks } from '../../domain/wire/chunks.ts'
import { encodeFrame } from '../../domain/wire/wire.ts'
import type { Connection, Send } from './connection.ts'

/**
 * Documents that are open on the one connection, each as the WebSocket that y-websocket's provider takes for its own. One
 * that is made while there is no connection opens when there is one; when the connection ends, all of them end with it.
 */
export type Channels = {
  /** The kind of WebSocket that is a channel of this document. */
  socketOf(document: string): typeof WebSocket
  /** Calls when there is another connection, maybe to another region. */
  onOpened(listener: () => void): () => void
  stop(): void
}

export function createChannels(connection: Pick<Connection, 'join'>): Channels {
  /** Every socket that is not closed, with its document and, while it is open, the number of its channel. */
  const sockets = new Map<ChannelSocket, { document: string; channel: number | undefined }>()
  const byChannel = new Map<number, ChannelSocket>()
  const listeners = new Set<() => void>()
  let send: Send | undefined
  let highest = 0

  const open = (socket: ChannelSocket) => {
    const one = sockets.get(socket)
    if (!send || !one || one.channel !== undefined) return
    highest += 1
    one.channel = highest
    byChannel.set(highest, socket)
    send(encodeFrame({ channel: highest, type: 'open', document: one.document }))
    socket.become('open')
  }

  /** The number that its channel had. */
  const forget = (socket: ChannelSocket): number | undefined => {
    const channel = sockets.get(socket)?.channel
    sockets.delete(socket)
    if (channel !== undefined) byChannel.delete(channel)
    return channel
  }

  const wire: Wire = {
    begin(document, socket) {
      sockets.set(socket, { document, channel: undefined })
      // A WebSocket never opens before its maker could listen.
      queueMicrotask(() => open(socket))
    },
    send(socket, message) {
      const channel = sockets.get(socket)?.channel
      if (channel === undefined || !send) return
      for (const part of inChunks(channel, encodeFrame({ channel, type: 'message', message }))) send(part)
    },
    end(socket) {
      const channel = forget(socket)
      if (channel !== undefined) send?.(encodeFrame({ channel, type: 'closed', code: 0, reason: '' }))
    },
  }

  const leave = connection.join({
    opened(over) {
      send = over
      for (const socket of [...sockets.keys()]) open(socket)
      for (const listener of [...listeners]) listener()
    },
    hear(frame) {
      const socket = byChannel.get(frame.channel)
      if (frame.type === 'message') socket?.hear(frame.message)
      else if (frame.type === 'closed' && socket) {
        forget(socket)
        socket.become('closed', frame.code, frame.reason)
      }
    },
    closed(code) {
      send = undefined
      const ended = [...byChannel.values()]
      for (const socket of ended) forget(socket)
      for (const socket of ended) socket.become('closed', code)
    },
  })

  return {
    socketOf: (document) =>
      class extends ChannelSocket {
        constructor(url: string | URL) {
          super(String(url), document, wire)
        }
      },
    onOpened(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    stop: () => {
      leave()
      listeners.clear()
      sockets.clear()
      byChannel.clear()
    },
  }
}

type Wire = {
  begin(document: string, socket: ChannelSocket): void
  send(socket: ChannelSocket, message: Uint8Array): void
  end(socket: ChannelSocket): void
}

/** As much of a WebSocket as its type asks for; events go to the `on…` handlers only. */
class ChannelSocket extends EventTarget implements WebSocket {
  static readonly CONNECTING = 0
  static readonly OPEN = 1
  static readonly CLOSING = 2
  static readonly CLOSED = 3
  readonly CONNECTING = 0
  readonly OPEN = 1
  readonly CLOSING = 2
  readonly CLOSED = 3
  readyState: 0 | 1 | 2 | 3 = ChannelSocket.CONNECTING
  binaryType: BinaryType = 'arraybuffer'
  readonly bufferedAmount = 0
  readonly extensions = ''
  readonly protocol = ''
  readonly url: string
  onopen: ((event: Event) => void) | null = null
  onmessage: ((event: MessageEvent) => void) | null = null
  onclose: ((event: CloseEvent) => void) | null = null
  onerror: ((event: Event) => void) | null = null
  readonly #wire: Wire

  constructor(url: string, document: string, wire: Wire) {
    super()
    this.url = url
    this.#wire = wire
    wire.begin(document, this)
  }

  become(state: 'open' | 'closed', code = 0, reason = ''): void {
    if (state === 'open') {
      this.readyState = ChannelSocket.OPEN
      this.onopen?.(new Event('open'))
      return
    }
    this.readyState = ChannelSocket.CLOSED
    this.onclose?.(new CloseEvent('close', { code, reason }))
  }

  hear(message: Uint8Array): void {
    this.onmessage?.(new MessageEvent('message', { data: message.slice().buffer }))
  }

  send(data: string | ArrayBufferLike | Blob | ArrayBufferView): void {
    if (this.readyState !== ChannelSocket.OPEN) return
    if (ArrayBuffer.isView(data))
      this.#wire.send(this, new Uint8Array(data.buffer, data.byteOffset, data.byteLength))
  }

  close(): void {
    if (this.readyState === ChannelSocket.CLOSED) return
    this.readyState = ChannelSocket.CLOSED
    this.#wire.end(this)
  }
}
