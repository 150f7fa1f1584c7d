import type { Block, Line } from './sheet.ts'

/** Every word of a sheet, for tests: as it is read from the top. */
export function textOf(blocks: readonly Block[]): string[] {
  return blocks.flatMap(linesOf)
}

function linesOf(block: Block): string[] {
  switch (block.kind) {
    case 'heading':
      return [[block.title, block.note].filter(Boolean).join(' ')]
    case 'warning':
      return [`${block.title} ${block.text}`]
    case 'remark':
      return [block.text]
    case 'line':
      return [lineText(block), ...block.details]
    case 'pair':
      return block.lines.flatMap((line) => [lineText(line), ...line.details])
    case 'values':
      return block.cells.map(({ label, value, unit, when, remarks }) =>
        [label, value, unit, when, ...remarks].filter(Boolean).join(' '),
      )
  }
}

function lineText({ runs, beside, tags }: Line): string {
  const text = (list: Line['runs']) => list.map((run) => run.text).join('')
  const doses = beside.map((list) => `| ${text(list)}`)
  return [text(runs), ...tags.map((tag) => `[${tag}]`), ...doses].join(' ')
}
