import { WebSocket } from 'ws'
import { createAssembler } from '../../../domain/wire/chunks.ts'
import { decodeFrame, type Frame, meridianProtocol, type Proposal } from '../../../domain/wire/wire.ts'
import { submitFrame } from './proposals.ts'

/** One app's connection to the meridian endpoint. */
export type MeridianSocket = {
  send(frame: Uint8Array): void
  /** Takes every frame from now on, whole; the one before hears nothing more. */
  listen(listener: (frame: Frame) => void): void
  terminate(): void
}

/** More than any answer in a benchmark. */
const mostBytes = 1024 * 1024 * 1024

export function openMeridian(sync: string, token: string): Promise<MeridianSocket> {
  return new Promise((resolve, reject) => {
    const ws = new WebSocket(`${sync}?token=${token}`, [meridianProtocol], { perMessageDeflate: false })
    const assembler = createAssembler(mostBytes)
    let listener: (frame: Frame) => void = () => {}

    function take(bytes: Uint8Array): void {
      const frame = decodeFrame(bytes)
      if (frame?.type === 'chunk') {
        const whole = assembler.take(frame.channel, frame.piece, frame.last)
        if (whole) take(whole)
      } else if (frame) listener(frame)
    }

    ws.on('error', reject)
    ws.on('message', take)
    ws.on('open', () =>
      resolve({
        send: (frame) => ws.send(frame),
        listen: (next) => {
          listener = next
        },
        terminate: () => ws.terminate(),
      }),
    )
  })
}

/** Tells how many of the ids of a frame were acknowledged. A refusal is an error: a benchmark has nothing to be refused. */
export function acknowledgedIn(frame: Frame): number {
  if (frame.type === 'refuse')
    throw new Error(`a proposal was refused: ${frame.refusals[0]?.code}, ${frame.refusals[0]?.detail}`)
  return frame.type === 'ack' ? frame.acks.length : 0
}

/** Proposals of one frame, which may be 1 MiB long: leaves room enough for any that the benchmark makes. */
const perFrame = 500
/** Frames on their way at the same time. */
const inFlight = 4

/** Submits all these and resolves when the last is durable. */
export function submitAll(socket: MeridianSocket, proposals: readonly Proposal[]): Promise<void> {
  const frames: Uint8Array[] = []
  for (let at = 0; at < proposals.length; at += perFrame)
    frames.push(submitFrame(proposals.slice(at, at + perFrame)))
  let sent = 0
  let acknowledged = 0
  const sendMore = () => {
    while (sent < frames.length && sent * perFrame < acknowledged + inFlight * perFrame)
      socket.send(frames[sent++]!)
  }
  return new Promise<void>((resolve) => {
    socket.listen((frame) => {
      acknowledged += acknowledgedIn(frame)
      sendMore()
      if (acknowledged >= proposals.length) resolve()
    })
    sendMore()
  })
}
