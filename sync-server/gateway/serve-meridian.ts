import { createAssembler, inChunks } from '../../domain/wire/chunks.ts'
import {
  closeCodes,
  decodeFrame,
  encodeFrame,
  type Frame,
  frameLimits,
  type WritableFrame,
} from '../../domain/wire/wire.ts'
import type { Admission, Answers } from '../documents/admission.ts'
import type { Identity } from '../identity/tokens.ts'
import { type Logger, plainError } from '../observability/logger.ts'
import { type CatchUpDeps, type CatchUpRequest, catchUp, scopeProblem } from './catch-up.ts'
import { type ChannelSocket, createChannelSocket } from './channel-socket.ts'
import type { RegionBoard } from './region-board.ts'
import { createReplicatedNews } from './replicated-news.ts'
import type { Socket, SocketHandlers } from './socket.ts'

/** One connection of the sub-protocol `meridian.v1`: proposals, the region's state, catch-up, and open documents. */
export type ServeMeridianDeps = CatchUpDeps & {
  admission: Admission
  board: RegionBoard
  /** Milliseconds of a clock that never jumps. */
  monotonic(): number
  logger: Logger
  /** Serves a document on a channel, or says by a close code why not. */
  open(document: string, channel: Socket): SocketHandlers | ChannelRefusal
}

export type ChannelRefusal = { code: number; reason: string }

export function serveMeridian(identity: Identity, socket: Socket, deps: ServeMeridianDeps): SocketHandlers {
  const channels = new Map<number, ChannelSocket>()
  const assembler = createAssembler(frameLimits.assembledBytes)
  /** Channels that are to be told when there is room. */
  let waiting = new Set<number>()
  let whenRoom: (() => void)[] = []
  /** The catch-up that is being answered: another one, or the end of the connection, ends it. */
  let catching: CatchUpRequest | undefined
  let answered: Promise<void> = Promise.resolve()
  let open = true

  const replicated = createReplicatedNews(deps.monotonic)
  const unsubscribe = deps.board.subscribe((news) => {
    if (!news.replicated || replicated.wants(news)) socket.send(news.frame)
    const due = replicated.due()
    if (due) socket.send(due.frame)
  })

  function take(bytes: Uint8Array): void {
    const frame = decodeFrame(bytes)
    if (!frame) malformed('this is no frame of meridian.v1')
    else if (frame.channel === 0) takeOwn(frame)
    else takeChannel(frame)
  }

  /** Types that this region does not know, and those that only regions send, are skipped. */
  function takeOwn(frame: Frame): void {
    switch (frame.type) {
      case 'submit':
        void submit(frame.proposals)
        return
      case 'catch-up':
        startCatchUp(frame)
        return
      case 'chunk':
        takeChunk(frame)
    }
  }

  function takeChannel(frame: Frame): void {
    switch (frame.type) {
      case 'message':
        channels.get(frame.channel)?.message(frame.message.slice())
        return
      case 'open':
        openDocument(frame.channel, frame.document)
        return
      case 'closed':
        channels.get(frame.channel)?.end()
        forget(frame.channel)
        return
      case 'chunk':
        if (channels.has(frame.channel)) takeChunk(frame)
    }
  }

  function takeChunk({ channel, piece, last }: Extract<Frame, { type: 'chunk' }>): void {
    let whole: Uint8Array | undefined
    try {
      whole = assembler.take(channel, piece, last)
    } catch {
      close(closeCodes.tooLarge, 'what the chunks make up is above the limit')
    }
    const frame = whole && decodeFrame(whole)
    if (!whole) return
    if (!frame || frame.type === 'chunk') malformed('the chunks make up no frame')
    else if (frame.channel === 0) takeOwn(frame)
    else takeChannel(frame)
  }

  async function submit(proposals: Extract<Frame, { type: 'submit' }>['proposals']): Promise<void> {
    const answers = await deps.admission.submit(proposals, identity)
    replicated.acknowledged(answers.acks)
    if (open) for (const frame of framesOf(answers)) socket.send(encodeFrame(frame))
  }

  function openDocument(channel: number, document: string): void {
    if (channels.has(channel)) malformed('a channel was opened that is open')
    else if (channels.size < frameLimits.openDocuments) serveChannel(channel, document)
    else
      refuse(channel, { code: closeCodes.tooMany, reason: `${frameLimits.openDocuments} documents are open` })
  }

  function refuse(channel: number, { code, reason }: ChannelRefusal): void {
    socket.send(encodeFrame({ channel, type: 'closed', code, reason }))
  }

  function serveChannel(channel: number, document: string): void {
    const virtual = createChannelSocket({
      channel,
      connection: socket,
      waits: () => waiting.add(channel),
      closed: () => forget(channel),
    })
    channels.set(channel, virtual)
    const served = deps.open(document, virtual)
    if ('code' in served) {
      forget(channel)
      refuse(channel, served)
    } else virtual.serve(served)
  }

  function forget(channel: number): void {
    channels.delete(channel)
    waiting.delete(channel)
    assembler.forget(channel)
  }

  function startCatchUp(request: CatchUpRequest): void {
    const problem = scopeProblem(request)
    if (problem) {
      malformed(problem)
      return
    }
    catching = request
    const ended = () => !open || catching !== request
    const send = (frame: WritableFrame) => {
      for (const part of inChunks(0, encodeFrame(frame))) socket.send(part)
    }
    // One at a time: whoever asks again and again does not pile up work.
    answered = answered.then(async () => {
      if (ended()) return
      try {
        await catchUp(request, deps, { send, room, ended })
      } catch (error) {
        if (ended()) return
        deps.logger.warn({ error: plainError(error) }, 'a catch-up cannot be answered')
        close(closeCodes.busy, 'this region cannot read its store now')
      }
    })
  }

  function room(): Promise<void> {
    if (socket.room() || !open) return Promise.resolve()
    return new Promise((resolve) => whenRoom.push(resolve))
  }

  function malformed(reason: string): void {
    close(closeCodes.malformed, reason)
  }

  function close(code: number, reason: string): void {
    open = false
    socket.close(code, reason)
  }

  return {
    message: (bytes) => {
      if (!open) return
      if (bytes) take(bytes)
      else malformed('frames of meridian.v1 are binary')
    },
    drained: () => {
      for (const go of whenRoom.splice(0)) go()
      const told = waiting
      waiting = new Set()
      for (const channel of told) channels.get(channel)?.drained()
    },
    closed: () => {
      open = false
      unsubscribe()
      for (const go of whenRoom.splice(0)) go()
      whenRoom = []
      for (const channel of [...channels.values()]) channel.end()
      channels.clear()
    },
  }
}

function framesOf({ acks, refusals }: Answers): WritableFrame[] {
  const frames: WritableFrame[] = []
  const limit = frameLimits.proposalsPerSubmit
  for (let at = 0; at < acks.length; at += limit)
    frames.push({ channel: 0, type: 'ack', acks: acks.slice(at, at + limit) })
  for (let at = 0; at < refusals.length; at += limit)
    frames.push({ channel: 0, type: 'refuse', refusals: refusals.slice(at, at + limit) })
  return frames
}
