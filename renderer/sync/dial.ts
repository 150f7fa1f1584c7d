import { meridianProtocol } from '../../domain/wire/wire.ts'
import type { Dial } from './connection.ts'

/** A WebSocket of the browser to a region's meridian endpoint. */
export const dialWebSocket: Dial = ({ sync, token }, hears) => {
  // A sub-protocol, not a query parameter: addresses stand in consoles and in the logs of proxies.
  const socket = new WebSocket(sync, [meridianProtocol, `bearer.${token}`])
  socket.binaryType = 'arraybuffer'
  socket.onopen = () => hears.opened()
  socket.onmessage = ({ data }) => {
    if (data instanceof ArrayBuffer) hears.message(new Uint8Array(data))
  }
  socket.onclose = ({ code }) => hears.closed(code)
  return {
    send(bytes) {
      if (socket.readyState === WebSocket.OPEN) socket.send(Uint8Array.from(bytes))
    },
    giveUp() {
      socket.onopen = null
      socket.onmessage = null
      socket.onclose = null
      socket.close()
    },
  }
}
