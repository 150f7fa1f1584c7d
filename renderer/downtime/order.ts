import type { PatientRow } from '../patients/worklist.ts'

export const orders = ['list', 'name', 'home'] as const
/** As the list has them; by name; by home region, and there by name. */
export type Order = (typeof orders)[number]

/** The patients that are ticked, in the order that is asked for. */
export function inOrder(
  rows: readonly PatientRow[],
  ticked: ReadonlySet<string>,
  order: Order,
): PatientRow[] {
  const chosen = rows.filter(({ id }) => ticked.has(id))
  const byName = (a: PatientRow, b: PatientRow) => a.name.localeCompare(b.name) || a.id.localeCompare(b.id)
  switch (order) {
    case 'list':
      return chosen
    case 'name':
      return chosen.sort(byName)
    case 'home':
      return chosen.sort((a, b) => a.home.localeCompare(b.home) || byName(a, b))
  }
}
