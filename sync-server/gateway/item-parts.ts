import type { AuthoredItem } from '../../domain/entries/items.ts'

/** Size of one part of an answer, in bytes, about. */
const partBytes = 256 * 1024

/** Cuts items into parts, in their order. How long one is when encoded is guessed from its JSON. */
export function inParts<Item extends AuthoredItem>(items: readonly Item[]): Item[][] {
  const cut: Item[][] = []
  let part: Item[] = []
  let size = 0
  for (const item of items) {
    const bytes = JSON.stringify(item.entry).length + 200
    if (part.length > 0 && size + bytes > partBytes) {
      cut.push(part)
      part = []
      size = 0
    }
    part.push(item)
    size += bytes
  }
  if (part.length > 0) cut.push(part)
  return cut
}
