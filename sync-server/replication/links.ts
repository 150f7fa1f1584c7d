import { X509Certificate } from 'node:crypto'
import { createServer, type Server } from 'node:https'
import type { TLSSocket } from 'node:tls'
import { type RawData, WebSocket, WebSocketServer } from 'ws'
import type { PeerConfig } from '../config/config.ts'
import {
  decodePeerMessage,
  encodePeerMessage,
  type PeerMessage,
  peerMessageBytes,
  peerProtocol,
} from './peer-wire.ts'

/**
 * The wires between regions: WebSockets over TLS 1.3 in which both sides show the one certificate that the other has
 * in its configuration. Whoever shows another is not spoken to.
 */
export type Identity = { key: string; certificate: string }

export type PeerLink = {
  region: string
  send(message: PeerMessage): void
  /** Resolves when little waits to be sent; rejects when the connection is gone. */
  drained(): Promise<void>
  close(): void
}

export type LinkHandlers = {
  received(message: PeerMessage): void
  closed(): void
}

/** More than this waiting on a connection stops the reading of further rows for it, in bytes. */
const highWater = 8 * 1024 * 1024
const drainPollMs = 10
const handshakeTimeoutMs = 5_000

/** Dials a peer. Handlers hear `closed` once, also if the connection never came about. */
export function dialPeer(
  peer: PeerConfig,
  own: Identity,
  opened: (link: PeerLink) => LinkHandlers,
  failed: () => void,
): { close(): void } {
  const socket = new WebSocket(peer.url, peerProtocol, {
    key: own.key,
    cert: own.certificate,
    ca: [peer.certificate],
    minVersion: 'TLSv1.3',
    // No name is compared, because the whole certificate is, below: an error would be returned here, false is none.
    checkServerIdentity: () => false,
    maxPayload: peerMessageBytes,
    perMessageDeflate: false,
    handshakeTimeout: handshakeTimeoutMs,
  })
  let shown: string | undefined
  socket.on('error', () => socket.terminate())
  socket.on('upgrade', (response) => {
    shown = certificateOn(response.socket as TLSSocket)
  })
  socket.on('open', () => {
    if (shown === fingerprint(peer.certificate)) attach(socket, peer.region, opened)
    else socket.terminate()
  })
  socket.on('close', failed)
  return { close: () => socket.terminate() }
}

/** Waits for peers to dial. */
export async function listenForPeers(
  address: { host: string; port: number },
  peers: readonly PeerConfig[],
  own: Identity,
  opened: (link: PeerLink) => LinkHandlers,
): Promise<{ close(): Promise<void> }> {
  const regions = new Map(peers.map((peer) => [fingerprint(peer.certificate), peer.region]))
  const server = createServer({
    key: own.key,
    cert: own.certificate,
    ca: peers.map((peer) => peer.certificate),
    requestCert: true,
    rejectUnauthorized: true,
    minVersion: 'TLSv1.3',
    handshakeTimeout: handshakeTimeoutMs,
  })
  const sockets = new WebSocketServer({
    server,
    maxPayload: peerMessageBytes,
    perMessageDeflate: false,
    handleProtocols: (offered) => (offered.has(peerProtocol) ? peerProtocol : false),
  })
  server.on('tlsClientError', (_, socket) => socket.destroy())
  sockets.on('error', () => {})
  sockets.on('connection', (socket, request) => {
    socket.on('error', () => socket.terminate())
    const region = regions.get(certificateOn(request.socket as TLSSocket) ?? '')
    if (region && socket.protocol === peerProtocol) attach(socket, region, opened)
    else socket.terminate()
  })
  await listening(server, address)
  return {
    close: () =>
      new Promise((resolve) => {
        for (const socket of sockets.clients) socket.terminate()
        sockets.close(() => server.close(() => resolve()))
      }),
  }
}

function attach(socket: WebSocket, region: string, opened: (link: PeerLink) => LinkHandlers): void {
  const handlers = opened({
    region,
    send(message) {
      if (socket.readyState === WebSocket.OPEN) socket.send(encodePeerMessage(message))
    },
    async drained() {
      while (socket.bufferedAmount > highWater && socket.readyState === WebSocket.OPEN)
        await new Promise((resolve) => setTimeout(resolve, drainPollMs))
      if (socket.readyState !== WebSocket.OPEN) throw new Error('the connection to the peer is gone')
    },
    close: () => socket.terminate(),
  })
  socket.on('message', (data) => {
    const message = decoded(data)
    if (message) handlers.received(message)
    else socket.terminate()
  })
  socket.on('close', () => handlers.closed())
}

function decoded(data: RawData): PeerMessage | undefined {
  try {
    // A copy of its own: a reader that runs over the end of a pooled buffer would read what is not its.
    return decodePeerMessage(Uint8Array.from(data as Buffer))
  } catch {
    return undefined
  }
}

function certificateOn(socket: TLSSocket): string | undefined {
  return socket.getPeerX509Certificate()?.fingerprint256
}

function fingerprint(pem: string): string {
  return new X509Certificate(pem).fingerprint256
}

function listening(server: Server, { host, port }: { host: string; port: number }): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, () => {
      server.off('error', reject)
      server.on('error', () => {})
      resolve()
    })
  })
}
