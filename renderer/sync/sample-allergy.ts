import type { Entry } from '../../domain/entries/entry.ts'

/** A statement about an allergy of its own for each number, for tests. */
export function sampleAllergy(n: number, patient = 'p1'): Entry {
  return {
    schema: 1,
    minReader: 1,
    document: `chart/${patient}`,
    subject: `AllergyIntolerance/a${n}`,
    aspects: { code: { text: `Substance ${n}` } },
    supersedes: [],
    lamport: n,
    author: { user: 'physician.nairobi', role: 'physician', organisation: 'Nairobi North Hospital' },
    device: 'd1',
    deviceSeq: n,
    recordedAt: '2026-11-24T03:00:00+03:00',
    rules: 1,
  }
}
