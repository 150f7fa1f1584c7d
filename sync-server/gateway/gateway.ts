import { type IncomingMessage, STATUS_CODES } from 'node:http'
import type { Duplex } from 'node:stream'
import { WebSocketServer } from 'ws'
import { isGrowOnly } from '../../domain/documents/document-name.ts'
import { closeCodes, frameLimits } from '../../domain/wire/wire.ts'
import type { RegionConfig } from '../config/config.ts'
import type { Admission } from '../documents/admission.ts'
import type { Notes } from '../documents/notes.ts'
import { type Identity, type Tokens, tokenLife } from '../identity/tokens.ts'
import { type Logger, plainError } from '../observability/logger.ts'
import type { Metrics } from '../observability/metrics.ts'
import type { RegionStore } from '../store/ports.ts'
import { createFanOut } from './fan-out.ts'
import { keepAliveMessage } from './messages.ts'
import { serveMeridian } from './serve-meridian.ts'
import { serveNote } from './serve-note.ts'
import { serveRows } from './serve-rows.ts'
import { createSocket, type Socket, type SocketHandlers } from './socket.ts'
import { createStubborn, type StubbornLimits } from './stubborn.ts'
import {
  isUpgradeRefusal,
  openingProblem,
  readUpgrade,
  type UpgradeRefusal,
  type UpgradeRequest,
} from './upgrade.ts'

/** WebSockets of one region: who may open which, which of the protocols is spoken, and whether the other side lives. */
export type Gateway = {
  handleUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void
  /** Open connections. */
  connections(): number
  /** Closes every connection, with a close code that tells clients what to do; no new ones are taken. */
  close(code?: number): void
}

export type GatewayDeps = {
  config: RegionConfig
  store: RegionStore
  notes: Notes
  admission: Admission
  tokens: Tokens
  logger: Logger
  metrics: Metrics
  now(): Date
  /** Milliseconds of a clock that never jumps. */
  monotonic(): number
  timing?: Partial<GatewayTiming>
  stubborn?: StubbornLimits
}

/** All in milliseconds. */
type GatewayTiming = {
  /** How often connections are looked at. */
  round: number
  /** Silence after which a stock client is sent an empty update. With `round` below the 20 s that clients wait for. */
  keepAlive: number
  ping: number
  /** Silence after which the other side counts as gone. */
  dead: number
}

const gatewayTiming: GatewayTiming = { round: 2500, keepAlive: 10_000, ping: 15_000, dead: 45_000 }

/** Bytes that may wait in this process for one slow reader. */
const bufferedBound = 1024 * 1024

type Connection = { socket: Socket; identity: Identity; endpoint: 'stock' | 'meridian'; pinged: number }

export function createGateway(deps: GatewayDeps): Gateway {
  const { config, store, notes, admission, tokens, logger, metrics, now, monotonic } = deps
  const timing = { ...gatewayTiming, ...deps.timing }
  const groups = new Set(config.homeGroups.map((g) => g.name))
  const fanOut = createFanOut(store.entries)
  const stubborn = createStubborn(monotonic, deps.stubborn)
  const connections = new Set<Connection>()
  let closing = false

  const server = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    maxPayload: frameLimits.clientFrameBytes,
    handleProtocols: (_offered, request) => {
      const read = readUpgrade(request.url ?? '', request.headers['sec-websocket-protocol'])
      return (!isUpgradeRefusal(read) && read.protocol) || false
    },
  })
  const rounds = setInterval(lookAround, timing.round)

  async function upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    const read = readUpgrade(request.url ?? '', request.headers['sec-websocket-protocol'])
    const asked = await admit(read)
    if ('status' in asked) return refuse(socket, asked)
    if (!socket.writable) return
    server.handleUpgrade(request, socket, head, (ws) => {
      const endpoint = asked.document ? 'stock' : 'meridian'
      const connection: Connection = {
        socket: createSocket(ws, { monotonic, bufferedBound }),
        identity: asked.identity,
        endpoint,
        pinged: monotonic(),
      }
      connections.add(connection)
      metrics.connections.inc({ endpoint })
      const handlers = handlersFor(asked, connection)
      connection.socket.serve({
        ...handlers,
        closed: (own) => {
          connections.delete(connection)
          metrics.connections.dec({ endpoint })
          if (own !== undefined) metrics.connectionsClosed.inc({ code: own })
          if (own === closeCodes.malformed || own === closeCodes.tooLarge) stubborn.strike(keyOf(asked))
          handlers.closed(own)
        },
      })
    })
  }

  type Admitted = UpgradeRequest & { identity: Identity }

  /** Who nobody knows learns nothing, not even which names are malformed. */
  async function admit(read: UpgradeRequest | UpgradeRefusal): Promise<Admitted | UpgradeRefusal> {
    if (closing) return { status: 503, detail: 'this region is going away' }
    if (isUpgradeRefusal(read) && read.status === 404) return read
    const identity = read.token === undefined ? undefined : await tokens.verify(read.token)
    if (!identity) return { status: 401, detail: 'a token of POST /v1/session that has not ended is needed' }
    if (isUpgradeRefusal(read)) return read
    const problem =
      read.document &&
      openingProblem(read.document, {
        patient: (id) => store.patients.get(id) !== undefined,
        group: (name) => groups.has(name),
      })
    if (problem) return problem
    const admitted = { ...read, identity }
    if (stubborn.refused(keyOf(admitted)))
      return {
        status: 403,
        detail: 'this was closed for good several times; mend the client and wait some minutes',
      }
    return admitted
  }

  function handlersFor({ document, identity }: Admitted, { socket }: Connection): SocketHandlers {
    if (!document) return serveMeridian(identity, socket, { admission })
    return isGrowOnly(document)
      ? serveRows(document.name, socket, { entries: store.entries, fanOut, metrics, logger })
      : serveNote(document.name, identity, socket, { notes, metrics, logger })
  }

  function refuse(socket: Duplex, { status, detail }: UpgradeRefusal): void {
    metrics.upgradesRefused.inc({ status })
    const body = JSON.stringify({
      type: 'urn:meridian:problem:upgrade-refused',
      title: STATUS_CODES[status],
      status,
      detail,
    })
    const head = [
      `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
      'content-type: application/problem+json',
      `content-length: ${Buffer.byteLength(body)}`,
      ...(status === 401 ? ['www-authenticate: Bearer'] : []),
      'connection: close',
    ]
    socket.end(`${head.join('\r\n')}\r\n\r\n${body}`)
  }

  /** Signs of life, in both directions, and the end of tokens. */
  function lookAround(): void {
    const at = monotonic()
    const wall = now().getTime()
    for (const connection of [...connections]) {
      const { socket, identity, endpoint } = connection
      if (at - socket.times.heard > timing.dead) socket.terminate()
      else if (wall > identity.expiresAt + tokenLife.toleranceSeconds * 1000)
        socket.close(closeCodes.unauthorized, 'the token has ended: connect with a new one')
      else {
        if (at - connection.pinged >= timing.ping) {
          connection.pinged = at
          socket.ping()
        }
        if (endpoint === 'stock' && at - socket.times.sent >= timing.keepAlive) socket.send(keepAliveMessage)
      }
    }
  }

  return {
    handleUpgrade(request, socket, head) {
      // Sockets break while tokens are verified: that is no reason to fall over.
      socket.on('error', () => socket.destroy())
      upgrade(request, socket, head).catch((error) => {
        logger.error({ error: plainError(error) }, 'an upgrade failed')
        socket.destroy()
      })
    },
    connections: () => connections.size,
    close(code = closeCodes.goingAway) {
      closing = true
      clearInterval(rounds)
      fanOut.close()
      for (const { socket } of connections) socket.close(code, 'this region is going away')
    },
  }
}

function keyOf({
  identity,
  document,
}: {
  identity: Identity
  document: { name: string } | undefined
}): string {
  return `${identity.user} ${document?.name ?? ''}`
}
