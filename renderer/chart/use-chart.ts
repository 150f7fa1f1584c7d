import { useEffect, useMemo, useRef, useState } from 'react'
import { z } from 'zod'
import {
  chartOf,
  isDocumentName,
  journalOf,
  parseDocumentName,
} from '../../domain/documents/document-name.ts'
import { keptWorklist } from '../patients/kept-worklist.ts'
import type { Replica } from '../replica/open-replica.ts'
import type { CallProblem } from '../session/http.ts'
import { useLadder, useWork } from '../session/use-work.tsx'
import { documentsOf } from '../sync/catch-up.ts'
import type { DocumentSet, DocumentState } from '../sync/documents.ts'
import { type PatientRecord, readRecord } from './record.ts'

/** A patient's chart on the way to the screen. */
export type ChartState =
  | { state: 'opening' }
  /** No chart yet, and why; it goes on trying where that can help. */
  | { state: 'closed'; problem: CallProblem }
  | { state: 'open'; chart: Chart }

export type Chart = {
  patientId: string
  homeGroup: string
  /** Home region, if this region knows it. */
  home: string | undefined
  /** Time zone of the patient's home group. */
  timeZone: string
  record: PatientRecord
  /** Years of journals that are not open, the latest first. */
  olderYears: readonly string[]
  loadOlder: () => void
}

const aboutShape = z.object({
  id: z.string(),
  homeGroup: z.string(),
  home: z.string().nullable(),
  timeZone: z.string(),
  documents: z.array(z.string()),
})
type About = z.infer<typeof aboutShape>

const retryMs = 3000
/** Journals that are open from the start, besides this year's. */
const openJournals = 2

export function useChart(patientId: string): ChartState {
  const { get, openDocuments, replica } = useWork()
  const ladder = useLadder()
  const [about, setAbout] = useState<About | undefined>(undefined)
  const [problem, setProblem] = useState<CallProblem | undefined>(undefined)
  const [documents, setDocuments] = useState<ReadonlyMap<string, DocumentState>>(new Map())
  const [allYears, setAllYears] = useState(false)
  const set = useRef<DocumentSet | undefined>(undefined)

  useEffect(() => {
    let stopped = false
    let timer: ReturnType<typeof setTimeout> | undefined
    const remembered = `patient ${patientId}`
    const load = async () => {
      const answer = await get(`/v1/patients/${encodeURIComponent(patientId)}`, aboutShape)
      if (stopped) return
      if (answer.ok) {
        setAbout(answer.value)
        void replica.values.put(remembered, answer.value)
        return
      }
      setProblem(answer)
      const status = answer.problem === 'refused' ? answer.status : undefined
      // A region that was moved to may not have heard of somebody whose chart is open; then it is asked again.
      const isGone = status === 403 || (status === 404 && !isShown.current)
      if (isGone) setAbout(undefined)
      else timer = setTimeout(load, retryMs)
    }
    // What this device knows is shown at once; the region's word takes its place.
    void knownHere(replica, remembered, patientId).then((known) => {
      if (!stopped && known) setAbout((about) => about ?? known)
    })
    void load()
    return () => {
      stopped = true
      clearTimeout(timer)
    }
  }, [get, patientId, replica])

  useEffect(() => {
    const mine = openDocuments()
    set.current = mine
    const stop = mine.onChange(() => setDocuments(mine.states()))
    return () => {
      stop()
      mine.close()
      set.current = undefined
    }
  }, [openDocuments])

  const journals = useMemo(() => journalYears(about?.documents ?? []), [about])
  const thisYear = String(new Date().getFullYear())
  const opened = useMemo(() => {
    const latest = allYears ? journals : journals.slice(0, openJournals)
    return [...new Set([thisYear, ...latest])]
  }, [journals, allYears, thisYear])

  useEffect(() => {
    if (about) set.current?.want([chartOf(about.id), ...opened.map((year) => journalOf(about.id, year))])
  }, [about, opened])

  const isShown = useRef(false)
  const record = useMemo(() => readRecord(patientId, documents, ladder), [patientId, documents, ladder])
  isShown.current = record.patient !== undefined

  if (!about) return problem ? { state: 'closed', problem } : { state: 'opening' }
  return {
    state: 'open',
    chart: {
      patientId,
      homeGroup: about.homeGroup,
      home: about.home ?? undefined,
      timeZone: about.timeZone,
      record,
      olderYears: journals.filter((year) => !opened.includes(year)),
      loadOlder: () => setAllYears(true),
    },
  }
}

/** What this device was told of a patient, or else what follows from the list and the copies that go with it. */
async function knownHere(
  { values }: Replica,
  remembered: string,
  patientId: string,
): Promise<About | undefined> {
  const told = await values.get(remembered, aboutShape)
  if (told) return told
  const list = await values.get(keptWorklist.name, keptWorklist.shape)
  const row = list?.rows.find(({ id }) => id === patientId)
  if (!row) return undefined
  const { homeGroup, home, timeZone } = row
  const documents = documentsOf(patientId, new Date().getFullYear())
  return { id: patientId, homeGroup, home, timeZone, documents }
}

/** Years of the journals among documents, the latest first, `undated` last. */
function journalYears(documents: readonly string[]): string[] {
  return documents
    .flatMap((name) => {
      const parsed = parseDocumentName(name)
      return isDocumentName(parsed) && parsed.kind === 'journal' ? parsed.year : []
    })
    .sort((a, b) => (a === 'undated' ? 1 : b === 'undated' ? -1 : b.localeCompare(a)))
}
