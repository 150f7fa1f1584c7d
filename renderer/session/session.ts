import { z } from 'zod'
import { organisationIn } from './claims.ts'
import type { Call, CallProblem } from './http.ts'
import type { RegionAddress } from './regions.ts'

/**
 * Who works in this window, and the token that says so. The token lives in memory only. It is refreshed when a third of
 * its life is left, and before any use of one about to end. Who unlocked this device while no region answered works
 * without one until the refresh succeeds.
 *
 * Invariants
 * 1. While signed in there is exactly one timer for the next refresh.
 * 2. A region that does not answer never ends a session; a region that refuses the refresh does.
 * 3. An answer that arrives after signing out changes nothing.
 * 4. A region that this window has moved to may not know the account: that ends nothing as long as the region that gave
 *    the token has not said so too.
 */
export type User = {
  id: string
  name: string
  role: string
  organisation: string
  homeGroups: string[]
}

export type SignedIn = {
  state: 'signed-in'
  /** The region that this window works with now. */
  region: string
  address: RegionAddress
  /** Where to go from there. */
  regions: { [region: string]: RegionAddress }
  user: User
}
export type SessionState = { state: 'signed-out'; ended: boolean } | SignedIn

export type SignInProblem = CallProblem

export type Session = {
  current(): SessionState
  onChange(listener: () => void): () => void
  /**
   * Signs in at one of the regions. Resolves to undefined, or to what went wrong; `prepare` is what must succeed before anybody
   * is signed in, and its answer says what did not.
   */
  signIn<P = never>(
    region: string,
    regions: SignedIn['regions'],
    who: Credentials,
    prepare?: (user: User) => Promise<P | undefined>,
  ): Promise<SignInProblem | P | undefined>
  /** Goes on as somebody whom this device knows, until a region can be asked. */
  resume(who: Omit<SignedIn, 'state' | 'address'>, refreshToken: string): void
  /** Goes on with another region, with the token at hand. One that is not known changes nothing. */
  move(region: string): void
  /** Hears of every refresh token, which is worth as much as a password for a day. */
  onRefreshToken(listener: (token: string) => void): () => void
  signOut(): void
  /** A token that is good for at least 30 s, refreshed first if need be; undefined if there is none to be had now. */
  token(): Promise<string | undefined>
}
export type Credentials = { username: string; password: string }

export type SessionDeps = {
  call: Call
  /** Milliseconds since 1970. */
  now: () => number
  /** Calls back once after so many ms; the answer takes it back. */
  after: (ms: number, then: () => void) => () => void
}

const answerShape = z.object({
  token: z.string().min(1),
  refreshToken: z.string().min(1),
  expiresInSeconds: z.number().positive(),
  user: z.object({
    id: z.string().min(1),
    name: z.string().min(1),
    role: z.string().min(1),
    homeGroups: z.array(z.string()).default([]),
  }),
})
type SessionAnswer = z.infer<typeof answerShape>
type Tokens = { token: string; refreshToken: string; expiresAt: number; issuer: RegionAddress }

const marginMs = 30_000
const retryMs = 5_000

export function createSession(deps: SessionDeps): Session {
  let state: SessionState = { state: 'signed-out', ended: false }
  let tokens: Tokens | undefined
  let cancelTimer = () => {}
  let refreshing: Promise<void> | undefined
  const listeners = new Set<() => void>()
  const keepers = new Set<(token: string) => void>()

  const become = (next: SessionState) => {
    state = next
    for (const listener of listeners) listener()
  }

  const keep = (answer: SessionAnswer, issuer: RegionAddress) => {
    const life = answer.expiresInSeconds * 1000
    const { token, refreshToken } = answer
    tokens = { token, refreshToken, expiresAt: deps.now() + life, issuer }
    schedule((life * 2) / 3)
    for (const keeper of keepers) keeper(answer.refreshToken)
  }

  const schedule = (ms: number) => {
    cancelTimer()
    cancelTimer = deps.after(ms, () => void refresh())
  }

  const end = (ended: boolean) => {
    cancelTimer()
    tokens = undefined
    refreshing = undefined
    become({ state: 'signed-out', ended })
  }

  const refresh = (): Promise<void> => {
    if (refreshing) return refreshing
    const mine = refreshOnce().finally(() => {
      if (refreshing === mine) refreshing = undefined
    })
    refreshing = mine
    return mine
  }

  const refreshOnce = async () => {
    const mine = tokens
    if (!mine || state.state !== 'signed-in') return
    const here = state.address
    const answer = await refreshAt(here, mine)
    if (tokens !== mine) return
    if (answer.ok) return keep(answer.value, here)
    if (!isNo(answer)) return schedule(retryMs)
    if (mine.issuer.http === here.http) return end(true)
    const issuers = await refreshAt(mine.issuer, mine)
    if (tokens !== mine) return
    if (issuers.ok) keep(issuers.value, mine.issuer)
    else if (isNo(issuers)) end(true)
    else schedule(retryMs)
  }

  const refreshAt = ({ http }: RegionAddress, { refreshToken }: Tokens) =>
    deps.call(`${http}/v1/session/refresh`, answerShape, { method: 'POST', body: { refreshToken } })

  return {
    current: () => state,
    onChange(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    async signIn(region, regions, who, prepare) {
      const address = regions[region]
      if (!address) return { problem: 'silent' }
      const answer = await deps.call(`${address.http}/v1/session`, answerShape, { method: 'POST', body: who })
      if (!answer.ok) return problemOf(answer)
      const user = { ...answer.value.user, organisation: organisationIn(answer.value.token) ?? region }
      const unprepared = await prepare?.(user)
      if (unprepared !== undefined) return unprepared
      become({ state: 'signed-in', region, address, regions, user })
      keep(answer.value, address)
      return undefined
    },
    resume(who, refreshToken) {
      const address = who.regions[who.region]
      if (!address) return
      tokens = { token: '', refreshToken, expiresAt: 0, issuer: address }
      become({ state: 'signed-in', ...who, address })
      schedule(0)
    },
    move(region) {
      const address = state.state === 'signed-in' ? state.regions[region] : undefined
      if (state.state !== 'signed-in' || !address || region === state.region) return
      become({ ...state, region, address })
    },
    onRefreshToken(listener) {
      keepers.add(listener)
      return () => keepers.delete(listener)
    },
    signOut: () => end(false),
    async token() {
      const asker = state
      if (tokens && tokens.expiresAt - deps.now() < marginMs) await refresh()
      // Somebody else may have signed in meanwhile: their token is not for who asked.
      if (userIn(state) !== userIn(asker)) return undefined
      return tokens && tokens.expiresAt > deps.now() ? tokens.token : undefined
    },
  }
}

/** The same object for as long as somebody is signed in, through every move to another region. */
function userIn(state: SessionState): User | undefined {
  return state.state === 'signed-in' ? state.user : undefined
}

function isNo(answer: { ok: false } & CallProblem): boolean {
  return answer.problem === 'refused' && (answer.status === 401 || answer.status === 403)
}

function problemOf(answer: { ok: false } & CallProblem): CallProblem {
  const { ok: _, ...problem } = answer
  return problem
}
