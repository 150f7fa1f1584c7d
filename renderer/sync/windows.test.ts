import { expect, test, vi } from 'vitest'
import { type News, type Windows, windowsOfProfile } from './windows.ts'

/** Locks as a browser has them, of one name after the other. */
function browserLocks(): Pick<LockManager, 'request'> {
  const tails = new Map<string, Promise<unknown>>()
  const request = async (name: string, ...rest: unknown[]) => {
    const work = rest.at(-1) as () => Promise<unknown>
    const { signal } = (rest.length > 1 ? rest[0] : {}) as { signal?: AbortSignal }
    const before = tails.get(name) ?? Promise.resolve()
    const mine = before.then(() => {
      signal?.throwIfAborted()
      return work()
    })
    tails.set(
      name,
      mine.catch(() => undefined),
    )
    return mine
  }
  return { request: request as LockManager['request'] }
}

function profile() {
  const locks = browserLocks()
  return (): Windows => windowsOfProfile({ name: 'p', channel: new BroadcastChannel('sy30'), locks })
}

test('SY30 one window leads; when it closes the next one does, and one that closes while it waits never does', async () => {
  const open = profile()
  const [a, b, c] = [open(), open(), open()]
  const told: string[] = []
  for (const [name, window] of Object.entries({ a, b, c }))
    window.lead(() => {
      told.push(`${name} leads`)
      return () => told.push(`${name} ends`)
    })
  await vi.waitFor(() => expect(told).toEqual(['a leads']))
  b.close()
  a.close()
  await vi.waitFor(() => expect(told).toEqual(['a leads', 'a ends', 'c leads']))
  c.close()
})

test('SY31 a window hears the others, not itself, and nothing that is no news', async () => {
  const open = profile()
  const [a, b] = [open(), open()]
  const heard: News[] = []
  a.onTold((news) => heard.push(news))
  b.onTold((news) => heard.push(news))
  const stranger = new BroadcastChannel('sy30')
  stranger.postMessage({ type: 'of a later version' })
  stranger.postMessage('noise')
  a.tell({ type: 'dismissed', ids: ['x'] })
  await vi.waitFor(() => expect(heard).toEqual([{ type: 'dismissed', ids: ['x'] }]))
  for (const one of [a, b, stranger]) one.close()
})

test('SY32 without locks a window leads at once and goes on alone', async () => {
  const alone = windowsOfProfile({ name: 'p', channel: new BroadcastChannel('sy32'), locks: undefined })
  const begin = vi.fn(() => () => undefined)
  alone.lead(begin)
  expect(begin).toHaveBeenCalledOnce()
  expect(await alone.exclusively('cursor', async () => 3)).toBe(3)
  alone.close()
})
