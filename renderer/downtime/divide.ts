import type { Block } from './sheet.ts'

/** Longer texts are divided, so that no block outgrows a page: about six lines of print. */
const longest = 700

/**
 * Divides what could be longer than a page (a note of ten thousand letters) into several blocks. Every letter stays.
 */
export function divideLong(blocks: readonly Block[]): Block[] {
  return blocks.flatMap((block): Block[] => {
    switch (block.kind) {
      case 'line': {
        const details = block.details.flatMap(pieces)
        const [first, ...more] = runPieces(block.runs)
        const short = more.length === 0 && details.join('').length <= longest
        if (short) return [block]
        return [
          { ...block, runs: first ?? [], details: [] },
          ...more.map((runs): Block => ({ ...block, runs, tags: [], details: [] })),
          ...details.map((text): Block => ({ kind: 'remark', text })),
        ]
      }
      case 'warning': {
        const [first = '', ...more] = pieces(block.text)
        return [{ ...block, text: first }, ...more.map((text): Block => ({ kind: 'remark', text }))]
      }
      case 'remark':
        return pieces(block.text).map((text) => ({ kind: 'remark', text }))
      default:
        return [block]
    }
  })
}

type Runs = Extract<Block, { kind: 'line' }>['runs']

function runPieces(runs: Runs): Runs[] {
  if (runs.reduce((sum, { text }) => sum + text.length, 0) <= longest) return [runs]
  return runs.flatMap(({ text, strong }) => pieces(text).map((piece) => [{ text: piece, strong }]))
}

/** Between words where there are any. */
function pieces(text: string): string[] {
  const list: string[] = []
  let rest = text
  while (rest.length > longest) {
    const space = rest.lastIndexOf(' ', longest)
    const end = space > longest / 2 ? space + 1 : longest
    list.push(rest.slice(0, end))
    rest = rest.slice(end)
  }
  return [...list, rest]
}
