/**
 * A form whose fields are grouped by the aspects that they state. What somebody else changes meanwhile is taken over by
 * whole groups, so that no order is put together from halves of two opinions (CM3).
 */
export type Parts = { [part: string]: object }

export function isTouched<D extends Parts>(draft: D, base: D, part: keyof D): boolean {
  return JSON.stringify(draft[part]) !== JSON.stringify(base[part])
}

export function touchedParts<D extends Parts>(draft: D, base: D): (keyof D & string)[] {
  return partsOf(draft).filter((part) => isTouched(draft, base, part))
}

/**
 * The draft on top of what the chart shows now. What the author did not touch follows the chart; what was touched
 * stays, except where `theirs` names the part.
 */
export function rebased<D extends Parts>(draft: D, base: D, now: D, theirs: readonly string[]): D {
  const next = { ...now }
  for (const part of partsOf(draft))
    if (isTouched(draft, base, part) && !theirs.includes(part)) next[part] = draft[part]
  return next
}

function partsOf<D extends Parts>(draft: D): (keyof D & string)[] {
  return Object.keys(draft)
}
