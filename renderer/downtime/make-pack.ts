import type { PatientRow } from '../patients/worklist.ts'
import { type Measured, paginate } from './paginate.ts'
import type { PatientCopy } from './read-copy.ts'
import type { Block, Sheet } from './sheet.ts'

/** One printed page. */
export type PackPage = {
  sheet: Sheet
  /** A heading that began on the page before is the first, and says that it goes on. */
  blocks: readonly Block[]
  continued: boolean
  /** Of this patient, from 1. */
  page: number
  pages: number
  /** Room is left to write by hand. */
  penRoom: boolean
}

/** Less than this is no room to write in, in CSS px: about two centimetres. */
const leastForPen = 76

export type Pack = {
  pages: readonly PackPage[]
  /** Patients that were asked for, and those that are in it. */
  asked: number
  patients: number
  /** Patients of whom this device has no copy, or none that is whole or can be read. */
  lacking: readonly Sheet[]
}

export type PackDeps = {
  read: (patientId: string) => Promise<PatientCopy>
  /** `copy` is undefined where reading failed. */
  sheet: (row: PatientRow, copy: PatientCopy | undefined) => Sheet
  /** Heights of the blocks, and how much room a page has for them. */
  measure: (sheet: Sheet) => Promise<{ heights: readonly number[]; room: number }>
  /** Lets the window answer what was clicked meanwhile. */
  breathe: () => Promise<void>
}

/** Makes the pages of these patients, one patient after the other, until it is done or somebody stops it. */
export async function makePack(
  rows: readonly PatientRow[],
  deps: PackDeps,
  run: { signal: AbortSignal; onProgress: (done: number) => void },
): Promise<Pack> {
  const pages: PackPage[] = []
  const lacking: Sheet[] = []
  let patients = 0
  for (const row of rows) {
    if (run.signal.aborted) break
    const sheet = await sheetFor(row, deps)
    const { heights, room } = await deps.measure(sheet)
    pages.push(...pagesOf(sheet, heights, room))
    if (sheet.copy !== 'whole') lacking.push(sheet)
    patients += 1
    run.onProgress(patients)
    await deps.breathe()
  }
  return { pages, asked: rows.length, patients, lacking }
}

/** One patient whose copy breaks this app must not cost the others their pages. */
async function sheetFor(row: PatientRow, deps: PackDeps): Promise<Sheet> {
  try {
    return deps.sheet(row, await deps.read(row.id))
  } catch {
    return deps.sheet(row, undefined)
  }
}

function pagesOf(sheet: Sheet, heights: readonly number[], room: number): PackPage[] {
  const measured = sheet.blocks.map(
    (block, at): Measured => ({ height: heights[at] ?? 0, heading: block.kind === 'heading' }),
  )
  const portions = paginate(measured, room)
  return portions.map(({ blocks, continued }, at) => {
    const places = [...(continued === undefined ? [] : [continued]), ...blocks]
    const used = places.reduce((sum, place) => sum + (heights[place] ?? 0), 0)
    return {
      sheet,
      blocks: places.flatMap((place) => sheet.blocks[place] ?? []),
      continued: continued !== undefined,
      page: at + 1,
      pages: portions.length,
      penRoom: room - used >= leastForPen,
    }
  })
}
