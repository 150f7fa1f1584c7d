import { createContext, type ReactNode, useContext, useEffect, useMemo, useState } from 'react'
import type { z } from 'zod'
import type { Replica } from '../replica/replica.ts'
import { useStore } from '../shell/store.ts'
import { type CatchUp, createCatchUp } from '../sync/catch-up.ts'
import { type Changes, createChanges } from '../sync/changes.ts'
import { type Copies, createCopies } from '../sync/copies.ts'
import { measureRoundTrip, type RoundTrip } from '../sync/round-trip.ts'
import { type Answer, createCall } from './http.ts'
import type { Session, SignedIn } from './session.ts'

/** What a signed-in window works with. */
export type Work = {
  session: Session
  who: SignedIn
  /** What this device keeps of this person's work. */
  replica: Replica
  copies: Copies
  /** Has the browser promised not to clear what is kept here when the disk runs full? */
  persisted: boolean
  changes: Changes
  catchUp: CatchUp
  roundTrip: RoundTrip
  /** `GET <region><path>` with the session's token. */
  get: <T>(path: string, shape: z.ZodType<T>) => Promise<Answer<T>>
}

const WorkContext = createContext<Work | undefined>(undefined)

/** Starts the submitter and the probes when somebody signs in, and stops them when they sign out. */
export function WorkProvider({
  session,
  who,
  replica,
  children,
}: {
  session: Session
  who: SignedIn
  replica: Replica
  children: ReactNode
}) {
  const [parts, setParts] =
    useState<Pick<Work, 'changes' | 'catchUp' | 'roundTrip' | 'copies' | 'persisted'>>()

  useEffect(() => {
    let stopped = false
    let stop = () => {}
    const start = async () => {
      const persisted = await keptForGood()
      const catchUp = await createCatchUp({ replica, now: Date.now, every })
      const changes = await createChanges({
        outbox: replica.outbox,
        sync: who.address.sync,
        token: session.token,
        now: Date.now,
        random: Math.random,
        catchUp,
      })
      const roundTrip = measureRoundTrip({ http: who.address.http, fetch: fetchHere, now: Date.now })
      stop = () => {
        changes.stop()
        catchUp.stop()
        roundTrip.stop()
      }
      if (stopped) stop()
      else setParts({ changes, catchUp, roundTrip, copies: createCopies(replica, catchUp), persisted })
    }
    // A copy that was opened and cannot be read after all: there would be nowhere to keep what is written.
    start().catch(() => session.signOut())
    return () => {
      stopped = true
      stop()
    }
  }, [session, who, replica])

  const work = useMemo((): Work | undefined => {
    if (!parts) return undefined
    const call = createCall({ fetch: fetchHere })
    return {
      session,
      who,
      replica,
      ...parts,
      get: async (path, shape) => {
        const token = await session.token()
        if (token === undefined) return { ok: false, problem: 'silent' }
        return call(`${who.address.http}${path}`, shape, { token })
      },
    }
  }, [session, who, replica, parts])

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

async function keptForGood(): Promise<boolean> {
  return (await navigator.storage?.persist?.().catch(() => false)) ?? false
}

function every(ms: number, act: () => void): () => void {
  const timer = setInterval(act, ms)
  return () => clearInterval(timer)
}

/** `fetch` bound to the window, as the browser insists. */
export const fetchHere: typeof fetch = (input, init) => fetch(input, init)
