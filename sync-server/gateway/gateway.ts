import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { WebSocketServer } from 'ws'
import {
  type DocumentName,
  isDocumentName,
  isGrowOnly,
  parseDocumentName,
} from '../../domain/documents/document-name.ts'
import { closeCodes, encodeFrame, frameLimits } from '../../domain/wire/wire.ts'
import type { RegionConfig } from '../config/config.ts'
import type { Admission } from '../documents/admission.ts'
import type { Notes } from '../documents/notes.ts'
import { type Identity, type Tokens, tokenLife } from '../identity/tokens.ts'
import { type Logger, plainError } from '../observability/logger.ts'
import type { Metrics } from '../observability/metrics.ts'
import type { PeerState, RegionStore } from '../store/ports.ts'
import { drainPlan } from './drain-plan.ts'
import { createFanOut } from './fan-out.ts'
import { createLostRows } from './lost-rows.ts'
import { keepAliveMessage } from './messages.ts'
import { createOpenDocuments, isOfPatient } from './open-documents.ts'
import { createRegionBoard, type Replicated } from './region-board.ts'
import { type ChannelRefusal, serveMeridian } from './serve-meridian.ts'
import { serveNote } from './serve-note.ts'
import { serveRows } from './serve-rows.ts'
import { createSocket, type Socket, type SocketHandlers } from './socket.ts'
import { createStubborn, type StubbornLimits } from './stubborn.ts'
import { createTelling } from './telling.ts'
import {
  answerRefusal,
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
  /**
   * Takes no new connections, waits for what was proposed to be answered, and closes every connection in turn, so that
   * not all of them come to the next region at once. Resolves when all are told.
   */
  drain(): Promise<void>
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
  peers(): PeerState[]
  replicated: Replicated
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
  /** How often the region's state is looked at for apps; a change is told then, else every fourth time. */
  state: number
}

const gatewayTiming: GatewayTiming = {
  round: 2500,
  keepAlive: 10_000,
  ping: 15_000,
  dead: 45_000,
  state: 1000,
}

/** How long a region that closes waits for what was proposed to be answered, in ms. */
const answersMs = 3000

/** Bytes that may wait in this process for one slow reader. */
const bufferedBound = 1024 * 1024

type Connection = { socket: Socket; identity: Identity; endpoint: 'stock' | 'meridian'; pinged: number }

export function createGateway(deps: GatewayDeps): Gateway {
  const { config, store, notes, admission, tokens, logger, metrics, now, monotonic } = deps
  const timing = { ...gatewayTiming, ...deps.timing }
  const groups = new Set(config.homeGroups.map((g) => g.name))
  const fanOut = createFanOut(store.entries)
  const openDocuments = createOpenDocuments()
  const telling = createTelling({ store, logger, metrics })
  const board = createRegionBoard({
    region: config.region,
    store,
    peers: deps.peers,
    replicated: deps.replicated,
    lookMs: timing.state,
  })
  const { replicated } = deps
  const lostRows = createLostRows({ region: config.region, replicated, monotonic })
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

  const known = {
    patient: (id: string) => store.patients.get(id) !== undefined,
    erased: (id: string) => store.erased.has(id),
    group: (name: string) => groups.has(name),
  }

  type Admitted = UpgradeRequest & { identity: Identity }

  /** Who nobody knows learns nothing, not even which names are malformed. */
  async function admit(read: UpgradeRequest | UpgradeRefusal): Promise<Admitted | UpgradeRefusal> {
    if (closing) return { status: 503, detail: 'this region is going away' }
    if (isUpgradeRefusal(read) && read.status === 404) return read
    const identity = read.token === undefined ? undefined : await tokens.verify(read.token)
    if (!identity) return { status: 401, detail: 'a token of POST /v1/session that has not ended is needed' }
    if (isUpgradeRefusal(read)) return read
    const problem = read.document && openingProblem(read.document, known)
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
    if (document) return serveDocument(document, identity, socket)
    const open = (name: string, channel: Socket) => openChannel(name, identity, channel)
    return serveMeridian(identity, socket, {
      admission,
      board,
      monotonic,
      logger,
      store,
      tokens,
      lostRows,
      open,
    })
  }

  function serveDocument(document: DocumentName, identity: Identity, socket: Socket): SocketHandlers {
    const closed = openDocuments.add(document.name, socket)
    const handlers = isGrowOnly(document)
      ? serveRows(document.name, socket, { entries: store.entries, telling, fanOut, metrics, logger })
      : serveNote(document.name, identity, socket, { notes, metrics, logger })
    return {
      ...handlers,
      closed: (own) => {
        closed()
        handlers.closed(own)
      },
    }
  }

  const stops = [
    store.erased.onErased((patientId) => {
      telling.forgetPatient(patientId)
      const isMeant = (name: string) => isOfPatient(name, patientId)
      openDocuments.close(isMeant, closeCodes.erased, 'this patient was erased: destroy what is held')
    }),
    store.onReplaced((documents) => {
      telling.forget(documents)
      const replaced = new Set(documents)
      const reason = 'what was told of this document is void: throw it away and read it anew'
      openDocuments.close((name) => replaced.has(name), closeCodes.startAnew, reason)
    }),
  ]

  /** What would be answered to an upgrade, as a close code. */
  function openChannel(name: string, identity: Identity, channel: Socket): SocketHandlers | ChannelRefusal {
    const document = parseDocumentName(name)
    if (!isDocumentName(document)) return { code: closeCodes.malformed, reason: document.detail }
    const problem = openingProblem(document, known)
    if (problem) return { code: closeCodeFor(problem.status), reason: problem.detail }
    const key = keyOf({ identity, document })
    if (stubborn.refused(key))
      return { code: closeCodes.forbidden, reason: 'this was closed for good several times; mend the client' }
    const handlers = serveDocument(document, identity, channel)
    return {
      ...handlers,
      closed: (own) => {
        if (own === closeCodes.malformed || own === closeCodes.tooLarge) stubborn.strike(key)
        handlers.closed(own)
      },
    }
  }

  async function drain(): Promise<void> {
    closing = true
    clearInterval(rounds)
    board.close()
    const leaving = drainPlan(connections.size)
    for (const { socket, endpoint } of connections)
      if (endpoint === 'meridian') socket.send(leavingFrame(Math.random() * leaving.returnWithinMs))
    const until = monotonic() + answersMs
    while (admission.pending() > 0 && monotonic() < until) await wait(5)
    for (const batch of leaving.batches([...connections])) {
      for (const { socket } of batch) socket.close(closeCodes.goingAway, 'this region is going away')
      if (leaving.pauseMs > 0) await wait(leaving.pauseMs)
    }
    for (const { socket } of connections) socket.close(closeCodes.goingAway, 'this region is going away')
    fanOut.close()
    for (const stop of stops) stop()
  }

  function refuse(socket: Duplex, refusal: UpgradeRefusal): void {
    metrics.upgradesRefused.inc({ status: refusal.status })
    answerRefusal(socket, refusal)
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
    drain,
  }
}

function leavingFrame(retryAfterMs: number): Uint8Array {
  return encodeFrame({ channel: 0, type: 'leaving', retryAfterMs: Math.round(retryAfterMs) })
}

function wait(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}

/** The close code that says of a channel what an HTTP status says of an upgrade. */
function closeCodeFor(status: UpgradeRefusal['status']): number {
  return {
    400: closeCodes.malformed,
    401: closeCodes.unauthorized,
    403: closeCodes.forbidden,
    404: closeCodes.unknownDocument,
    410: closeCodes.erased,
    503: closeCodes.goingAway,
  }[status]
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
