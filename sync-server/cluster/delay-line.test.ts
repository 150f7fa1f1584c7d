import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type Cargo, createDelayLine } from './delay-line.ts'
import { createLink, openLink } from './link.ts'

const bytes = (text: string): Cargo => ({ kind: 'bytes', bytes: Buffer.from(text) })
const arrives = (text: string) => ({ arrives: bytes(text) })

test('CL11 an open link hands over at once, in order', () => {
  const line = createDelayLine(createLink(), () => 0)
  line.put({ kind: 'open' }, 0)
  line.put(bytes('a'), 0)
  line.put({ kind: 'end' }, 0)
  expect([line.take(0), line.take(0), line.take(0), line.take(0)]).toEqual([
    { arrives: { kind: 'open' } },
    arrives('a'),
    { arrives: { kind: 'end' } },
    'nothing',
  ])
})

test('CL12 latency holds for what is on the way already, when it is raised and when it is lowered', () => {
  const link = createLink()
  const line = createDelayLine(link, () => 0)
  line.put(bytes('a'), 0)
  link.set({ ...openLink, latencyMs: 300 })
  expect(line.take(100)).toEqual({ waitMs: 200 })
  link.set({ ...openLink, latencyMs: 50 })
  expect(line.take(100)).toEqual(arrives('a'))
})

test('CL12 jitter is symmetric around the latency and keeps the order', () => {
  const link = createLink()
  const luck = [1, -1]
  const line = createDelayLine(link, () => luck.shift() ?? 0)
  link.set({ ...openLink, latencyMs: 100, jitterMs: 40 })
  line.put(bytes('late'), 0)
  line.put(bytes('early'), 0)
  expect(line.take(60)).toEqual({ waitMs: 80 })
  expect([line.take(140), line.take(140)]).toEqual([arrives('late'), arrives('early')])
})

test('CL13 a blackhole hands over nothing, and what was sent arrives after it', () => {
  const link = createLink()
  const line = createDelayLine(link, () => 0)
  link.set({ ...openLink, state: 'blackhole' })
  line.put(bytes('a'), 0)
  line.put({ kind: 'reset' }, 1)
  expect(line.take(1e9)).toBe('nothing')
  link.set(openLink)
  expect([line.take(1e9), line.take(1e9)]).toEqual([arrives('a'), { arrives: { kind: 'reset' } }])
})

test('CL14 bandwidth is shared by the lines of a link', () => {
  const link = createLink()
  link.set({ ...openLink, bandwidthKBps: 100 })
  const lines = [createDelayLine(link, () => 0), createDelayLine(link, () => 0)]
  for (const line of lines) line.put({ kind: 'bytes', bytes: Buffer.alloc(10_000) }, 0)
  let now = 0
  let arrived = 0
  while (arrived < 20_000) {
    for (const line of lines) {
      const next = line.take(now)
      if (typeof next === 'object' && 'arrives' in next && next.arrives.kind === 'bytes')
        arrived += next.arrives.bytes.length
    }
    now += 1
  }
  // 20,000 bytes at 100 bytes a millisecond, the last slice of 20 ms handed over at its beginning.
  expect(now).toBeGreaterThan(175)
  expect(now).toBeLessThan(220)
})

test('CL11 whatever a link does, the bytes arrive complete and in order', () => {
  const change = fc.record({
    state: fc.constantFrom('open' as const, 'blackhole' as const),
    latencyMs: fc.nat(100),
    jitterMs: fc.nat(100),
    bandwidthKBps: fc.constantFrom(0, 1, 50),
  })
  const step = fc.oneof(fc.string({ minLength: 1, maxLength: 600 }), change)
  fc.assert(
    fc.property(
      fc.array(step, { maxLength: 40 }),
      fc.infiniteStream(fc.double({ min: -1, max: 1, noNaN: true })),
      (steps, lucks) => {
        const link = createLink()
        const line = createDelayLine(link, () => lucks.next().value as number)
        let [now, sent, got] = [0, '', '']
        const drain = () => {
          for (
            let next = line.take(now);
            typeof next === 'object' && 'arrives' in next;
            next = line.take(now)
          )
            if (next.arrives.kind === 'bytes') got += next.arrives.bytes.toString('latin1')
        }
        for (const step of steps) {
          if (typeof step === 'string') {
            const text = Buffer.from(step).toString('latin1')
            sent += text
            line.put({ kind: 'bytes', bytes: Buffer.from(text, 'latin1') }, now)
          } else link.set(step)
          now += 7
          drain()
          expect(sent.startsWith(got)).toBe(true)
        }
        link.set(openLink)
        now += 1000
        drain()
        expect(got).toBe(sent)
        expect(line.queuedBytes()).toBe(0)
      },
    ),
  )
})
