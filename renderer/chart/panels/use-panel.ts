import { useNavigate } from '@tanstack/react-router'
import { type RefObject, useEffect, useRef, useState } from 'react'
import { useLadder } from '../../session/use-work.tsx'
import { useOnScreen } from '../../shell/on-screen.ts'
import type { Chart } from '../use-chart.ts'
import { keyOf, type Panel } from './panel.ts'
import { panelFor } from './refused.ts'

/**
 * Which panel is open beside a chart. What is typed in one is not lost to another: that one waits until somebody says so.
 * `edit`: id of a change that was not accepted, whose panel opens as soon as the chart is there; the address forgets it then.
 * When a panel closes, the focus goes back to what had it, or to `fallback` if that is gone: a row that has moved among what is over.
 */
export function usePanel(chart: Chart, edit: string | undefined, fallback: RefObject<HTMLElement | null>) {
  const { typed } = useOnScreen()
  const [panel, setPanel] = useState<Panel | undefined>(undefined)
  const [wanted, setWanted] = useState<Panel | undefined>(undefined)
  const before = useRef<Element | null>(null)
  const open = (next: Panel) => {
    before.current = document.activeElement
    if (typed && panel && keyOf(panel) !== keyOf(next)) setWanted(next)
    else setPanel(next)
  }
  const latest = useRef(open)
  latest.current = open

  const ladder = useLadder()
  const navigate = useNavigate()
  const { patientId, record, timeZone } = chart
  useEffect(() => {
    if (edit === undefined || !record.complete) return
    const change = ladder.get(edit)
    const mine = change?.rung.at === 'refused' && change.patientId === patientId
    latest.current(
      mine
        ? panelFor(edit, change.entry, record, timeZone)
        : { what: 'noForm', why: 'notThere', edits: edit },
    )
    void navigate({ to: '/patients/$patientId', params: { patientId }, search: {}, replace: true })
  }, [edit, ladder, patientId, record, timeZone, navigate])

  const shut = panel === undefined
  const wasOpen = useRef(false)
  useEffect(() => {
    if (shut && wasOpen.current) {
      const back = before.current
      if (back instanceof HTMLElement && back.isConnected && back !== document.body) back.focus()
      else fallback.current?.focus()
    }
    wasOpen.current = !shut
  }, [shut, fallback])

  return {
    panel,
    open,
    replace: setPanel,
    close: () => {
      setPanel(wanted)
      setWanted(undefined)
    },
    leaving: { leaving: wanted !== undefined, onStay: () => setWanted(undefined) },
  }
}
