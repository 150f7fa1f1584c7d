/** What became of an import, as it is found out, in whatever order. */
export type ImportReport = {
  /** Type → what became of its resources. */
  types: Map<string, ImportCounts>
  /** Under which id a resource is kept that came with another, by its place in the body. */
  renamed: Sparse<{ place: string; from: string; to: string }>
  refused: Sparse<{ place: string; detail: string }>
  /** Resources that would have been taken, but the store did not take them: the same import again will. */
  unsaved: { place: string; outcome: 'unavailable' | 'indeterminate' }[]
}

export type ImportCounts = { taken: number; unchanged: number; leftAside: number; refused: number }

/** A list with holes: in order, however it was filled. */
type Sparse<T> = (T | undefined)[]

export function createReport(): ImportReport {
  return { types: new Map(), renamed: [], refused: [], unsaved: [] }
}

export function countsOf({ types }: ImportReport, type: string): ImportCounts {
  const counts = types.get(type) ?? { taken: 0, unchanged: 0, leftAside: 0, refused: 0 }
  types.set(type, counts)
  return counts
}

export function refuse(
  report: ImportReport,
  { at, place, type }: { at: number; place: string; type: string },
  detail: string,
): undefined {
  countsOf(report, type).refused += 1
  report.refused[at] = { place, detail }
}
