import { connect, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { type SampleRegion, startSampleRegion } from '../../sync-server/gateway/sample-region.ts'
import { createDrafts } from '../../sync-server/store/sample-drafts.ts'

/** Connections that are slow, large, silent, deaf or half closed: each costs little, and ends. */

let region: SampleRegion
let token = ''
const open: { destroy(): void }[] = []
beforeAll(async () => {
  region = await startSampleRegion({
    limits: { head: 300, request: 600, check: 50, silence: 400, connections: 60 },
    gateway: { stubborn: { strikes: 2, windowMs: 60_000, refuseMs: 60_000 } },
  })
  token = await region.tokenOf()
})
afterEach(async () => {
  for (const one of open.splice(0)) one.destroy()
  await isServed()
})
afterAll(() => region.close())

/** After every attack, and meanwhile, others are served. */
async function isServed(): Promise<void> {
  const { patient } = createDrafts('frankfurt-general', region.authorOf()).newPatient()
  const answer = await region.postJson('/v1/entries', { entries: [patient.entry] })
  expect(answer.status).toBe(200)
  expect(await answer.json()).toMatchObject({ committed: [{ id: patient.id }] })
}

/** A connection of which nothing is done that it is not told to do: it does not even close when the other side does. */
async function raw() {
  const { port, hostname } = new URL(region.http)
  const socket: Socket = connect({ port: Number(port), host: hostname, allowHalfOpen: true })
  open.push(socket)
  const heard: Buffer[] = []
  let ended = false
  let closed = false
  socket.on('data', (data) => heard.push(data))
  socket.on('end', () => {
    ended = true
  })
  socket.on('close', () => {
    closed = true
  })
  socket.on('error', () => undefined)
  await new Promise((resolve) => socket.once('connect', resolve))
  return {
    socket,
    say: (text: string) => socket.write(text, 'latin1'),
    text: () => Buffer.concat(heard).toString('latin1'),
    /** The region has said that it will send no more. */
    isEnded: () => ended || closed,
    /** The region has let go of it: what is sent now is thrown back. */
    async isLetGo(): Promise<boolean> {
      for (let looks = 0; looks < 200 && !closed; looks++) {
        socket.write('x')
        await sleep(10)
      }
      return closed
    },
  }
}

async function until(condition: () => boolean, patienceMs = 5000): Promise<boolean> {
  for (const end = performance.now() + patienceMs; performance.now() < end && !condition(); ) await sleep(10)
  return condition()
}

const upgrade = (path: string, more = '') =>
  `GET /sync/${path} HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n${more}\r\n`

describe('HTTP connections', { timeout: 30_000 }, () => {
  test('HO50 who sends nothing, or the head byte by byte, is ended with 408', async () => {
    const silent = await raw()
    const slow = await raw()
    const half = await raw()
    half.say(upgrade('note/slow').slice(0, -2))
    const drip = setInterval(() => slow.say('G'), 20)
    slow.say('GET /health HTTP/1.1\r\nhost: x\r\nx: ')
    expect(await until(() => slow.isEnded() && silent.isEnded() && half.isEnded())).toBe(true)
    clearInterval(drip)
    for (const one of [slow, half]) expect(one.text()).toMatch(/^HTTP\/1\.1 408 /)
    for (const one of [silent, slow, half]) expect(await one.isLetGo()).toBe(true)
  })

  test('HO51 who sends a body byte by byte is ended with 408, and nothing of it is stored', async () => {
    const { flushed } = await region.store.vectors()
    const slow = await raw()
    slow.say(
      `POST /v1/entries HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${token}\r\ncontent-type: application/json\r\ncontent-length: 5000\r\n\r\n`,
    )
    const drip = setInterval(() => slow.say(' '), 20)
    await isServed()
    expect(await until(slow.isEnded)).toBe(true)
    clearInterval(drip)
    expect(slow.text()).toMatch(/^HTTP\/1\.1 408 /)
    expect(await slow.isLetGo()).toBe(true)
    expect((await region.store.vectors()).flushed).toEqual({ 'frankfurt.1': flushed['frankfurt.1']! + 1 })
  })

  test('HO52 a head above 32 KiB is refused with 431, bytes that are no HTTP with 400, and let go of', async () => {
    for (const [status, head] of [
      [431, `GET /health HTTP/1.1\r\nhost: x\r\nx: ${'y'.repeat(33 * 1024)}\r\n\r\n`],
      [431, `GET /${'y'.repeat(33 * 1024)} HTTP/1.1\r\nhost: x\r\n\r\n`],
      [431, upgrade('note/x', `x: ${'y'.repeat(33 * 1024)}\r\n`)],
      [431, `GET /health HTTP/1.1\r\nhost: x\r\n${'a: b\r\n'.repeat(8000)}\r\n`],
      [400, 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
      [400, '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03'],
      [
        400,
        'POST /v1/session HTTP/1.1\r\nhost: x\r\ncontent-length: 3\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n',
      ],
    ] as const) {
      const one = await raw()
      one.say(head)
      expect(await until(one.isEnded)).toBe(true)
      expect(one.text()).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `))
      expect(await one.isLetGo()).toBe(true)
    }
  })

  test('HO53 half-closed connections are answered and let go of, refused upgrades too', async () => {
    const asked = await raw()
    asked.socket.end('GET /health HTTP/1.1\r\nhost: x\r\n\r\n')
    expect(await until(asked.isEnded)).toBe(true)
    expect(asked.text()).toMatch(/^HTTP\/1\.1 200 /)
    const upgraded = await raw()
    upgraded.socket.end(upgrade(`note/x?token=${token}`))
    expect(await until(upgraded.isEnded)).toBe(true)
    for (const [status, path] of [
      [401, 'note/x'],
      [404, `chart/nobody?token=${token}`],
      [400, `letters/x?token=${token}`],
    ] as const) {
      const refused = await raw()
      refused.say(upgrade(path))
      expect(await until(refused.isEnded)).toBe(true)
      expect(refused.text()).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `))
      expect([path, await refused.isLetGo()]).toEqual([path, true])
    }
    expect(await until(() => region.gateway.connections() === 0)).toBe(true)
  })

  test('HO54 more connections than the bound are closed at once, those that are open go on', async () => {
    const { patient } = createDrafts('frankfurt-general', region.authorOf()).newPatient()
    const early = await raw()
    const many = await Promise.all(Array.from({ length: 80 }, () => raw()))
    await until(() => many.filter((one) => one.isEnded()).length >= 21)
    expect(many.filter((one) => one.isEnded()).length).toBeGreaterThanOrEqual(21)
    const body = JSON.stringify({ entries: [patient.entry] })
    early.say(
      `POST /v1/entries HTTP/1.1\r\nhost: x\r\nconnection: close\r\nauthorization: Bearer ${token}\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
    )
    expect(await until(early.isEnded)).toBe(true)
    expect(early.text()).toContain(patient.id)
    for (const one of many) one.socket.destroy()
  })

  test('HO55 who asks for much and never takes the answer is ended', async () => {
    const chart = createDrafts('frankfurt-general', region.authorOf()).newPatient()
    const { entry } = chart.allergy()
    const aspects = { ...entry.aspects, code: { code: { text: 'x'.repeat(60_000) } } }
    const many = 300
    await region.store.entries.commit([
      chart.patient,
      ...Array.from({ length: many }, () => chart.allergy({ aspects })),
    ])
    const deaf = await raw()
    deaf.socket.pause()
    deaf.say(
      `GET /fhir/R4/Patient/${chart.id}/$everything HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${token}\r\n\r\n`,
    )
    const answered = async () =>
      (await (await region.request('/metrics', { as: null })).text()).includes(
        'route="/fhir/R4/Patient/:id/:operation"',
      )
    while (!(await answered())) await sleep(50)
    // Three times the bound: while something is being written, Node looks twice.
    await sleep(1300)
    await isServed()
    deaf.socket.resume()
    expect(await until(deaf.isEnded)).toBe(true)
    expect(deaf.text()).toMatch(/^HTTP\/1\.1 200 /)
    expect(deaf.text().length).toBeLessThan(many * 60_000)
  })
})

describe('WebSockets', { timeout: 30_000 }, () => {
  /** A WebSocket whose frames are written by hand. `frame` masks, as clients must, with zeros. */
  async function wire(path: string, more = '') {
    const line = await raw()
    line.say(upgrade(path.includes('?') ? path : `${path}?token=${token}`, more))
    expect(await until(() => line.text().includes('\r\n\r\n'))).toBe(true)
    const head = line.text()
    return {
      ...line,
      head,
      /** The code of the close frame that came, if one did. */
      closedWith(): number | undefined {
        const frames = Buffer.from(line.text().slice(head.indexOf('\r\n\r\n') + 4), 'latin1')
        for (let at = 0; at + 2 <= frames.length; ) {
          const length = frames[at + 1]! & 0x7f
          const size = length === 126 ? frames.readUInt16BE(at + 2) : length
          const start = at + (length === 126 ? 4 : 2)
          if (length === 127) return undefined
          if ((frames[at]! & 0x0f) === 8) return frames.readUInt16BE(start)
          at = start + size
        }
        return undefined
      },
    }
  }

  function frame(first: number, payload: Uint8Array, masked = true): string {
    const length =
      payload.length < 126
        ? [payload.length]
        : payload.length < 65_536
          ? [126, payload.length >> 8, payload.length & 255]
          : [
              127,
              0,
              0,
              0,
              0,
              payload.length >>> 24,
              (payload.length >> 16) & 255,
              (payload.length >> 8) & 255,
              payload.length & 255,
            ]
    length[0]! |= masked ? 0x80 : 0
    return Buffer.concat([
      Uint8Array.of(first, ...length, ...(masked ? [0, 0, 0, 0] : [])),
      payload,
    ]).toString('latin1')
  }

  let documents = 0
  /** Who is closed for good twice is refused: every attack has a document of its own. */
  const document = () => {
    documents += 1
    return `note/attack-${documents}`
  }

  test('HO60 frames that break the rules of WebSockets close with 4400, too large ones with 4413', async () => {
    const none = new Uint8Array(0)
    for (const [what, code, frames] of [
      ['not masked', 4400, [frame(0x82, Uint8Array.of(3), false)]],
      ['a reserved bit', 4400, [frame(0xa2, Uint8Array.of(3))]],
      ['compressed', 4400, [frame(0xc2, Uint8Array.of(3))]],
      ['a reserved opcode', 4400, [frame(0x83, none)]],
      ['a continuation of nothing', 4400, [frame(0x80, none)]],
      ['a message within a message', 4400, [frame(0x02, none), frame(0x82, none)]],
      ['a ping in parts', 4400, [frame(0x09, none)]],
      ['a long ping', 4400, [frame(0x89, new Uint8Array(126))]],
      ['text that is no UTF-8', 4400, [frame(0x81, Uint8Array.of(0xff, 0xfe))]],
      ['text', 4400, [frame(0x81, Buffer.from('hello'))]],
      ['a promise of 2^40 bytes', 4413, ['\x82\xff\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00']],
      ['one byte above the limit', 4413, [frame(0x82, new Uint8Array(1024 * 1024 + 1))]],
    ] as const) {
      const line = await wire(document())
      for (const bytes of frames) line.say(bytes)
      expect([what, await until(() => line.closedWith() !== undefined)]).toEqual([what, true])
      expect([what, line.closedWith()]).toEqual([what, code])
    }
  })

  test('HO61 a message in parts that never ends is ended: by its bytes, or by the number of its parts', async () => {
    const large = await wire(document())
    large.say(frame(0x02, new Uint8Array(1000)))
    for (let parts = 0; parts < 1100; parts++) large.say(frame(0x00, new Uint8Array(1000)))
    expect(await until(() => large.closedWith() !== undefined)).toBe(true)
    expect(large.closedWith()).toBe(4413)
    for (const size of [0, 1]) {
      const many = await wire(document())
      many.say(frame(0x02, new Uint8Array(size)))
      many.say(frame(0x00, new Uint8Array(size)).repeat(20_000))
      expect([size, await until(() => many.closedWith() !== undefined)]).toEqual([size, true])
      expect([size, many.closedWith()]).toEqual([size, 4413])
    }
  })

  test('HO62 compression is not agreed to, so that nothing unfolds', async () => {
    const { head } = await wire(
      document(),
      'sec-websocket-extensions: permessage-deflate; client_max_window_bits\r\n',
    )
    expect(head).toMatch(/^HTTP\/1\.1 101 /)
    expect(head.toLowerCase()).not.toContain('sec-websocket-extensions')
  })

  test('HO63 who pings without end and never reads is cut off', async () => {
    const deaf = await wire(document())
    deaf.socket.pause()
    const pings = frame(0x89, new Uint8Array(125)).repeat(2000)
    let sent = 0
    // Until what lies in the sockets on the way is full: megabytes.
    for (; sent < 2000 && region.gateway.connections() > 0; sent++) {
      if (!deaf.say(pings))
        await Promise.race([sleep(20), new Promise((resolve) => deaf.socket.once('drain', resolve))])
    }
    expect(await until(() => region.gateway.connections() === 0)).toBe(true)
    expect(sent).toBeLessThan(2000)
  })

  test('HO64 who closes with a code of its own is no offender, whatever the code says', async () => {
    const own = document()
    for (let times = 0; times < 4; times++) {
      const line = await wire(own)
      line.say(frame(0x88, Uint8Array.of(1009 >> 8, 1009 & 255)))
      expect(await until(line.isEnded)).toBe(true)
      expect(line.head).toMatch(/^HTTP\/1\.1 101 /)
      line.socket.destroy()
    }
    for (let times = 0; times < 2; times++) {
      const line = await wire(own)
      line.say(frame(0xa2, Uint8Array.of(3)))
      expect(await until(() => line.closedWith() === 4400)).toBe(true)
      line.socket.destroy()
    }
    expect(await until(() => region.gateway.connections() === 0)).toBe(true)
    const refused = await wire(own)
    expect(refused.head).toMatch(/^HTTP\/1\.1 403 /)
  })

  test('HO65 who breaks off an upgrade, or floods with upgrades, leaves nothing', async () => {
    for (let times = 0; times < 40; times++) {
      const line = await raw()
      line.say(upgrade(`${document()}?token=${token}`).slice(0, times % 2 === 0 ? undefined : -4))
      line.socket.destroy()
    }
    expect(await until(() => region.gateway.connections() === 0)).toBe(true)
  })
})
