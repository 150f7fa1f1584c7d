import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decodeFrame, encodeFrame, type Frame, frameLimits, type RefusalCode } from './wire.ts'

const text = fc.string({ unit: 'grapheme' })
const uint = fc.maxSafeNat()
const codes: RefusalCode[] = ['schema', 'limit', 'forbidden', 'busy', 'read-only', 'indeterminate']
const name = fc.string({ minLength: 1, maxLength: 12 }).filter((one) => one !== '__proto__')
const vector = fc.dictionary(name, uint, { maxKeys: 4, noNullPrototype: true })
const bytes = fc.uint8Array({ maxLength: 40 })
const known = fc.oneof(
  fc.record({ channel: uint, type: fc.constant('open' as const), document: text }),
  fc.record({ channel: uint, type: fc.constant('closed' as const), code: uint, reason: text }),
  fc.record({ channel: uint, type: fc.constant('status' as const), status: text }),
  fc.record({
    channel: uint,
    type: fc.constant('replicated' as const),
    regions: fc.dictionary(name, vector, { maxKeys: 3, noNullPrototype: true }),
  }),
  fc.record({
    channel: uint,
    type: fc.constant('catch-up' as const),
    request: uint,
    proof: text,
    cursor: vector,
    target: vector,
    scope: fc.array(
      fc.record({ document: text, state: fc.constantFrom('held' as const, 'new' as const, 'done' as const) }),
    ),
  }),
  fc.record({
    channel: uint,
    type: fc.constant('target' as const),
    request: uint,
    proof: text,
    target: vector,
  }),
  fc.record({
    channel: uint,
    type: fc.constant('part' as const),
    request: uint,
    document: text,
    last: fc.boolean(),
    update: bytes,
  }),
  fc.record({ channel: uint, type: fc.constant('caught-up' as const), request: uint }),
  fc.record({ channel: uint, type: fc.constant('leaving' as const), retryAfterMs: uint }),
  fc.record({ channel: uint, type: fc.constant('gone' as const), document: text, code: uint, reason: text }),
  fc.record({
    channel: uint,
    type: fc.constant('submit' as const),
    proposals: fc.array(fc.record({ id: text, text })),
  }),
  fc.record({
    channel: uint,
    type: fc.constant('ack' as const),
    acks: fc.array(fc.record({ id: text, origin: text, seq: uint, epoch: uint })),
  }),
  fc.record({
    channel: uint,
    type: fc.constant('refuse' as const),
    refusals: fc.array(
      fc.record({ id: text, code: fc.constantFrom(...codes), detail: text, retry: fc.boolean() }),
    ),
  }),
)

describe('meridian frames', () => {
  it('WI1 what is written is read', () => {
    fc.assert(
      fc.property(known, (frame) => {
        expect(decodeFrame(encodeFrame(frame))).toEqual(frame)
      }),
    )
  })

  it('WI2 10,000 random byte strings are frames or none, and never throw', () => {
    const found = new Set<Frame['type'] | undefined>()
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
        found.add(decodeFrame(bytes)?.type)
      }),
      { numRuns: 10_000 },
    )
    expect(found).toContain('unknown')
    expect(found).toContain(undefined)
  })

  it('WI3 a frame that was cut short, or is followed by more, is none', () => {
    fc.assert(
      fc.property(known, fc.nat(), fc.uint8Array({ minLength: 1, maxLength: 8 }), (frame, cut, more) => {
        const bytes = encodeFrame(frame)
        expect(decodeFrame(bytes.slice(0, cut % bytes.length))).toBeUndefined()
        expect(decodeFrame(Uint8Array.from([...bytes, ...more]))).toBeUndefined()
      }),
    )
  })

  it('WI4 a type that is not known is skipped, whatever its body is', () => {
    expect(decodeFrame(new Uint8Array([5, 99, 1, 2, 3]))).toEqual({ channel: 5, type: 'unknown', number: 99 })
    expect(decodeFrame(new Uint8Array([0, 99]))).toEqual({ channel: 0, type: 'unknown', number: 99 })
  })

  it('WI5 a frame that claims more parts than are allowed is none', () => {
    const proposals = (n: number) => Array.from({ length: n }, () => ({ id: 'a', text: '{}' }))
    const submit = (n: number) => encodeFrame({ channel: 0, type: 'submit', proposals: proposals(n) })
    expect(decodeFrame(submit(frameLimits.proposalsPerSubmit))?.type).toBe('submit')
    expect(decodeFrame(submit(frameLimits.proposalsPerSubmit + 1))).toBeUndefined()
    expect(decodeFrame(new Uint8Array([0, 16, 255, 255, 255, 255, 255, 255, 255, 15]))).toBeUndefined()
    // A channel that no number holds.
    expect(decodeFrame(new Uint8Array([...Array(7).fill(255), 127, 99]))).toBeUndefined()
  })

  it('WI6 text that is no UTF-8 is no frame', () => {
    expect(decodeFrame(new Uint8Array([0, 16, 1, 1, 0xff, 0]))).toBeUndefined()
  })

  it('WI7 flipped bits never throw', () => {
    fc.assert(
      fc.property(known, fc.nat(), fc.nat({ max: 255 }), (frame, at, bits) => {
        const bytes = encodeFrame(frame)
        bytes[at % bytes.length]! ^= bits
        decodeFrame(bytes)
      }),
      { numRuns: 1_000 },
    )
  })
})
