import type { Page } from 'playwright'
import { z } from 'zod'

/**
 * What looks on inside the page, from before its first script: when a key was pressed and what it caused was painted, when
 * the vault was open, what a screen showed first, long tasks, bytes that regions sent.
 *
 * *Painted* is the first message after the frame that holds the change. The browser runs without a frame clock here: a frame
 * begins as soon as it is asked for, so that what is measured is work, not waiting for the display.
 */
export const probeScript = `(() => {
  const keys = [], marks = {}, tasks = [], sockets = new Set()
  let pending, received = 0, watched = []
  const painted = (then) => requestAnimationFrame(() => {
    const channel = new MessageChannel()
    channel.port1.onmessage = () => then(performance.now())
    channel.port2.postMessage(0)
  })
  addEventListener('keydown', (event) => { pending = { at: event.timeStamp } }, true)
  addEventListener('input', () => {
    const key = pending
    if (!key) return
    keys.push(key)
    painted((at) => { key.painted = at - key.at })
  }, true)
  addEventListener('click', (event) => { marks.click = event.timeStamp }, true)
  addEventListener('keydown', (event) => { if (event.key === 'Enter') marks.enter = event.timeStamp }, true)
  const look = () => {
    const key = keys.at(-1)
    if (key && performance.now() - key.at < 1000) painted((at) => { key.answered = at - key.at })
    watched = watched.filter(({ name, seen }) => {
      if (!seen()) return true
      painted((at) => { marks[name] = at })
      return false
    })
  }
  addEventListener('DOMContentLoaded', () =>
    new MutationObserver(look).observe(document.body, { childList: true, subtree: true, characterData: true }))
  new PerformanceObserver((list) => { for (const { duration } of list.getEntries()) tasks.push(duration) })
    .observe({ type: 'longtask' })

  const Native = WebSocket
  window.WebSocket = class extends Native {
    constructor(...args) {
      super(...args)
      sockets.add(this)
      this.addEventListener('message', ({ data }) => { received += data.byteLength ?? data.length })
      this.addEventListener('close', () => sockets.delete(this))
    }
  }
  const { get } = IDBObjectStore.prototype
  IDBObjectStore.prototype.get = function (...args) {
    const request = get.apply(this, args)
    if (this.name === 'vault') request.addEventListener('success', () => { marks.vaultRead = performance.now() })
    return request
  }
  const { importKey } = SubtleCrypto.prototype
  SubtleCrypto.prototype.importKey = function (...args) {
    if (args[0] === 'raw' && args[2] === 'AES-GCM') marks.unlocked = performance.now()
    return importKey.apply(this, args)
  }
  window.probe = {
    keys: () => keys.splice(0),
    tasks: () => tasks.splice(0),
    received: () => received,
    marks: () => marks,
    watch: (name, seen) => { delete marks[name]; watched.push({ name, seen }); look() },
    reconnect: () => { for (const socket of sockets) if (socket.protocol === 'meridian.v1') socket.close() },
  }
})()`

const keyShape = z.object({ painted: z.number(), answered: z.number().optional() })

/** Keys since the last time, in ms from the press: until its letter was painted, until the last change it caused was. */
export async function keysOf(page: Page): Promise<z.infer<typeof keyShape>[]> {
  return z
    .array(keyShape)
    .parse(await page.evaluate('probe.keys().filter((key) => key.painted !== undefined)'))
}

/** Long tasks (over 50 ms) since the last time, in ms. */
export async function longTasksOf(page: Page): Promise<number[]> {
  return z.array(z.number()).parse(await page.evaluate('probe.tasks()'))
}

/** Bytes of all WebSockets of this page. */
export async function receivedBy(page: Page): Promise<number> {
  return z.number().parse(await page.evaluate('probe.received()'))
}

/** Breaks the connection over which copies are kept current: the app opens it again and catches up. */
export async function breakConnection(page: Page): Promise<void> {
  await page.evaluate('probe.reconnect()')
}

/** From now on looks for what `seen`, an expression of the page, says; its time is a mark of this name. */
export async function watchFor(page: Page, name: string, seen: string): Promise<void> {
  await page.evaluate(`probe.watch(${JSON.stringify(name)}, () => ${seen})`)
}

/** From one mark to another, in ms. Waits until both have come; `0` is the beginning of the page. */
export async function between(page: Page, from: string, to: string): Promise<number> {
  const taken = `(({ ${from === '0' ? 'zero = 0' : `'${from}': zero`}, '${to}': end }) => end - zero)(probe.marks())`
  // Not `waitForFunction`, whose `eval` the page's content security policy forbids.
  for (
    const giveUpAt = performance.now() + 60_000;
    performance.now() < giveUpAt;
    await page.waitForTimeout(20)
  ) {
    const found = z.number().safeParse(await page.evaluate(taken))
    if (found.success) return found.data
  }
  throw new Error(`${to} has not come within a minute`)
}
