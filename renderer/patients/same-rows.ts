import type { PatientRow } from './worklist.ts'

/**
 * A list that was asked for again, with the rows of the one before wherever they say the same; the list before itself, if
 * all do. What is made of a list (index, marks, rows on screen) is then made again only when it has changed.
 */
export function sameRows(
  before: readonly PatientRow[] | undefined,
  after: readonly PatientRow[],
): readonly PatientRow[] {
  if (!before) return after
  const known = new Map(before.map((row) => [row.id, row]))
  const rows = after.map((row) => {
    const last = known.get(row.id)
    return last && isSame(last, row) ? last : row
  })
  return rows.length === before.length && rows.every((row, at) => row === before[at]) ? before : rows
}

const fields = [
  'id',
  'name',
  'born',
  'gender',
  'identifier',
  'home',
  'homeGroup',
  'timeZone',
  'deceased',
] as const satisfies readonly (keyof PatientRow)[]

/** Holds that no field of a row is forgotten here. */
type Missing = Exclude<keyof PatientRow, (typeof fields)[number]>
const compared: [Missing] extends [never] ? typeof fields : never = fields

function isSame(a: PatientRow, b: PatientRow): boolean {
  return compared.every((field) => a[field] === b[field])
}
