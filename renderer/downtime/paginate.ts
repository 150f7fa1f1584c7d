/** A block as it was measured. All lengths are in one unit. */
export type Measured = { height: number; heading: boolean }

/** Blocks of one page by their place; `continued` is the heading that is repeated above the first. */
export type Portion = { blocks: readonly number[]; continued: number | undefined }

/**
 * Divides one patient's blocks into pages of `room` height. A heading never stands alone at the foot of a page, and is
 * repeated where its section goes on. Every block is on exactly one page, in order; one that is higher than a page
 * has one to itself, and is not cut. Without blocks there is one empty page.
 */
export function paginate(blocks: readonly Measured[], room: number): Portion[] {
  let page: { blocks: number[]; continued: number | undefined } = { blocks: [], continued: undefined }
  const pages = [page]
  let used = 0
  let heading: number | undefined

  for (const [at, block] of blocks.entries()) {
    const next = blocks[at + 1]
    const needed = block.height + (block.heading && next && !next.heading ? next.height : 0)
    const last = page.blocks.at(-1)
    const afterHeading = !block.heading && last !== undefined && last === heading
    if (used + needed > room && last !== undefined && !afterHeading) {
      const continued = block.heading ? undefined : heading
      page = { blocks: [], continued }
      pages.push(page)
      used = continued === undefined ? 0 : (blocks[continued]?.height ?? 0)
    }
    if (block.heading) heading = at
    page.blocks.push(at)
    used += block.height
  }
  return pages
}
