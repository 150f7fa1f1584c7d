import { createAssembler } from '../../domain/wire/chunks.ts'
import { decodeFrame, type Frame } from '../../domain/wire/wire.ts'
import { type ConnectionEvent, createConnectionCore } from './connection-core.ts'

/**
 * The one connection of a window to the meridian endpoint of its region: proposals, catch-up and open documents share it.
 */
export type Connection = {
  /** Speaks over it from now on, until the answer is called. */
  join(speaker: Speaker): () => void
  /** Leaves the region for another one. */
  move(to: RegionAt): void
  /** The region that is called, or spoken with. */
  region(): string
  /** Somebody has something new to say: a region that has said "never again" is asked once more. */
  want(): void
  stop(): void
}

/** A region by its name, and the address of its meridian endpoint. */
export type RegionAt = { region: string; sync: string }

/** Whoever speaks over the connection. Told in the order: `opened`, `hear` any number of times, `closed`. */
export type Speaker = {
  opened(send: Send): void
  hear(frame: Frame): void
  /** With the region's close code; 0 if it was given up here. */
  closed(code: number): void
}

export type Send = (bytes: Uint8Array) => void

/** Opens a socket. Whoever gives it up hears nothing of it any more. */
export type Dial = (
  address: { sync: string; token: string },
  hears: { opened(): void; message(bytes: Uint8Array): void; closed(code: number): void },
) => { send: Send; giveUp(): void }

export type ConnectionDeps = {
  /** Where to begin. */
  at: RegionAt
  token: () => Promise<string | undefined>
  dial: Dial
  random: () => number
  /** Milliseconds of a clock that does not jump. */
  monotonic: () => number
  /** Calls back once after so many ms; the answer takes it back. */
  after: (ms: number, then: () => void) => () => void
}

/** What a region sends in pieces, at most, in bytes. */
const mostChunkBytes = 64 * 1024 * 1024

type Line = { socket: ReturnType<Dial> | undefined; isOpen: boolean; givenUp: boolean }

export function createConnection(deps: ConnectionDeps): Connection {
  const core = createConnectionCore({ random: deps.random })
  const speakers = new Set<Speaker>()
  let { at } = deps
  let line: Line | undefined
  let cancelTimer = () => {}

  const handle = (event: ConnectionEvent) => {
    for (const action of core.on(event, deps.monotonic()))
      switch (action.do) {
        case 'connect':
          void connect()
          break
        case 'abandon':
          abandon()
          break
        case 'wake':
          cancelTimer()
          cancelTimer = deps.after(action.afterMs, () => handle({ type: 'timer' }))
      }
  }

  const connect = async () => {
    const mine: Line = { socket: undefined, isOpen: false, givenUp: false }
    line = mine
    const token = await deps.token()
    if (mine.givenUp) return
    if (token === undefined) return ended(mine, 0)
    const assembler = createAssembler(mostChunkBytes)
    /** A region that sends more than can be held at once is left. */
    const piece = ({ channel, piece, last }: Extract<Frame, { type: 'chunk' }>) => {
      try {
        return assembler.take(channel, piece, last)
      } catch {
        socket.giveUp()
        ended(mine, 0)
        return undefined
      }
    }
    const take = (bytes: Uint8Array) => {
      const frame = decodeFrame(bytes)
      if (frame?.type === 'chunk') {
        const whole = piece(frame)
        if (whole) take(whole)
      } else if (frame) tell(frame)
    }
    const socket = deps.dial(
      { sync: at.sync, token },
      {
        opened() {
          if (mine.givenUp) return
          mine.isOpen = true
          handle({ type: 'opened' })
          for (const speaker of [...speakers]) speaker.opened(socket.send)
        },
        message(bytes) {
          if (mine.givenUp) return
          handle({ type: 'heard' })
          take(bytes)
        },
        closed: (code) => ended(mine, code),
      },
    )
    mine.socket = socket
  }

  const tell = (frame: Frame) => {
    if (frame.type === 'leaving') handle({ type: 'leaving', retryAfterMs: frame.retryAfterMs })
    for (const speaker of [...speakers]) speaker.hear(frame)
  }

  const ended = (mine: Line, code: number) => {
    if (mine.givenUp) return
    mine.givenUp = true
    line = undefined
    if (mine.isOpen) for (const speaker of [...speakers]) speaker.closed(code)
    handle({ type: 'closed', code })
  }

  const abandon = () => {
    const mine = line
    if (!mine) return
    mine.givenUp = true
    line = undefined
    mine.socket?.giveUp()
    if (mine.isOpen) for (const speaker of [...speakers]) speaker.closed(0)
  }

  handle({ type: 'start' })
  return {
    join(speaker) {
      speakers.add(speaker)
      if (line?.isOpen && line.socket) speaker.opened(line.socket.send)
      return () => speakers.delete(speaker)
    },
    move(to) {
      if (to.sync === at.sync) return
      at = to
      handle({ type: 'move' })
    },
    region: () => at.region,
    want: () => handle({ type: 'want' }),
    stop() {
      cancelTimer()
      handle({ type: 'stop' })
      speakers.clear()
    },
  }
}
