import { useRef, useState } from 'react'
import type { Entry } from '../../domain/entries/entry.ts'
import { useWork } from '../session/use-work.tsx'

/** Why the device could not keep a change: nothing was sent either, and what was typed stays. */
export type KeepProblem = 'full' | 'failed'

/**
 * Saves what a form has made: it closes when the device has kept it, and says so when it could not. A second click while
 * that is under way does nothing.
 */
export function useKeep(patientId: string, onKept: () => void) {
  const { changes } = useWork()
  const busy = useRef(false)
  const [problem, setProblem] = useState<KeepProblem | undefined>(undefined)

  const keep = async (make: () => readonly { entry: Entry; about: string }[]) => {
    if (busy.current) return
    busy.current = true
    const kept = await changes.propose(patientId, make())
    if (kept.outcome === 'kept') return onKept()
    busy.current = false
    setProblem(kept.outcome)
  }
  return { keep, problem }
}
