import { useCallback, useEffect, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { deviceZone } from '../chart/zoned-time.ts'
import { similarNames } from '../patients/similar.ts'
import type { PatientRow } from '../patients/worklist.ts'
import { useWork } from '../session/use-work.tsx'
import { makePack, type Pack } from './make-pack.ts'
import { createMeasure } from './measure.tsx'
import type { PrintedBy } from './printed.ts'
import { readCopy } from './read-copy.ts'
import { emptySheet, sheetOf } from './sheet-of.ts'
import type { Paper } from './sheet-page.tsx'

export type PackState =
  | { state: 'choosing' }
  | { state: 'reading'; done: number; total: number }
  | { state: 'ready'; pack: Pack; paper: Paper; readAt: number; clock: string | undefined }

/** What is asked for. */
export type Wanted = {
  /** In the order of the pages. */
  rows: readonly PatientRow[]
  paper: Paper
  listedAt: number
  /** The whole list, for names that are alike. */
  list: readonly PatientRow[]
}

/** Makes a pack, patient by patient; `host` is where sheets are measured, out of sight. */
export function usePack(by: string, clock: string | undefined) {
  const { t } = useTranslation()
  const { copies, changes } = useWork()
  const [state, setState] = useState<PackState>({ state: 'choosing' })
  const host = useRef<HTMLDivElement>(null)
  const run = useRef<AbortController | undefined>(undefined)

  useEffect(() => () => run.current?.abort(), [])

  const make = useCallback(
    async ({ rows, paper, listedAt, list }: Wanted) => {
      if (!host.current || (run.current && !run.current.signal.aborted)) return
      const mine = new AbortController()
      run.current = mine
      setState({ state: 'reading', done: 0, total: rows.length })
      const readAt = Date.now()
      const ladder = changes.ladder()
      const similar = similarNames(list)
      const printed: PrintedBy = { readAt, printedAt: readAt, by, clock }
      const incomplete = t('downtime.stopped.onPage', { patients: rows.length, asked: rows.length })
      const { measure, close } = createMeasure(host.current, { paper, printed, incomplete })
      const pack = await makePack(
        rows,
        {
          read: (id) => readCopy(copies, id, new Date(readAt).getFullYear()),
          sheet: (row, copy) => {
            const about = {
              row,
              similar: similar.has(row.id),
              ladder,
              readAt,
              listedAt,
              deviceZone: deviceZone(),
              t,
            }
            return copy ? sheetOf({ ...about, copy }) : emptySheet(about, 'failed')
          },
          measure,
          breathe,
        },
        {
          signal: mine.signal,
          onProgress: (done) => setState({ state: 'reading', done, total: rows.length }),
        },
      ).finally(close)
      if (run.current !== mine) return
      run.current = undefined
      setState(pack.patients === 0 ? { state: 'choosing' } : { state: 'ready', pack, paper, readAt, clock })
    },
    [by, clock, changes, copies, t],
  )

  return {
    state,
    host,
    make,
    stop: () => run.current?.abort(),
    again: () => setState({ state: 'choosing' }),
  }
}

/** A turn of the event loop, so that the window paints and hears clicks between two patients. */
function breathe(): Promise<void> {
  return new Promise((done) => setTimeout(done))
}
