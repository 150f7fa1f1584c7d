import { X509Certificate } from 'node:crypto'
import { createServer, type Server } from 'node:https'
import type { TLSSocket } from 'node:tls'
import { type RawData, WebSocket, WebSocketServer } from 'ws'
import type { PeerConfig, RegionConfig } from '../config/config.ts'
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
  /** Does little wait to be sent? */
  room(): boolean
  /** Resolves when little waits to be sent; rejects when the connection is gone. */
  drained(): Promise<void>
  /** True while nothing more is read from the connection, because what came has not been dealt with. */
  held(): boolean
  close(): void
}

export type LinkHandlers = {
  /** What takes time is told when it is done: only so much of it is let in. */
  received(message: PeerMessage): void | Promise<void>
  closed(): void
}

/** How a region reaches its peers and is reached by them. A simulation has its own. */
export type Wires = {
  /** Handlers hear `closed` once; `failed` is heard whenever the connection is over, or never came about. */
  dial(peer: PeerConfig, opened: (link: PeerLink) => LinkHandlers, failed: () => void): { close(): void }
  listen(opened: (link: PeerLink) => LinkHandlers): Promise<{ close(): Promise<void> }>
}

export function tlsWires(config: Pick<RegionConfig, 'replication' | 'peers'>, own: Identity): Wires {
  return {
    dial: (peer, opened, failed) => dialPeer(peer, own, opened, failed),
    listen: (opened) => listenForPeers(config.replication, config.peers, own, opened),
  }
}

/** More than this waiting on a connection stops the reading of further rows for it, in bytes. */
const highWater = 8 * 1024 * 1024
const drainPollMs = 10
/** With more than this of what came in not dealt with, nothing more is read until half of it is, in bytes. */
const mostUnread = 16 * 1024 * 1024
const handshakeTimeoutMs = 5_000

function dialPeer(
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

async function listenForPeers(
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
  let unread = 0
  const handlers = opened({
    region,
    room: () => socket.bufferedAmount <= highWater,
    held: () => socket.isPaused,
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
  const dealWith = async (work: Promise<void>, bytes: number) => {
    unread += bytes
    if (unread > mostUnread && !socket.isPaused) socket.pause()
    await work.catch(() => {})
    unread -= bytes
    if (unread <= mostUnread / 2 && socket.isPaused) socket.resume()
  }
  socket.on('message', (data) => {
    const message = decoded(data)
    if (message === 'malformed') socket.terminate()
    else if (message) {
      const work = handlers.received(message)
      if (work) void dealWith(work, (data as Buffer).length)
    }
  })
  socket.on('close', () => handlers.closed())
}

function decoded(data: RawData): PeerMessage | undefined | 'malformed' {
  try {
    // A copy of its own: a reader that runs over the end of a pooled buffer would read what is not its.
    return decodePeerMessage(Uint8Array.from(data as Buffer))
  } catch {
    return 'malformed'
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
