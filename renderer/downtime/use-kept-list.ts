import { useEffect, useState } from 'react'
import { keptWorklist } from '../patients/kept-worklist.ts'
import type { PatientRow } from '../patients/worklist.ts'
import { useWork } from '../session/use-work.tsx'

/** The list of patients as this device keeps it, with when it arrived (ms since 1970). */
export type KeptList =
  | { state: 'looking' }
  | { state: 'none' }
  | { state: 'here'; rows: readonly PatientRow[]; at: number }

/** Looks once. Whoever comes here first after a start of the app has the copies kept current all the same. */
export function useKeptList(): KeptList {
  const { replica, catchUp } = useWork()
  const [list, setList] = useState<KeptList>({ state: 'looking' })
  useEffect(() => {
    let stopped = false
    const look = async () => {
      const kept = await replica.values.get(keptWorklist.name, keptWorklist.shape).catch(() => undefined)
      if (stopped) return
      if (!kept || kept.rows.length === 0) return setList({ state: 'none' })
      setList({ state: 'here', ...kept })
      catchUp.patients(kept.rows.map(({ id }) => id))
    }
    void look()
    return () => {
      stopped = true
    }
  }, [replica, catchUp])
  return list
}
