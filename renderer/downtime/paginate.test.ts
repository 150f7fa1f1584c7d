import fc from 'fast-check'
import { expect, test } from 'vitest'
import { divideLong } from './divide.ts'
import { paginate } from './paginate.ts'
import { type Block, lineOf } from './sheet.ts'
import { textOf } from './sheet-text.ts'

const room = 100
const blocksOf = fc.array(fc.record({ heading: fc.boolean(), height: fc.integer({ min: 1, max: 40 }) }), {
  maxLength: 60,
})

test('DP12 every block is on exactly one page, in order; no page is fuller than it can be; no heading stands alone at a foot', () => {
  fc.assert(
    fc.property(blocksOf, (blocks) => {
      const pages = paginate(blocks, room)
      expect(pages.flatMap((page) => page.blocks)).toEqual(blocks.map((_, at) => at))
      for (const [at, page] of pages.entries()) {
        const places = [...(page.continued === undefined ? [] : [page.continued]), ...page.blocks]
        expect(places.reduce((sum, place) => sum + (blocks[place]?.height ?? 0), 0)).toBeLessThanOrEqual(room)
        const last = page.blocks.at(-1)
        const followed = last !== undefined && blocks[last + 1]?.heading === false
        if (at < pages.length - 1 && followed) expect(blocks[last]?.heading).not.toBe(true)
      }
    }),
  )
})

test('DP13 a section that goes on repeats its heading, and what is higher than a page has one to itself, uncut', () => {
  const heading = { heading: true, height: 10 }
  const line = { heading: false, height: 40 }
  expect(paginate([heading, line, line, line], room)).toEqual([
    { blocks: [0, 1, 2], continued: undefined },
    { blocks: [3], continued: 0 },
  ])
  expect(paginate([line, line, heading, line], room)).toEqual([
    { blocks: [0, 1], continued: undefined },
    { blocks: [2, 3], continued: undefined },
  ])
  expect(paginate([line, { heading: false, height: 900 }, line], room)).toEqual([
    { blocks: [0], continued: undefined },
    { blocks: [1], continued: undefined },
    { blocks: [2], continued: undefined },
  ])
  expect(paginate([], room)).toEqual([{ blocks: [], continued: undefined }])
})

test('DP14 a text longer than a page is divided between words where there are any, and no letter is lost', () => {
  const letters = (blocks: readonly Block[]) => textOf(blocks).join('').replaceAll(/[\s|]/g, '')
  const words = fc.array(fc.string({ minLength: 1, maxLength: 1500 }), { minLength: 1, maxLength: 4 })
  fc.assert(
    fc.property(words, words, (names, details) => {
      const before: Block[] = [
        {
          kind: 'line',
          ...lineOf(names.join(' '), { details, beside: [[{ text: names[0] ?? '', strong: false }]] }),
        },
        { kind: 'warning', title: 'T', text: details.join(' ') },
      ]
      const after = divideLong(before)
      expect(letters(after)).toBe(letters(before))
      for (const text of textOf(after)) expect(text.length).toBeLessThanOrEqual(1500)
    }),
  )
})
