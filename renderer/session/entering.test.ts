import { expect, test, vi } from 'vitest'
import type { OpenReplica, Replica } from '../replica/open-replica.ts'
import { createEntering } from './entering.ts'
import type { Call } from './http.ts'
import { createSession } from './session.ts'

const regions = { nairobi: { http: 'http://127.0.0.1:1', sync: 'ws://127.0.0.1:1/sync' } }
const user = { id: 'nurse.nairobi', name: 'Grace Otieno', role: 'nurse', homeGroups: ['nairobi-general'] }
const who = { username: 'nurse.nairobi', password: 'new' }

/** A region that answers or not, and a device with copies by user, each sealed with a password. */
function scene(copies: Map<string, string> = new Map()) {
  const region = { answers: true, refreshes: [] as string[] }
  const kept = new Map<string, unknown>()
  const closed = vi.fn()
  const call: Call = async (url, shape, options) => {
    if (!region.answers) return { ok: false, problem: 'silent' }
    const refreshed = url.endsWith('refresh')
    if (refreshed) region.refreshes.push(JSON.stringify(options?.body))
    const token = { token: 'h.e.s', refreshToken: refreshed ? 'r2' : 'r1', expiresInSeconds: 900 }
    return { ok: true, value: shape.parse({ ...token, user }) }
  }
  const timers: (() => void)[] = []
  const session = createSession({
    call,
    now: () => 0,
    after: (_, then) => {
      timers.push(then)
      return () => undefined
    },
  })
  const replica = {
    values: {
      put: async (key: string, value: unknown) => {
        kept.set(key, value)
        return { outcome: 'written' }
      },
      get: async (key: string) => kept.get(key),
    },
    close: closed,
  } as unknown as Replica
  const open: OpenReplica = async (name, password, { create, earlier }) => {
    const sealedWith = copies.get(name)
    if (sealedWith === undefined && !create) return { outcome: 'none' }
    if (sealedWith !== undefined && sealedWith !== password && sealedWith !== earlier)
      return { outcome: 'wrong-password' }
    copies.set(name, password)
    return { outcome: 'opened', replica }
  }
  return { region, kept, closed, session, timers, entering: createEntering({ session, open }) }
}

test('DV50 who signs in has a copy on this device, and it keeps who they are for the hour without a region', async () => {
  const { entering, session, kept } = scene()
  expect(await entering.enter('nairobi', regions, who)).toBeUndefined()
  expect(session.current()).toMatchObject({ state: 'signed-in', user: { id: 'nurse.nairobi' } })
  expect(entering.replica()).toBeDefined()
  expect(kept.get('person')).toMatchObject({ user: { name: 'Grace Otieno' }, refreshToken: 'r1' })
})

test('DV51 without a region the device lets in whom it knows, by their password, and nobody else', async () => {
  const { entering, session, region, timers } = scene()
  await entering.enter('nairobi', regions, who)
  session.signOut()
  region.answers = false
  expect(await entering.enter('nairobi', regions, { ...who, password: 'guess' })).toEqual({
    problem: 'offline',
    why: 'wrong-password',
  })
  expect(await entering.enter('nairobi', regions, { ...who, username: 'stranger' })).toEqual({
    problem: 'offline',
    why: 'unknown-here',
  })
  expect(session.current().state).toBe('signed-out')
  expect(await entering.enter('nairobi', regions, who)).toBeUndefined()
  expect(session.current()).toMatchObject({ state: 'signed-in', user: { name: 'Grace Otieno' } })
  expect(await session.token()).toBeUndefined()
  region.answers = true
  timers.at(-1)?.()
  await vi.waitFor(async () => expect(await session.token()).toBe('h.e.s'))
  expect(region.refreshes[0]).toContain('r1')
})

test('DV52 a password that a region accepts and the device does not know asks for the earlier one, and nobody is in until then', async () => {
  const { entering, session } = scene(new Map([['nurse.nairobi', 'old']]))
  expect(await entering.enter('nairobi', regions, who)).toEqual({ problem: 'device', why: 'wrong-password' })
  expect(session.current().state).toBe('signed-out')
  expect(await session.token()).toBeUndefined()
  expect(await entering.enter('nairobi', regions, { ...who, earlier: 'old' })).toBeUndefined()
  expect(session.current().state).toBe('signed-in')
})

test('DV53 signing out closes the copy once the screens have gone', async () => {
  vi.useFakeTimers()
  const { entering, session, closed } = scene()
  await entering.enter('nairobi', regions, who)
  session.signOut()
  expect(entering.replica()).toBeUndefined()
  expect(closed).not.toHaveBeenCalled()
  await vi.advanceTimersByTimeAsync(2000)
  expect(closed).toHaveBeenCalledTimes(1)
  vi.useRealTimers()
})
