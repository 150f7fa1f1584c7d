import { WebSocket } from 'ws'
import { createAssembler } from '../../domain/wire/chunks.ts'
import {
  decodeFrame,
  encodeFrame,
  type Frame,
  meridianProtocol,
  type WritableFrame,
} from '../../domain/wire/wire.ts'

/** A client of `meridian.v1` for tests: sends frames, keeps those that came. */
export type SampleClient = {
  ws: WebSocket
  send(frame: WritableFrame): void
  frames: Frame[]
  /** The first frame of a type that fits, come or yet to come; rejects after 25 s. */
  frame<T extends Frame['type']>(
    type: T,
    fits?: (frame: Extract<Frame, { type: T }>) => boolean,
  ): Promise<Extract<Frame, { type: T }>>
  /** Frames of a type that came so far. */
  all<T extends Frame['type']>(type: T): Extract<Frame, { type: T }>[]
  closed: Promise<{ code: number; reason: string }>
  close(): void
}

const patienceMs = 25_000

/** @param sync address of the endpoint, `ws://…/sync` */
export async function connectClient(sync: string, token: string): Promise<SampleClient> {
  const ws = new WebSocket(sync, [meridianProtocol, `bearer.${token}`])
  const frames: Frame[] = []
  const assembler = createAssembler(Number.POSITIVE_INFINITY)
  const looks = new Set<() => void>()

  function take(bytes: Uint8Array): void {
    const frame = decodeFrame(bytes)
    if (frame?.type === 'chunk') {
      const whole = assembler.take(frame.channel, frame.piece, frame.last)
      if (whole) take(whole)
    } else if (frame) frames.push(frame)
    else throw new Error('the region sent what is no frame')
    for (const look of [...looks]) look()
  }

  ws.on('message', (data: Buffer) => take(new Uint8Array(data)))
  ws.on('error', () => undefined)
  const closed = new Promise<{ code: number; reason: string }>((resolve) =>
    ws.on('close', (code, reason) => resolve({ code, reason: reason.toString() })),
  )
  await new Promise<void>((resolve, reject) => {
    ws.once('open', resolve)
    ws.once('unexpected-response', (_, response) =>
      reject(new Error(`the upgrade was answered with ${response.statusCode}`)),
    )
    void closed.then(() => reject(new Error('the connection was closed')))
  })

  const ofType = <T extends Frame['type']>(type: T) =>
    frames.filter((frame): frame is Extract<Frame, { type: T }> => frame.type === type)

  return {
    ws,
    send: (frame) => ws.send(encodeFrame(frame)),
    frames,
    all: ofType,
    frame: (type, fits = () => true) =>
      new Promise((resolve, reject) => {
        const late = setTimeout(() => {
          looks.delete(look)
          reject(new Error(`no ${type} came; there were ${frames.map((f) => f.type).join(', ')}`))
        }, patienceMs)
        const look = () => {
          const found = ofType(type).find(fits)
          if (!found) return
          clearTimeout(late)
          looks.delete(look)
          resolve(found)
        }
        looks.add(look)
        look()
      }),
    closed,
    close: () => ws.terminate(),
  }
}
