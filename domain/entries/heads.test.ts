import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { committed, stateOf } from '../testing/committed.ts'
import type { CommittedEntry } from './entry.ts'
import { nextLamport, type Subjects, seenHeads, subjectsOf } from './heads.ts'

/** A history over three subjects in which each entry supersedes some that came before it. */
const history = fc
  .array(
    fc.record({
      subject: fc.constantFrom('Condition/1', 'Condition/2', 'AllergyIntolerance/1'),
      aspects: fc.uniqueArray(fc.constantFrom('status', 'rest', 'code'), { minLength: 1 }),
      supersedes: fc.uniqueArray(fc.nat({ max: 20 }), { maxLength: 3 }),
      lamport: fc.integer({ min: 1, max: 5 }),
      value: fc.nat({ max: 3 }),
      commits: fc.uniqueArray(fc.constantFrom('frankfurt.1', 'london.1', 'nairobi.2'), { minLength: 1 }),
    }),
    { maxLength: 20 },
  )
  .map((steps) => {
    const entries: CommittedEntry[] = []
    for (const [at, { aspects, supersedes, value, commits, ...step }] of steps.entries())
      entries.push(
        committed({
          ...step,
          deviceSeq: at,
          aspects: Object.fromEntries(aspects.map((aspect) => [aspect, value])),
          supersedes: [...new Set(supersedes.flatMap((s) => entries[s]?.id ?? []))],
          commits: commits.map((origin) => ({ origin, seq: at + 1, epoch: 1 })),
        }),
      )
    return entries
  })

/** One commit of an entry at a time, as regions hear of it. */
const apart = (entries: CommittedEntry[]) =>
  entries.flatMap((entry) => entry.commits.map((commit) => ({ ...entry, commits: [commit] })))

const plain = (subjects: Subjects) =>
  [...subjects]
    .map(([subject, state]) => ({
      subject,
      entries: [...state.entries].sort(([a], [b]) => (a < b ? -1 : 1)),
      heads: [...state.heads].sort(([a], [b]) => (a < b ? -1 : 1)),
    }))
    .sort((a, b) => (a.subject < b.subject ? -1 : 1))

describe('heads', () => {
  it('CM4 are a function of the set of entries: any order, repetition and grouping gives the same', () => {
    fc.assert(
      fc.property(history, fc.infiniteStream(fc.nat()), (entries, random) => {
        const told = apart(entries)
        const shuffled = [...told, ...told.filter((_, at) => at % 3 === 0)]
          .map((entry) => ({ entry, at: random.next().value as number }))
          .sort((a, b) => a.at - b.at)
          .map(({ entry }) => entry)
        expect(plain(subjectsOf(shuffled))).toEqual(plain(subjectsOf(entries)))
      }),
    )
  })

  it('CM1 are the entries about an aspect that no other entry about it and its subject supersedes', () => {
    fc.assert(
      fc.property(history, (entries) => {
        for (const [subject, state] of subjectsOf(entries))
          for (const aspect of ['status', 'rest', 'code']) {
            const about = entries.filter((e) => e.entry.subject === subject && aspect in e.entry.aspects)
            const heads = about.filter((e) => !about.some((o) => o.entry.supersedes.includes(e.id)))
            expect(new Set(state.heads.get(aspect)?.map((e) => e.id))).toEqual(
              new Set(heads.map((e) => e.id)),
            )
            // Somebody is always right: of what was said, something stands.
            if (about.length > 0) expect(heads.length).toBeGreaterThan(0)
          }
      }),
    )
  })

  it('CM2 the head shown first has the highest Lamport number, then the highest id; the clock has no say', () => {
    const at = (lamport: number, recordedAt: string, deviceSeq = 1) =>
      committed({ aspects: { status: lamport }, lamport, recordedAt, deviceSeq })
    const late = at(1, '2099-01-01T00:00:00Z')
    const early = at(2, '1999-01-01T00:00:00Z')
    expect(
      stateOf([late, early])
        .heads.get('status')
        ?.map((e) => e.id),
    ).toEqual([early.id, late.id])
    const ties = [1, 2, 3, 4].map((deviceSeq) => at(7, '2026-01-01T00:00:00Z', deviceSeq))
    const ids = ties.map((e) => e.id).sort()
    expect(
      stateOf(ties)
        .heads.get('status')
        ?.map((e) => e.id),
    ).toEqual(ids.reverse())
  })

  it('CM1 supersession counts for the aspects of the later entry alone', () => {
    const first = committed({ aspects: { status: 1, criticality: 1 } })
    const second = committed({ aspects: { status: 2 }, supersedes: [first.id], lamport: 2 })
    const { heads } = stateOf([first, second])
    expect(heads.get('status')).toEqual([second])
    expect(heads.get('criticality')).toEqual([first])
    expect(seenHeads(stateOf([first, second]), ['status', 'criticality', 'other'])).toEqual(
      [first.id, second.id].sort(),
    )
    expect(seenHeads(undefined, ['status'])).toEqual([])
    expect(nextLamport([first, second])).toBe(3)
    expect(nextLamport([])).toBe(1)
  })

  it('CM4 commits of one entry are joined, each once, in one order', () => {
    const entry = committed({ aspects: { status: 1 } })
    const f = { origin: 'frankfurt.1', seq: 9, epoch: 1 }
    const l = { origin: 'london.1', seq: 2, epoch: 1 }
    const state = stateOf([
      { ...entry, commits: [l] },
      { ...entry, commits: [f, l] },
    ])
    expect(state.entries.get(entry.id)?.commits).toEqual([f, l])
    expect(state.heads.get('status')?.[0]?.commits).toEqual([f, l])
  })
})
