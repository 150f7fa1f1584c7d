import { expect, test } from 'vitest'
import type { Call } from './http.ts'
import { createSession } from './session.ts'

const address = { http: 'http://127.0.0.1:1', sync: 'ws://127.0.0.1:1/sync' }
const regions = { frankfurt: address, london: { http: 'http://127.0.0.1:2', sync: 'ws://127.0.0.1:2/sync' } }
const who = { username: 'physician.frankfurt', password: 'meridian' }

function tokenFor(organisation: string): string {
  const payload = btoa(String.fromCharCode(...new TextEncoder().encode(JSON.stringify({ organisation }))))
  return `h.${payload.replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '')}.s`
}

const answer = (n: number) => ({
  token: `${tokenFor('Krankenhaus Süd')}${n}`,
  refreshToken: `r${n}`,
  expiresInSeconds: 900,
  user: {
    id: 'physician.frankfurt',
    name: 'Dr Anna Weber',
    role: 'physician',
    homeGroups: ['frankfurt-general'],
  },
})

/** A session whose region answers from a list, and whose clock and timers are hands. */
function bench(answers: (unknown | 'silent' | number)[]) {
  let now = 1_000_000
  let timers: { at: number; then: () => void }[] = []
  const urls: string[] = []
  const call: Call = async (url, shape) => {
    urls.push(url)
    const next = answers.shift()
    if (next === 'silent' || next === undefined) return { ok: false, problem: 'silent' }
    if (typeof next === 'number')
      return { ok: false, problem: 'refused', status: next, title: '', detail: '' }
    return { ok: true, value: shape.parse(next) }
  }
  const session = createSession({
    call,
    now: () => now,
    after: (ms, then) => {
      const timer = { at: now + ms, then }
      timers.push(timer)
      return () => {
        timers = timers.filter((t) => t !== timer)
      }
    },
  })
  return {
    session,
    urls,
    timers: () => timers.map((t) => t.at - now),
    async pass(ms: number) {
      now += ms
      for (const due of timers.filter((t) => t.at <= now)) {
        timers = timers.filter((t) => t !== due)
        due.then()
      }
      await new Promise((done) => setTimeout(done))
    },
  }
}

test('RE1 signing in keeps the token in memory and takes the organisation from it, for entries must name it', async () => {
  const { session, timers } = bench([answer(1)])
  expect(await session.signIn('frankfurt', regions, who)).toBeUndefined()
  expect(session.current()).toMatchObject({
    state: 'signed-in',
    region: 'frankfurt',
    user: { id: 'physician.frankfurt', organisation: 'Krankenhaus Süd' },
  })
  expect(await session.token()).toBe(answer(1).token)
  expect(timers()).toEqual([600_000])
})

test('RE2 the token is refreshed when a third of its life is left, and before a use after a sleep', async () => {
  const { session, pass, urls } = bench([answer(1), answer(2), answer(3)])
  await session.signIn('frankfurt', regions, who)
  await pass(600_000)
  expect(await session.token()).toBe(answer(2).token)
  expect(urls.at(-1)).toBe('http://127.0.0.1:1/v1/session/refresh')
})

test('RE3 a region that does not answer a refresh does not end the session; one that refuses it does', async () => {
  const { session, pass } = bench([answer(1), 'silent', 401])
  await session.signIn('frankfurt', regions, who)
  await pass(600_000)
  expect(session.current().state).toBe('signed-in')
  expect(await session.token()).toBe(answer(1).token)
  await pass(5_000)
  expect(session.current()).toEqual({ state: 'signed-out', ended: true })
  expect(await session.token()).toBeUndefined()
})

test('RE4 a failed sign-in says why, and leaves nobody signed in', async () => {
  const { session } = bench([401, 'silent'])
  expect(await session.signIn('frankfurt', regions, who)).toMatchObject({ problem: 'refused', status: 401 })
  expect(await session.signIn('frankfurt', regions, who)).toEqual({ problem: 'silent' })
  expect(session.current()).toEqual({ state: 'signed-out', ended: false })
})

test('RE5 a window that moves goes on with the token at hand; only the region that gave it can end the session', async () => {
  const { session, pass, urls } = bench([answer(1), 401, answer(2), 401, 'silent', 401, 401])
  await session.signIn('frankfurt', regions, who)
  session.move('nowhere')
  session.move('london')
  expect(session.current()).toMatchObject({ region: 'london', address: regions.london })
  expect(await session.token()).toBe(answer(1).token)
  await pass(600_000)
  expect(urls.slice(1)).toEqual([
    'http://127.0.0.1:2/v1/session/refresh',
    'http://127.0.0.1:1/v1/session/refresh',
  ])
  expect(await session.token()).toBe(answer(2).token)
  await pass(600_000)
  expect(session.current().state).toBe('signed-in')
  await pass(5_000)
  expect(session.current()).toEqual({ state: 'signed-out', ended: true })
})

test('RE8 who comes in while a call of the one before is under way has a timer of their own', async () => {
  const timers: (() => void)[] = []
  const calls: ((answer: Awaited<ReturnType<Call>>) => void)[] = []
  const session = createSession({
    call: () => new Promise<never>((resolve) => calls.push(resolve as never)),
    now: () => 1_000_000,
    after: (_, then) => {
      timers.push(then)
      return () => undefined
    },
  })
  const user = { ...answer(1).user, organisation: 'Krankenhaus Süd' }
  session.resume({ region: 'frankfurt', regions, user }, 'first')
  timers.at(-1)?.()
  session.signOut()
  session.resume({ region: 'frankfurt', regions, user: { ...user, id: 'nurse.frankfurt' } }, 'second')
  timers.at(-1)?.()
  calls[0]?.({ ok: false, problem: 'silent' })
  await new Promise((done) => setTimeout(done))
  expect(calls).toHaveLength(2)
})

test('RE9 a token that was asked for by one person is never handed to them when it is somebody else’s', async () => {
  const { session, pass } = bench([answer(1), 'silent', answer(2)])
  await session.signIn('frankfurt', regions, who)
  // Asleep until the token has ended.
  void pass(900_000)
  const asked = session.token()
  session.signOut()
  await session.signIn('frankfurt', regions, { ...who, username: 'nurse.frankfurt' })
  expect(await asked).toBeUndefined()
  expect(await session.token()).toBe(answer(2).token)
})
