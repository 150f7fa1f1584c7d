import { createContext, type ReactNode, useContext, useEffect, useMemo, useState } from 'react'
import type { z } from 'zod'
import { useStore } from '../shell/store.ts'
import { type Changes, createChanges } from '../sync/changes.ts'
import { measureRoundTrip, type RoundTrip } from '../sync/round-trip.ts'
import type { Carried } from './carried.ts'
import { type Answer, createCall } from './http.ts'
import type { Session, SignedIn } from './session.ts'

/** What a signed-in window works with. */
export type Work = {
  session: Session
  who: SignedIn
  changes: Changes
  roundTrip: RoundTrip
  /** `GET <region><path>` with the session's token. */
  get: <T>(path: string, shape: z.ZodType<T>) => Promise<Answer<T>>
}

const WorkContext = createContext<Work | undefined>(undefined)

/** Starts the submitter and the probes when somebody signs in, and stops them when they sign out. */
export function WorkProvider({
  session,
  who,
  carried,
  children,
}: {
  session: Session
  who: SignedIn
  carried: Carried
  children: ReactNode
}) {
  const [parts, setParts] = useState<{ changes: Changes; roundTrip: RoundTrip } | undefined>(undefined)

  useEffect(() => {
    const changes = createChanges({
      sync: who.address.sync,
      token: session.token,
      now: Date.now,
      random: Math.random,
    })
    changes.resume(carried.take(who.user.id))
    const roundTrip = measureRoundTrip({ http: who.address.http, fetch: fetchHere, now: Date.now })
    setParts({ changes, roundTrip })
    return () => {
      const state = session.current()
      if (state.state === 'signed-out' && state.ended) carried.keep(who.user.id, changes.ladder())
      changes.stop()
      roundTrip.stop()
    }
  }, [session, who, carried])

  const work = useMemo((): Work | undefined => {
    if (!parts) return undefined
    const call = createCall({ fetch: fetchHere })
    return {
      session,
      who,
      ...parts,
      get: async (path, shape) => {
        const token = await session.token()
        if (token === undefined) return { ok: false, problem: 'silent' }
        return call(`${who.address.http}${path}`, shape, { token })
      },
    }
  }, [session, who, parts])

  return work ? <WorkContext value={work}>{children}</WorkContext> : null
}

export function useWork(): Work {
  const work = useContext(WorkContext)
  if (!work) throw new Error('useWork stands outside of WorkProvider')
  return work
}

export function useLadder() {
  const { changes } = useWork()
  return useStore(changes.onChange, changes.ladder)
}

export function useReach() {
  const { roundTrip } = useWork()
  return useStore(roundTrip.onChange, roundTrip.reach)
}

/** `fetch` bound to the window, as the browser insists. */
export const fetchHere: typeof fetch = (input, init) => fetch(input, init)
