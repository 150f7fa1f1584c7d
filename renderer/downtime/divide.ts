import { type Block, lineOf, type Run } from './sheet.ts'

/** Longer texts are divided, so that no block outgrows a page: about six lines of print. */
const longest = 700

/**
 * Divides what could be longer than a page (a note of ten thousand letters) into several blocks. Every letter stays.
 */
export function divideLong(blocks: readonly Block[]): Block[] {
  return blocks.flatMap((block): Block[] => {
    switch (block.kind) {
      case 'line': {
        const { runs, beside, details } = block
        if (lettersIn([runs, ...beside]) + details.join('').length <= longest) return [block]
        const [first = [], ...more] = runPieces(runs)
        return [
          { ...block, runs: first, beside: [], details: [] },
          ...more.map((part): Block => ({ ...block, runs: part, beside: [], tags: [], details: [] })),
          ...beside.flatMap(runPieces).map((part): Block => ({ ...lineOf(''), kind: 'line', runs: part })),
          ...details.flatMap(textPieces).map((text): Block => ({ kind: 'remark', text })),
        ]
      }
      case 'warning': {
        const [first = '', ...more] = textPieces(block.text)
        return [{ ...block, text: first }, ...more.map((text): Block => ({ kind: 'remark', text }))]
      }
      case 'remark':
        return textPieces(block.text).map((text) => ({ kind: 'remark', text }))
      default:
        return [block]
    }
  })
}

function lettersIn(parts: readonly (readonly Run[])[]): number {
  return parts.flat().reduce((sum, { text }) => sum + text.length, 0)
}

function runPieces(runs: readonly Run[]): (readonly Run[])[] {
  if (lettersIn([runs]) <= longest) return [runs]
  return runs.flatMap(({ text, strong }) => textPieces(text).map((piece) => [{ text: piece, strong }]))
}

/** Between words where there are any. */
function textPieces(text: string): string[] {
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
