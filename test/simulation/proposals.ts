import { chartOf, journalOf } from '../../domain/documents/document-name.ts'
import { sha256Base64url } from '../../domain/entries/canonical.ts'
import { type Entry, isParsedEntry, parseEntry } from '../../domain/entries/entry.ts'
import type { Proposal } from '../../domain/wire/wire.ts'
import type { Identity } from '../../sync-server/identity/tokens.ts'

/**
 * What devices propose: invented statements about invented patients, made once for all seeds. Of each kind that a region
 * refuses there are some, which must be found nowhere in the end.
 */
export type Sample = {
  proposal: Proposal
  /** A region takes it, if it knows the patient. */
  isSound: boolean
  /** Without it nothing else is taken: no device gives it up. */
  isNeeded: boolean
}

export const group = 'frankfurt-general'

export const identity: Identity = {
  user: 'physician.frankfurt',
  name: 'physician',
  role: 'physician',
  organisation: 'Frankfurt General',
  region: 'frankfurt',
  homeGroups: [group],
  sources: [],
  expiresAt: Number.MAX_SAFE_INTEGER,
}

const patients = 3
const patientId = (patient: number) => `00000000-0000-4000-8000-00000000000${patient}`
const statementsOfEach = 160
const made = new Map<string, Sample>()

/** Who a patient is: what has to be known before anything else about the patient is taken. */
export const patientSample = (patient: number) =>
  remembered(`patient ${patient}`, () => ({ ...sampleOf(patientEntry(patient), true), isNeeded: true }))

/** The n-th statement about a patient. Every eighth is one that no region takes. */
export function statementSample(patient: number, n: number): Sample {
  return remembered(`${patient} ${n}`, () => {
    const entry = n % 3 === 0 ? vitals(patient, n) : allergy(patient, n)
    switch (n % 32) {
      case 7:
        return sampleOf({ ...entry, lamport: 2 ** 40 + n }, false)
      case 15:
        return sampleOf({ ...entry, author: { ...entry.author, user: 'somebody.else' } }, false)
      case 23: {
        const sample = sampleOf(entry, false)
        return { ...sample, proposal: { ...sample.proposal, id: sha256Base64url(`not ${patient} ${n}`) } }
      }
      case 31:
        return sampleOf({ ...entry, supersedes: [patientSample(patient).proposal.id] }, false)
      default:
        return sampleOf(entry, true)
    }
  })
}

export const sampleSize = { patients, statementsOfEach }
export const documentsOfPatient = (patient: number) => [
  chartOf(patientId(patient)),
  journalOf(patientId(patient), '2026'),
]

export const allDocuments = Array.from({ length: patients }, (_, patient) =>
  documentsOfPatient(patient),
).flat()

function remembered(key: string, make: () => Sample): Sample {
  const known = made.get(key)
  if (known) return known
  const sample = make()
  made.set(key, sample)
  return sample
}

function sampleOf(entry: Entry, isSound: boolean): Sample {
  const parsed = parseEntry(entry)
  if (!isParsedEntry(parsed)) throw new Error(parsed.detail)
  return { proposal: { id: parsed.id, text: parsed.canonical }, isSound, isNeeded: false }
}

function statement(document: string, subject: string, n: number, aspects: Entry['aspects']): Entry {
  return {
    schema: 1,
    minReader: 1,
    document,
    subject,
    aspects,
    supersedes: [],
    lamport: n + 1,
    author: { user: identity.user, role: identity.role, organisation: identity.organisation },
    device: 'simulated',
    deviceSeq: n,
    recordedAt: '2026-11-24T09:30:00+01:00',
    rules: 1,
  }
}

function patientEntry(patient: number): Entry {
  const id = patientId(patient)
  const identityAspect = { name: [{ family: `Muster ${patient}` }] }
  return statement(chartOf(id), `Patient/${id}`, 0, { identity: identityAspect })
}

function allergy(patient: number, n: number): Entry {
  const id = patientId(patient)
  return statement(chartOf(id), `AllergyIntolerance/allergy-${patient}-${n}`, n, {
    code: { code: { text: `Substance ${n}` } },
    rest: { patient: { reference: `Patient/${id}` } },
  })
}

function vitals(patient: number, n: number): Entry {
  const id = patientId(patient)
  return statement(journalOf(id, '2026'), `Observation/vitals-${patient}-${n}`, n, {
    status: { status: 'final' },
    value: {
      code: { text: 'Heart rate' },
      effectiveDateTime: '2026-02-03T08:00:00Z',
      valueQuantity: { value: 60 + (n % 40) },
    },
    rest: { subject: { reference: `Patient/${id}` } },
  })
}
