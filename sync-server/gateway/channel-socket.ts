import { inChunks } from '../../domain/wire/chunks.ts'
import { encodeFrame } from '../../domain/wire/wire.ts'
import type { Socket, SocketHandlers } from './socket.ts'

/**
 * One open document of a meridian connection, as the WebSocket that it stands for: whoever serves a document does not
 * know the difference.
 */
export type ChannelSocket = Socket & {
  message(bytes: Uint8Array): void
  /** There is room again for a channel that sent, or found none, since it was told the last time. */
  drained(): void
  /** The client, or the connection, has ended it. */
  end(): void
}

export type ChannelSocketDeps = {
  channel: number
  connection: Socket
  /** This channel sent something, or found no room: it is to be told when there is room. */
  waits(): void
  /** The region has closed the channel. */
  closed(code: number): void
}

export function createChannelSocket({
  channel,
  connection,
  waits,
  closed,
}: ChannelSocketDeps): ChannelSocket {
  let handlers: SocketHandlers | undefined
  let open = true

  return {
    times: connection.times,
    send(bytes) {
      if (!open) return
      waits()
      const frame = encodeFrame({ channel, type: 'message', message: bytes })
      for (const part of inChunks(channel, frame)) connection.send(part)
    },
    room() {
      const room = connection.room()
      if (!room) waits()
      return room
    },
    close(code, reason) {
      if (!open) return
      open = false
      connection.send(encodeFrame({ channel, type: 'closed', code, reason }))
      closed(code)
      handlers?.closed(code)
    },
    terminate: () => connection.terminate(),
    ping: () => connection.ping(),
    busy: connection.busy,
    serve(who) {
      handlers = who
    },
    message(bytes) {
      if (open) handlers?.message(bytes)
    },
    drained() {
      if (open) handlers?.drained()
    },
    end() {
      if (!open) return
      open = false
      handlers?.closed(undefined)
    },
  }
}
