import { expect, test } from 'vitest'
import { decodeFrame, encodeFrame, type Frame, type WritableFrame } from '../../domain/wire/wire.ts'
import { createChannels } from './channels.ts'
import { createConnection, type Dial } from './connection.ts'

/** Regions that the test plays. */
function scene() {
  type Call = Parameters<Dial>[1] & { sync: string; token: string; sent: Frame[]; givenUp: boolean }
  const calls: Call[] = []
  const timers: (() => void)[] = []
  const dial: Dial = ({ sync, token }, hears) => {
    const call: Call = { ...hears, sync, token, sent: [], givenUp: false }
    calls.push(call)
    return {
      send(bytes) {
        const frame = decodeFrame(bytes)
        if (frame) call.sent.push(frame)
      },
      giveUp() {
        call.givenUp = true
      },
    }
  }
  let token = 'one'
  const connection = createConnection({
    at: { region: 'nairobi', sync: 'ws://nairobi/sync' },
    token: async () => token,
    dial,
    random: () => 0,
    monotonic: () => 0,
    after: (_, then) => {
      timers.push(then)
      return () => undefined
    },
  })
  return {
    connection,
    calls,
    /** The last call, once it was made. */
    async called(count: number) {
      while (calls.length < count) {
        timers.at(-1)?.()
        await new Promise((resolve) => setTimeout(resolve))
      }
      const call = calls[count - 1]
      if (!call) throw new Error('no call')
      return { ...call, say: (frame: WritableFrame) => call.message(encodeFrame(frame)) }
    },
    renew: () => {
      token = 'two'
    },
  }
}

/** A socket of a document, with everything that it told. */
function openSocket(channels: ReturnType<typeof createChannels>, document: string) {
  const socket = new (channels.socketOf(document))(`ws:/${document}`)
  const told: string[] = []
  socket.onopen = () => told.push('open')
  socket.onmessage = ({ data }: MessageEvent<ArrayBuffer>) => told.push(`message ${new Uint8Array(data)}`)
  socket.onclose = ({ code }) => told.push(`close ${code}`)
  return { socket, told }
}

test('RE24 the token goes along as a sub-protocol, never in an address, and a reconnect has the fresh one', async () => {
  const { called, renew } = scene()
  const first = await called(1)
  expect(first).toMatchObject({ sync: 'ws://nairobi/sync', token: 'one' })
  renew()
  first.closed(4401)
  expect(await called(2)).toMatchObject({ sync: 'ws://nairobi/sync', token: 'two' })
})

test('SY7 a window that moves speaks with the other region only, and hears no more of the first', async () => {
  const { connection, called, calls } = scene()
  const heard: string[] = []
  connection.join({
    opened: () => heard.push('opened'),
    hear: (frame) => heard.push(frame.type),
    closed: (code) => heard.push(`closed ${code}`),
  })
  const first = await called(1)
  first.opened()
  first.say({ channel: 0, type: 'status', status: '{}' })
  connection.move({ region: 'london', sync: 'ws://london/sync' })
  expect(calls[0]?.givenUp).toBe(true)
  first.say({ channel: 0, type: 'status', status: '{}' })
  const second = await called(2)
  expect(second.sync).toBe('ws://london/sync')
  second.opened()
  expect(heard).toEqual(['opened', 'status', 'closed 0', 'opened'])
})

test('SY8 documents share the connection, each on a channel of its own, and each hears its own messages', async () => {
  const { connection, called, calls } = scene()
  const channels = createChannels(connection)
  const early = openSocket(channels, 'chart/p1')
  const call = await called(1)
  call.opened()
  const late = openSocket(channels, 'note/n1')
  await Promise.resolve()
  early.socket.send(Uint8Array.of(0, 0, 1, 0))
  expect(calls[0]?.sent).toEqual([
    { channel: 1, type: 'open', document: 'chart/p1' },
    { channel: 2, type: 'open', document: 'note/n1' },
    { channel: 1, type: 'message', message: Uint8Array.of(0, 0, 1, 0) },
  ])
  call.say({ channel: 2, type: 'message', message: Uint8Array.of(0, 2, 0) })
  call.say({ channel: 1, type: 'closed', code: 4410, reason: '' })
  late.socket.close()
  expect(calls[0]?.sent.at(-1)).toEqual({ channel: 2, type: 'closed', code: 0, reason: '' })
  expect([early.told, late.told]).toEqual([
    ['open', 'close 4410'],
    ['open', 'message 0,2,0'],
  ])
})

test('SY9 when the connection ends its documents end with it, and what is opened meanwhile waits for the next one', async () => {
  const { connection, called, calls } = scene()
  const channels = createChannels(connection)
  const before = openSocket(channels, 'chart/p1')
  const first = await called(1)
  first.opened()
  first.closed(1006)
  const after = openSocket(channels, 'chart/p1')
  const second = await called(2)
  expect(after.told).toEqual([])
  second.opened()
  expect([before.told, after.told]).toEqual([['open', 'close 1006'], ['open']])
  expect(calls[1]?.sent).toEqual([{ channel: 2, type: 'open', document: 'chart/p1' }])
})
