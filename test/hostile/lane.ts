import { WebSocket } from 'ws'

/** One connection after another to one address of a region: what is closed is opened again. */
export type Lane = {
  /** Sends frames and waits until the region has worked through them: it answers the last one, or closes. */
  fire(frames: readonly Uint8Array[], isAnswered: (frame: Uint8Array) => boolean): Promise<void>
  closes: Map<number, number>
  end(): void
}

export type LaneDeps = {
  address(): Promise<{ url: string; protocols: string[] }>
  /** What is said on every new connection first. */
  greeting?: readonly Uint8Array[]
}

/** Longest that a region may take over some frames, in ms. It bounds a hang, not the speed. */
const patienceMs = 30_000

export function createLane({ address, greeting = [] }: LaneDeps): Lane {
  const closes = new Map<number, number>()
  let socket: WebSocket | undefined
  let heard: (frame: Uint8Array) => void = () => undefined
  let gone: () => void = () => undefined

  async function open(): Promise<WebSocket> {
    const { url, protocols } = await address()
    const fresh = new WebSocket(url, protocols)
    fresh.on('message', (data) => heard(new Uint8Array(data as Buffer)))
    fresh.on('close', (code) => {
      closes.set(code, (closes.get(code) ?? 0) + 1)
      if (socket === fresh) socket = undefined
      gone()
    })
    await new Promise<void>((resolve, reject) => {
      fresh.on('open', resolve)
      fresh.on('unexpected-response', (_, { statusCode }) =>
        reject(new Error(`an upgrade was answered with ${statusCode}`)),
      )
      fresh.on('error', reject)
    })
    fresh.on('error', () => undefined)
    for (const frame of greeting) fresh.send(frame)
    return fresh
  }

  return {
    async fire(frames, isAnswered) {
      socket ??= await open()
      const line = socket
      let timer: NodeJS.Timeout | undefined
      await new Promise<void>((resolve, reject) => {
        gone = resolve
        heard = (frame) => {
          if (isAnswered(frame)) resolve()
        }
        timer = setTimeout(
          () => reject(new Error('a region neither answers what it was sent nor closes')),
          patienceMs,
        )
        for (const frame of frames) line.send(frame)
      }).finally(() => clearTimeout(timer))
    },
    closes,
    end: () => socket?.terminate(),
  }
}
