import {
  createContext,
  type ReactNode,
  useCallback,
  useContext,
  useEffect,
  useMemo,
  useRef,
  useState,
} from 'react'
import type { StoredChange, Written } from '../replica/outbox.ts'
import { useLadder, useWork } from '../session/use-work.tsx'
import { unsentOf } from './unsent.ts'

export type Unsent = {
  /** `failed`: the outbox cannot be read; what this window knows is shown all the same. */
  state: 'reading' | 'read' | 'failed'
  changes: readonly StoredChange[]
  /** Rows of the outbox that cannot be read. They are kept. */
  damaged: number
  reread(): Promise<void>
  /** Proposes refused changes again. */
  retry(changes: readonly StoredChange[]): Promise<Written>
  /** Takes refused changes off this device, for good. */
  putAside(changes: readonly StoredChange[]): Promise<Written>
}

const UnsentContext = createContext<Unsent | undefined>(undefined)

/** The outbox is read again at most so often, in ms: while hundreds of changes climb, each one announces itself. */
const restMs = 1000

/** Reads the outbox once for all who show it: the rail, the notices, the outbox page, signing out. */
export function UnsentProvider({ children }: { children: ReactNode }) {
  const { replica, changes: engine } = useWork()
  const ladder = useLadder()
  const [read, setRead] = useState<Pick<Unsent, 'state' | 'damaged'> & { stored: StoredChange[] }>({
    state: 'reading',
    damaged: 0,
    stored: [],
  })
  const latest = useRef(0)

  const reread = useCallback(async () => {
    latest.current += 1
    const mine = latest.current
    const found = await replica.outbox.all().catch(() => undefined)
    if (mine !== latest.current) return
    setRead((before) =>
      found
        ? { state: 'read', damaged: found.damaged, stored: sameWhereEqual(before.stored, found.changes) }
        : { ...before, state: 'failed' },
    )
  }, [replica])

  useEffect(() => {
    let resting: ReturnType<typeof setTimeout> | undefined
    let again = false
    const look = () => {
      if (resting !== undefined) {
        again = true
        return
      }
      void reread()
      resting = setTimeout(() => {
        resting = undefined
        if (!again) return
        again = false
        look()
      }, restMs)
    }
    look()
    const unsubscribe = replica.outbox.onChange(look)
    return () => {
      clearTimeout(resting)
      latest.current += 1
      unsubscribe()
    }
  }, [replica, reread])

  const changes = useMemo(() => unsentOf(ladder, read.stored), [ladder, read.stored])

  const retry = useCallback(
    async (chosen: readonly StoredChange[]) => {
      let outcome: Written = { outcome: 'written' }
      for (const change of chosen) {
        if (change.rung.at !== 'refused') continue
        if (engine.ladder().has(change.id)) engine.retry(change.id)
        else {
          const one = await replica.outbox.set({ ...change, rung: { at: 'device' }, at: Date.now() })
          if (one.outcome !== 'written') outcome = one
        }
      }
      await reread()
      return outcome
    },
    [engine, replica, reread],
  )

  const putAside = useCallback(
    async (chosen: readonly StoredChange[]): Promise<Written> => {
      // Another window may have tried one again meanwhile: what is on its way is not taken back.
      const kept = await replica.outbox.all().catch(() => undefined)
      if (!kept) return { outcome: 'failed', detail: 'the outbox cannot be read' }
      const rungs = new Map(kept.changes.map(({ id, rung }) => [id, rung]))
      const ids = chosen
        .map(({ id }) => id)
        .filter((id) => isRefusedOrGone(rungs.get(id)) && isRefusedOrGone(engine.ladder().get(id)?.rung))
      const outcome = await replica.outbox.remove(ids)
      if (outcome.outcome !== 'written') return outcome
      await reread()
      for (const id of ids) engine.dismiss(id)
      return outcome
    },
    [engine, replica, reread],
  )

  const value = useMemo(
    (): Unsent => ({ state: read.state, damaged: read.damaged, changes, reread, retry, putAside }),
    [read.state, read.damaged, changes, reread, retry, putAside],
  )
  return <UnsentContext value={value}>{children}</UnsentContext>
}

export function useUnsent(): Unsent {
  const unsent = useContext(UnsentContext)
  if (!unsent) throw new Error('useUnsent stands outside of UnsentProvider')
  return unsent
}

function isRefusedOrGone(rung: { at: string } | undefined): boolean {
  return rung === undefined || rung.at === 'refused'
}

/** A change that is read again unchanged stays the same object. */
function sameWhereEqual(before: readonly StoredChange[], now: readonly StoredChange[]): StoredChange[] {
  const known = new Map(before.map((change) => [change.id, change]))
  return now.map((change) => {
    const was = known.get(change.id)
    return was && was.at === change.at && was.rung.at === change.rung.at ? was : change
  })
}
