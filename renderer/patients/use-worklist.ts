import { useEffect, useRef, useState } from 'react'
import { z } from 'zod'
import type { Replica } from '../replica/replica.ts'
import type { CallProblem } from '../session/http.ts'
import { useWork } from '../session/use-work.tsx'
import { keptWorklist } from './kept-worklist.ts'
import { sameRows } from './same-rows.ts'
import { type PatientRow, worklistShape } from './worklist.ts'

export type Worklist = {
  /** The last list that arrived; kept while later calls fail. The same reference until it says something else. */
  rows: readonly PatientRow[] | undefined
  /** When it arrived, ms since 1970. */
  at: number | undefined
  problem: CallProblem | undefined
}

const refetchMs = 30_000
const retryMs = 3_000

/** When an unchanged list was confirmed last: a list of 1,000 is not written anew every 30 s to say so. */
const keptConfirmation = { name: 'worklist confirmed', shape: z.object({ at: z.number() }) }

const none: Worklist = { rows: undefined, at: undefined, problem: undefined }
/** The last list of each sign-in: who comes back from a chart finds it at once, and while the region does not answer. */
const lastLists = new WeakMap<Replica, Worklist>()
/** The rows that are known to be on this device's disk. */
const keptRows = new WeakMap<Replica, readonly PatientRow[]>()

/** The clinician's list: asked for now, every 30 s, and when the window gets the focus; sooner after a failure. */
export function useWorklist(): Worklist & { ask: () => void } {
  const { get, replica, catchUp } = useWork()
  const [list, setList] = useState<Worklist>(() => lastLists.get(replica) ?? none)
  const ask = useRef(() => {})

  useEffect(() => {
    let stopped = false
    let timer: ReturnType<typeof setTimeout> | undefined
    let asking = false

    /** What this device knows is shown at once; the region's word takes its place. */
    const remember = async () => {
      if (lastLists.has(replica)) return
      const { values } = replica
      const [known, confirmed] = await Promise.all([
        values.get(keptWorklist.name, keptWorklist.shape),
        values.get(keptConfirmation.name, keptConfirmation.shape),
      ])
      if (stopped || !known || lastLists.has(replica)) return
      const at = Math.max(known.at, confirmed?.at ?? 0)
      keptRows.set(replica, known.rows)
      lastLists.set(replica, { rows: known.rows, at, problem: undefined })
      setList(({ problem }) => ({ rows: known.rows, at, problem }))
    }
    const remembered = remember()

    const keep = async (rows: readonly PatientRow[], at: number) => {
      const { values } = replica
      if (keptRows.get(replica) === rows) await values.put(keptConfirmation.name, { at })
      else if ((await values.put(keptWorklist.name, { rows, at })).outcome === 'written')
        keptRows.set(replica, rows)
    }

    const load = async () => {
      if (asking || stopped) return
      asking = true
      clearTimeout(timer)
      const answer = await get('/v1/worklist', worklistShape)
      // What is kept is compared with, so that it is not written again.
      await remembered.catch(() => undefined)
      asking = false
      if (stopped) return
      if (answer.ok) {
        const rows = sameRows(lastLists.get(replica)?.rows, answer.value)
        const at = Date.now()
        lastLists.set(replica, { rows, at, problem: undefined })
        void keep(rows, at)
      }
      const last = lastLists.get(replica) ?? none
      setList(answer.ok ? last : { ...last, problem: answer })
      timer = setTimeout(load, answer.ok ? refetchMs : retryMs)
    }
    ask.current = () => void load()
    void load()
    window.addEventListener('focus', ask.current)
    const onFocus = ask.current
    return () => {
      stopped = true
      clearTimeout(timer)
      window.removeEventListener('focus', onFocus)
    }
  }, [get, replica])

  useEffect(() => {
    if (list.rows) catchUp.patients(list.rows.map(({ id }) => id))
  }, [catchUp, list.rows])

  return { ...list, ask: () => ask.current() }
}
