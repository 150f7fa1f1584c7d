import { encodeFrame } from './wire.ts'

/** Long frames in pieces, so that no message is longer than a network or a reader likes to take at once. */

/** A frame that is longer goes out in pieces of this size, in bytes. */
export const chunkBytes = 256 * 1024

/** The frame as it is if it is short, else as chunks. `frame` is what `encodeFrame` made for this channel. */
export function* inChunks(channel: number, frame: Uint8Array): Generator<Uint8Array> {
  if (frame.length <= chunkBytes) {
    yield frame
    return
  }
  const body = frame.subarray(varUintBytes(channel))
  for (let at = 0; at < body.length; at += chunkBytes) {
    const piece = body.subarray(at, at + chunkBytes)
    yield encodeFrame({ channel, type: 'chunk', last: at + chunkBytes >= body.length, piece })
  }
}

/** Puts the pieces of one connection together again. */
export type Assembler = {
  /**
   * Takes a piece: the whole frame (channel included) with the last one, undefined before that.
   * Throws a RangeError when all that waits exceeds the bound.
   */
  take(channel: number, piece: Uint8Array, last: boolean): Uint8Array | undefined
  /** Nothing more will come on this channel. */
  forget(channel: number): void
}

/** @param mostBytes bound on the pieces of all channels that wait for their last one. */
export function createAssembler(mostBytes: number): Assembler {
  const waiting = new Map<number, { pieces: Uint8Array[]; bytes: number }>()
  let bytes = 0

  function forget(channel: number): void {
    bytes -= waiting.get(channel)?.bytes ?? 0
    waiting.delete(channel)
  }

  return {
    take(channel, piece, last) {
      const known = waiting.get(channel) ?? { pieces: [], bytes: 0 }
      waiting.set(channel, known)
      known.pieces.push(piece.slice())
      // An empty piece costs its place in the list.
      const cost = piece.length + 64
      known.bytes += cost
      bytes += cost
      if (bytes > mostBytes) throw new RangeError('the pieces of frames are too long together')
      if (!last) return undefined
      forget(channel)
      const head = channelBytes(channel)
      const frame = new Uint8Array(head.length + known.pieces.reduce((sum, one) => sum + one.length, 0))
      frame.set(head)
      let at = head.length
      for (const one of known.pieces) {
        frame.set(one, at)
        at += one.length
      }
      return frame
    },
    forget,
  }
}

function channelBytes(channel: number): Uint8Array {
  const bytes: number[] = []
  let rest = channel
  while (rest > 127) {
    bytes.push(128 | (rest % 128))
    rest = Math.floor(rest / 128)
  }
  bytes.push(rest)
  return Uint8Array.from(bytes)
}

function varUintBytes(value: number): number {
  return channelBytes(value).length
}
