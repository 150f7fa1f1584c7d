import { describe, expect, test } from 'vitest'
import type { LogRow } from './log-row.ts'
import { createQuarantine, type RememberedRow } from './quarantine.ts'

const place = { origin: 'london.1', seq: 7, document: 'chart/grete', keyId: 'k' }
const row: LogRow = {
  ...place,
  kind: 'entry',
  clock: 0,
  subject: 'Patient/grete',
  entryId: '',
  homeGroup: 'g',
  author: '',
  lamport: 1,
  epoch: 1,
  digest: new Uint8Array(),
  bytes: new Uint8Array(),
  hash: new Uint8Array(),
}
const damaged = (over: Partial<LogRow> = {}) => ({
  row: { ...row, ...over },
  plain: undefined,
  why: 'damaged' as const,
})
const readable = (over: Partial<LogRow> = {}) => ({ row: { ...row, ...over }, plain: new Uint8Array([1]) })

function start(known: RememberedRow[] = []) {
  const said: [string, object][] = []
  const remembered: RememberedRow[] = []
  const forgotten: string[] = []
  const quarantine = createQuarantine({
    known,
    memory: {
      put: async (one) => void remembered.push(one),
      forget: async (documents) => void forgotten.push(...documents),
    },
    now: () => new Date('2026-11-24T12:00:00Z'),
    warn: (message, detail) => void said.push([message, detail]),
    info: (message, detail) => void said.push([message, detail]),
  })
  return { quarantine, said, remembered, forgotten }
}

describe('quarantine', () => {
  test('QU1 what is logged names kind, origin and sequence, once, and never the document', () => {
    const { quarantine, said } = start()
    for (let i = 0; i < 3; i++) quarantine.read('entries', [damaged()])
    quarantine.read('entries', [readable()])
    expect(said.map(([, detail]) => detail)).toEqual(
      Array(2).fill({ line: 'entries', kind: 'chart', origin: 'london.1', seq: 7, reason: 'unreadable' }),
    )
    expect(JSON.stringify(said)).not.toContain('grete')
  })

  test('QU2 a document is in quarantine until the last of its rows can be read, and may have had a gap ever after', () => {
    const { quarantine, remembered } = start()
    quarantine.read('entries', [damaged(), damaged({ seq: 8 }), readable({ seq: 9 })])
    expect(quarantine.documents()).toEqual([
      {
        document: 'chart/grete',
        rows: [7, 8].map((seq) => ({
          origin: 'london.1',
          seq,
          reason: 'unreadable',
          since: '2026-11-24T12:00:00.000Z',
        })),
      },
    ])
    expect(quarantine.read('entries', [readable({ seq: 8 }), readable({ seq: 9 })])).toHaveLength(1)
    expect([quarantine.size(), quarantine.documentsUnder('k')]).toEqual([1, ['chart/grete']])
    expect(quarantine.read('entries', [readable()])).toHaveLength(1)
    expect([quarantine.size(), quarantine.hadGap('chart/grete'), quarantine.hadGap('chart/eve')]).toEqual([
      0,
      true,
      false,
    ])
    expect(quarantine.read('entries', [readable()])).toEqual([])
    // What is remembered brings it back as it was.
    const again = start(remembered.slice(-2)).quarantine
    expect([again.size(), again.hadGap('chart/grete')]).toEqual([0, true])
    expect(start(remembered.slice(0, 2)).quarantine.size()).toBe(1)
  })

  test('QU3 nobody waits for rows that have left the log, or for what was erased', () => {
    const { quarantine, forgotten } = start()
    quarantine.read('entries', [damaged(), damaged({ document: 'chart/eve', origin: 'nairobi.1' })])
    quarantine.cut('notes', 'london.1', 0)
    expect(quarantine.size()).toBe(2)
    quarantine.cut('entries', 'london.1', 7)
    expect(quarantine.size()).toBe(2)
    quarantine.cut('entries', 'london.1', 6)
    expect(quarantine.documents().map(({ document }) => document)).toEqual(['chart/eve'])
    quarantine.forget((document) => document === 'chart/eve')
    expect(quarantine.size()).toBe(0)
    expect(forgotten).toEqual(['chart/eve'])
  })
})
