import { sha256 } from '@noble/hashes/sha2.js'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { base64url } from '../entries/canonical.ts'
import { chunkBytes, createAssembler, inChunks } from './chunks.ts'
import { decodeFrame, encodeFrame } from './wire.ts'

const message = (channel: number, length: number) =>
  encodeFrame({
    channel,
    type: 'message',
    message: Uint8Array.from({ length }, (_, i) => (i === 0 ? 0 : i % 251)),
  })

/** Long arrays are compared by their hashes: a difference of a million bytes is no use to anybody. */
const hashesOf = (frames: Uint8Array[]) => frames.map((frame) => base64url(sha256(frame)))

function assembled(frames: Iterable<Uint8Array>, assembler = createAssembler(Number.POSITIVE_INFINITY)) {
  const whole: Uint8Array[] = []
  for (const bytes of frames) {
    const frame = decodeFrame(bytes)
    if (frame?.type === 'chunk') {
      const made = assembler.take(frame.channel, frame.piece, frame.last)
      if (made) whole.push(made)
    } else whole.push(bytes)
  }
  return whole
}

test('WI10 a long frame goes out in pieces of bounded length, and is the same when it is put together', () => {
  fc.assert(
    fc.property(fc.nat(2 ** 40), fc.integer({ min: 1, max: 3 * chunkBytes }), (channel, length) => {
      const frame = message(channel, length)
      const parts = [...inChunks(channel, frame)]
      expect(Math.max(...parts.map((part) => part.length))).toBeLessThanOrEqual(chunkBytes + 16)
      expect(hashesOf(assembled(parts))).toEqual(hashesOf([frame]))
    }),
    { numRuns: 40 },
  )
})

test('WI11 pieces of several channels may come in between each other', () => {
  const [a, b] = [message(1, 2 * chunkBytes), message(9, 2 * chunkBytes + 5)]
  const [ofA, ofB] = [[...inChunks(1, a)], [...inChunks(9, b)]]
  const mixed = ofB.flatMap((part, at) => [...ofA.slice(at, at + 1), part])
  expect(hashesOf(assembled(mixed))).toEqual(hashesOf([a, b]))
})

test('WI12 what waits for its last piece is bounded over all channels, empty pieces too', () => {
  const assembler = createAssembler(10_000)
  assembler.take(1, new Uint8Array(6000), false)
  expect(() => assembler.take(2, new Uint8Array(6000), false)).toThrow(RangeError)
  const empty = createAssembler(10_000)
  expect(() => {
    for (let i = 0; i < 1000; i++) empty.take(1, new Uint8Array(0), false)
  }).toThrow(RangeError)
  const forgetting = createAssembler(10_000)
  for (let i = 0; i < 20; i++) {
    forgetting.take(i, new Uint8Array(6000), false)
    forgetting.forget(i)
  }
})
