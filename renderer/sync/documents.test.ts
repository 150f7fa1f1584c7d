import { afterEach, expect, test, vi } from 'vitest'
import type { Copy } from './copies.ts'
import { createDocumentSet } from './documents.ts'

/** A socket of which the test is the other side. */
class FakeSocket {
  static all: FakeSocket[] = []
  static readonly OPEN = 1
  readyState = 0
  onclose: ((event: { code: number; reason: string }) => void) | null = null
  onopen: (() => void) | null = null
  onmessage: (() => void) | null = null
  onerror: (() => void) | null = null
  readonly url: string
  readonly protocols: readonly string[]
  constructor(url: string, protocols: readonly string[]) {
    this.url = url
    this.protocols = protocols
    FakeSocket.all.push(this)
  }
  send() {}
  close() {}
}

const noCopy: Copy = {
  read: async () => undefined,
  confirm: () => undefined,
  drop: async () => undefined,
  close: async () => undefined,
}

afterEach(() => {
  vi.unstubAllGlobals()
  vi.useRealTimers()
})

test('RE24 the token goes to the documents as a sub-protocol, never in an address, and a reconnect has the fresh one', async () => {
  vi.useFakeTimers()
  vi.stubGlobal('WebSocket', FakeSocket)
  let token = 'one'
  const set = createDocumentSet({
    sync: 'ws://127.0.0.1:1/sync',
    token: async () => token,
    copies: { open: () => noCopy },
    now: Date.now,
  })
  set.want(['chart/p1'])
  await vi.advanceTimersByTimeAsync(1)
  token = 'two'
  FakeSocket.all[0]?.onclose?.({ code: 4401, reason: '' })
  await vi.advanceTimersByTimeAsync(5000)
  expect(FakeSocket.all.map(({ protocols }) => protocols)).toEqual([['bearer.one'], ['bearer.two']])
  expect(FakeSocket.all.map(({ url }) => url)).toEqual(Array(2).fill('ws://127.0.0.1:1/sync/chart/p1'))
  set.close()
})
