/** Ids that are chosen, and the one from which Shift reaches. */
export type Selection = { ids: ReadonlySet<string>; from: string | undefined }

export const nothingSelected: Selection = { ids: new Set(), from: undefined }

/** Chooses one, or with `range` all from the last one touched to this one, in the order on screen. */
export function select(
  before: Selection,
  id: string,
  { selected, range, order }: { selected: boolean; range: boolean; order: readonly string[] },
): Selection {
  const to = order.indexOf(id)
  const from = range && before.from !== undefined ? order.indexOf(before.from) : -1
  const touched = from < 0 || to < 0 ? [id] : order.slice(Math.min(from, to), Math.max(from, to) + 1)
  return { ids: withAll(before.ids, touched, selected), from: id }
}

export function selectAll(before: Selection, ids: readonly string[], selected: boolean): Selection {
  return { ids: withAll(before.ids, ids, selected), from: undefined }
}

function withAll(before: ReadonlySet<string>, touched: readonly string[], selected: boolean): Set<string> {
  const ids = new Set(before)
  for (const id of touched) {
    if (selected) ids.add(id)
    else ids.delete(id)
  }
  return ids
}
