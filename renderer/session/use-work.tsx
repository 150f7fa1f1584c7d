import { createContext, type ReactNode, useContext, useEffect, useMemo, useState } from 'react'
import type { z } from 'zod'
import { keptWorklist } from '../patients/kept-worklist.ts'
import type { Replica } from '../replica/replica.ts'
import { useStore } from '../shell/store.ts'
import { type CatchUp, createCatchUp } from '../sync/catch-up.ts'
import { type Changes, createChanges } from '../sync/changes.ts'
import { createChannels } from '../sync/channels.ts'
import { createConnection } from '../sync/connection.ts'
import { type Copies, createCopies } from '../sync/copies.ts'
import { dialWebSocket } from '../sync/dial.ts'
import { createDocumentSet, type DocumentSet } from '../sync/documents.ts'
import { type RegionWatch, watchRegions } from '../sync/region-watch.ts'
import { askHealth } from '../sync/round-trip.ts'
import { windowsOfProfile } from '../sync/windows.ts'
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
  regions: RegionWatch
  /** Documents for one screen. */
  openDocuments: () => DocumentSet
  /** `GET <region><path>` with the session's token. */
  get: <T>(path: string, shape: z.ZodType<T>) => Promise<Answer<T>>
}

type Parts = Pick<Work, 'copies' | 'persisted' | 'changes' | 'catchUp' | 'regions' | 'openDocuments'>

const WorkContext = createContext<Work | undefined>(undefined)

/** Starts what a window works with when somebody signs in, and stops it when they sign out. */
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
  const [parts, setParts] = useState<Parts>()

  useEffect(() => {
    let stopped = false
    let stop = () => {}
    const begin = async () => {
      const started = await start(session, replica)
      stop = started.stop
      if (stopped) stop()
      else setParts(started.parts)
    }
    // A copy that was opened and cannot be read after all: there would be nowhere to keep what is written.
    // Somebody else may be signed in by then.
    begin().catch(() => (stopped ? undefined : session.signOut()))
    return () => {
      stopped = true
      stop()
    }
  }, [session, replica])

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

async function start(session: Session, replica: Replica): Promise<{ parts: Parts; stop: () => void }> {
  const who = session.current()
  if (who.state !== 'signed-in') throw new Error('nobody is signed in')
  const windows = windowsOfProfile({
    name: replica.name,
    channel: new BroadcastChannel(`${replica.name} windows`),
    locks: navigator.locks,
  })
  const timing = { random: Math.random, monotonic: () => performance.now(), after }
  const [persisted, catchUp, changes, list] = await Promise.all([
    keptForGood(),
    createCatchUp({ replica, windows, now: Date.now, every }),
    createChanges({ outbox: replica.outbox, windows, now: Date.now, ...timing }),
    replica.values.get(keptWorklist.name, keptWorklist.shape),
  ])
  const connection = createConnection({
    at: { region: who.region, sync: who.address.sync },
    token: session.token,
    dial: dialWebSocket,
    ...timing,
  })
  const channels = createChannels(connection)
  const copies = createCopies(replica, catchUp)
  const regions = watchRegions({
    regions: Object.keys(who.regions),
    region: who.region,
    probe: (region) => askHealth({ http: who.regions[region]?.http ?? '', fetch: fetchHere, now: Date.now }),
    ...timing,
  })
  regions.onChange(() => {
    const region = regions.region()
    const address = who.regions[region]
    if (!address) return
    session.move(region)
    connection.move({ region, sync: address.sync })
  })
  // The copies are kept current whichever screen this window begins with.
  if (list) catchUp.patients(list.rows.map(({ id }) => id))
  windows.lead(() => {
    const ends = [changes.lead(connection), catchUp.lead(connection)]
    return () => {
      for (const end of ends) end()
    }
  })
  return {
    parts: {
      copies,
      persisted,
      changes,
      catchUp,
      regions,
      openDocuments: () => createDocumentSet({ channels, copies, now: Date.now }),
    },
    stop() {
      windows.close()
      regions.stop()
      channels.stop()
      connection.stop()
    },
  }
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

/** Of the region that this window works with. */
export function useReach() {
  const { regions } = useWork()
  return useStore(regions.onChange, regions.reach)
}

async function keptForGood(): Promise<boolean> {
  return (await navigator.storage?.persist?.().catch(() => false)) ?? false
}

function after(ms: number, then: () => void): () => void {
  const timer = setTimeout(then, ms)
  return () => clearTimeout(timer)
}

function every(ms: number, act: () => void): () => void {
  const timer = setInterval(act, ms)
  return () => clearInterval(timer)
}

/** `fetch` bound to the window, as the browser insists. */
export const fetchHere: typeof fetch = (input, init) => fetch(input, init)
