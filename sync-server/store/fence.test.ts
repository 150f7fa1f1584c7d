import { expect, test } from 'vitest'
import { createFence, type FenceDeps } from './fence.ts'
import { type Line, lines } from './line.ts'

const hash = (n: number) => new Uint8Array(32).fill(n)

/** Two lines that stand at row 10 of `frankfurt.1`, each row with a hash of its own. */
function fenced({ fails = 0, inLog = [] as string[] } = {}) {
  const origins: { [line in Line]: string } = { entries: 'frankfurt.1', notes: 'frankfurt.1' }
  const leaves: ((origin: string) => Promise<void>)[] = []
  let left = fails
  const log = (line: Line) => ({
    writer: {
      origin: () => origins[line],
      head: () => ({ seq: origins[line] === 'frankfurt.1' ? 10 : 0, hash: hash(10) }),
    },
    async beginIncarnation(origin: string) {
      if (line === 'notes' && left-- > 0) throw new Error('the database does not answer')
      origins[line] = origin
    },
    flushed: () => new Map(inLog.map((strand) => [strand, 1])),
    ends: { leaveBy: (leave: (origin: string) => Promise<void>) => void leaves.push(leave) },
  })
  const logs = { entries: log('entries'), notes: log('notes') } as unknown as FenceDeps['logs']
  const warnings: string[] = []
  const fence = createFence({
    region: 'frankfurt',
    logs,
    hashAt: async (_, __, seq) => hash(seq),
    warn: (_, detail) => void warnings.push((detail as { because: string }).because),
  })
  return { fence, origins, warnings, leave: leaves[0]! }
}

const one = (strand: string, seq: number) => new Map([[strand, seq]])
const at = (strand: string, n: number) => new Map([[strand, hash(n)]])

test('ST40 another row at a place that both have fences the own origin at once, in both lines', async () => {
  const { fence, origins, warnings } = fenced()
  await fence.heard(one('frankfurt.1', 10), at('frankfurt.1', 10))
  await fence.heard(one('frankfurt.1', 4), at('frankfurt.1', 4))
  await fence.heard(one('frankfurt.1', 4))
  await fence.heard(one('london.1', 4), at('london.1', 99))
  expect(origins).toEqual({ entries: 'frankfurt.1', notes: 'frankfurt.1' })
  await fence.heard(one('frankfurt.1/notes', 4), at('frankfurt.1/notes', 99))
  expect(origins).toEqual({ entries: 'frankfurt.2', notes: 'frankfurt.2' })
  expect(warnings).toEqual(['somebody holds another history of this region'])
})

test('ST41 an incarnation that could be begun in one line only is begun in the other as soon as it can', async () => {
  const { fence, origins } = fenced({ fails: 2 })
  await expect(fence.heard(one('frankfurt.1', 11))).rejects.toThrow()
  expect(origins).toEqual({ entries: 'frankfurt.2', notes: 'frankfurt.1' })
  await expect(fence.heard(one('london.1', 1))).rejects.toThrow()
  await fence.heard(one('london.1', 1))
  expect(lines.map((line) => origins[line])).toEqual(['frankfurt.2', 'frankfurt.2'])
  await fence.heard(one('frankfurt.2', 0))
  expect(lines.map((line) => origins[line])).toEqual(['frankfurt.2', 'frankfurt.2'])
})

test('ST42 the own origin is left when it has ended, and a later one is not', async () => {
  const { origins, leave } = fenced({ inLog: ['frankfurt.3/notes', 'london.8'] })
  await leave('frankfurt.1')
  // Above every incarnation that the log has rows of.
  expect(lines.map((line) => origins[line])).toEqual(['frankfurt.4', 'frankfurt.4'])
  await leave('frankfurt.1')
  expect(lines.map((line) => origins[line])).toEqual(['frankfurt.4', 'frankfurt.4'])
})
