import { closeCodes } from '../../domain/wire/wire.ts'
import { fullJitter } from './backoff.ts'

/**
 * The life of the one connection to the region that this window works with. Sans I/O: events come in with the time at
 * which they came (ms of any clock that does not jump), actions go out. Events only change the state; `evaluate` alone
 * decides what to do.
 *
 * Invariants
 * 1. There is at most one socket and at most one timer.
 * 2. A socket from which nothing is heard is given up: a link that swallows everything never says so.
 * 3. A close code that forbids another try (44xx, except an expired token) ends the attempts until somebody has something
 *    new to say, or another region is to be called.
 * 4. A region that says that it is leaving says when to come back; that is obeyed once, so that not all come at once. One
 *    that says so again and again is called no sooner than one that closes without a word.
 */
export type ConnectionEvent =
  | { type: 'start' }
  /** From now on another region, at once. */
  | { type: 'move' }
  /** Somebody has something new to say. */
  | { type: 'want' }
  | { type: 'opened' }
  | { type: 'heard' }
  /** The region will close, and wants to be called again after so many ms. */
  | { type: 'leaving'; retryAfterMs: number }
  | { type: 'closed'; code: number }
  | { type: 'timer' }
  | { type: 'stop' }

export type ConnectionAction =
  | { do: 'connect' }
  /** Give the socket up. What it still says is not heard any more. */
  | { do: 'abandon' }
  /** Takes the place of an earlier timer. */
  | { do: 'wake'; afterMs: number }

export type ConnectionCore = {
  on(event: ConnectionEvent, now: number): ConnectionAction[]
}

/** A region that stays silent for longer has gone: it says something every few seconds. In ms. */
const silenceMs = 15_000
/** A connection that lasted so long was a good one, in ms. */
const steadyMs = 5_000
/** So long may opening a socket take, in ms. */
const openingMs = 10_000
/** A region does not send a device away for longer, whatever it says. */
const longestReturnMs = 60_000

type State =
  | { at: 'off' }
  /** Waits for the time to call. */
  | { at: 'waiting'; until: number }
  | { at: 'connecting'; since: number }
  | { at: 'open'; since: number; heard: number }
  /** Told never to come again. */
  | { at: 'barred' }

export function createConnectionCore(deps: { random: () => number }): ConnectionCore {
  let state: State = { at: 'off' }
  let attempt = 0
  let returnAfterMs: number | undefined

  const hasSocket = () => state.at === 'connecting' || state.at === 'open'

  /** Answers with what the change itself asks for. */
  const change = (event: ConnectionEvent, now: number): ConnectionAction[] => {
    switch (event.type) {
      case 'start':
        if (state.at === 'off') state = { at: 'waiting', until: now }
        return []
      case 'move': {
        if (state.at === 'off') return []
        const left = hasSocket()
        attempt = 0
        returnAfterMs = undefined
        state = { at: 'waiting', until: now }
        return left ? [{ do: 'abandon' }] : []
      }
      case 'want':
        if (state.at !== 'barred') return []
        attempt = 0
        state = { at: 'waiting', until: now }
        return []
      case 'opened':
        if (state.at === 'connecting') state = { at: 'open', since: now, heard: now }
        return []
      case 'heard':
        if (state.at !== 'open') return []
        // One that greets and closes at once is not called in haste for that.
        if (now - state.since >= steadyMs) attempt = 0
        state = { ...state, heard: now }
        return []
      case 'leaving':
        returnAfterMs = Math.min(event.retryAfterMs, longestReturnMs)
        return []
      case 'closed':
        if (hasSocket()) state = neverAgain(event.code) ? { at: 'barred' } : callLater(now)
        return []
      case 'timer':
        if (!isSilent(now)) return []
        state = callLater(now)
        return [{ do: 'abandon' }]
      case 'stop': {
        const left = hasSocket()
        state = { at: 'off' }
        return left ? [{ do: 'abandon' }] : []
      }
    }
  }

  const callLater = (now: number): State => {
    attempt += 1
    const backoff = fullJitter(attempt, deps.random())
    const isFirst = attempt === 1
    const wait = returnAfterMs === undefined ? backoff : Math.max(returnAfterMs, isFirst ? 0 : backoff)
    returnAfterMs = undefined
    return { at: 'waiting', until: now + wait }
  }

  const isSilent = (now: number) =>
    (state.at === 'connecting' && now >= state.since + openingMs) ||
    (state.at === 'open' && now >= state.heard + silenceMs)

  const evaluate = (now: number): ConnectionAction[] => {
    if (state.at === 'off' || state.at === 'barred') return []
    if (state.at === 'waiting') {
      if (now < state.until) return [{ do: 'wake', afterMs: state.until - now }]
      state = { at: 'connecting', since: now }
      return [{ do: 'connect' }, { do: 'wake', afterMs: openingMs }]
    }
    const end = state.at === 'connecting' ? state.since + openingMs : state.heard + silenceMs
    return [{ do: 'wake', afterMs: end - now }]
  }

  return {
    on(event, now) {
      const asked = change(event, now)
      // What is heard moves the end of patience; the timer that runs finds that out.
      if (event.type === 'heard' || event.type === 'leaving') return asked
      return [...asked, ...evaluate(now)]
    },
  }
}

/** Does this close code say that trying again cannot help? */
export function neverAgain(code: number): boolean {
  return code >= 4400 && code < 4500 && code !== closeCodes.unauthorized
}
