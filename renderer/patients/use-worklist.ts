import { useEffect, useRef, useState } from 'react'
import type { Replica } from '../replica/replica.ts'
import type { CallProblem } from '../session/http.ts'
import { useWork } from '../session/use-work.tsx'
import { keptWorklist } from './kept-worklist.ts'
import { type PatientRow, worklistShape } from './worklist.ts'

export type Worklist = {
  /** The last list that arrived; kept while later calls fail. */
  rows: readonly PatientRow[] | undefined
  /** When it arrived, ms since 1970. */
  at: number | undefined
  problem: CallProblem | undefined
}

const refetchMs = 30_000
const retryMs = 3_000

const none: Worklist = { rows: undefined, at: undefined, problem: undefined }
/** The last list of each sign-in: who comes back from a chart finds it at once, and while the region does not answer. */
const lastLists = new WeakMap<Replica, Worklist>()

/** The clinician's list: asked for now, every 30 s, and when the window gets the focus; sooner after a failure. */
export function useWorklist(): Worklist & { ask: () => void } {
  const { get, replica, catchUp } = useWork()
  const [list, setList] = useState<Worklist>(() => lastLists.get(replica) ?? none)
  const ask = useRef(() => {})

  useEffect(() => {
    let stopped = false
    let timer: ReturnType<typeof setTimeout> | undefined
    let asking = false
    const load = async () => {
      if (asking || stopped) return
      asking = true
      clearTimeout(timer)
      const answer = await get('/v1/worklist', worklistShape)
      asking = false
      if (stopped) return
      if (answer.ok) {
        const list = { rows: answer.value, at: Date.now(), problem: undefined }
        lastLists.set(replica, list)
        void replica.values.put(keptWorklist.name, { rows: list.rows, at: list.at })
      }
      const last = lastLists.get(replica) ?? none
      setList(answer.ok ? last : { ...last, problem: answer })
      timer = setTimeout(load, answer.ok ? refetchMs : retryMs)
    }
    ask.current = () => void load()
    // What this device knows is shown at once; the region's word takes its place.
    if (!lastLists.has(replica))
      void replica.values.get(keptWorklist.name, keptWorklist.shape).then((known) => {
        if (stopped || !known || lastLists.has(replica)) return
        lastLists.set(replica, { ...known, problem: undefined })
        setList((list) => ({ ...known, problem: list.problem }))
      })
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
