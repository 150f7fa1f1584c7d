import { randomUUID } from 'node:crypto'
import { chartOf, journalOf, noticesOf } from '../../domain/documents/document-name.ts'
import { type Entry, entrySchema, isParsedEntry, mergeRules, parseEntry } from '../../domain/entries/entry.ts'
import type { Draft } from './ports.ts'

/** Drafts for tests: invented patients with statements about them, every id new. */
export function createDrafts(homeGroup: string, author = samplePhysician) {
  let deviceSeq = 0

  function draft(
    document: string,
    subject: string,
    aspects: Entry['aspects'],
    over: Partial<Entry> = {},
  ): Draft {
    deviceSeq += 1
    return draftOf(
      {
        schema: entrySchema,
        minReader: entrySchema,
        document,
        subject,
        aspects,
        supersedes: [],
        lamport: deviceSeq,
        author,
        device: 'test-device',
        deviceSeq,
        recordedAt: '2026-11-24T09:30:00+01:00',
        rules: mergeRules,
        ...over,
      },
      homeGroup,
    )
  }

  function newPatient(family = 'Muster', id: string = randomUUID()) {
    const document = chartOf(id)
    const reference = { reference: `Patient/${id}` }
    const identity = (name: string) => ({
      identity: {
        name: [{ use: 'official', family: name, given: ['Ada'] }],
        birthDate: '1971-03-05',
        gender: 'female',
        identifier: [{ system: 'urn:meridian:test', value: id.slice(0, 8) }],
      },
    })
    const patient = draft(document, `Patient/${id}`, identity(family))
    return {
      id,
      document,
      patient,
      renamed: (name: string, over?: Partial<Entry>) =>
        draft(document, `Patient/${id}`, identity(name), { supersedes: [patient.id], ...over }),
      allergy: (over?: Partial<Entry>) =>
        draft(document, `AllergyIntolerance/${randomUUID()}`, allergyAspects(reference), over),
      vitals: (year: string, over?: Partial<Entry>) =>
        draft(
          journalOf(id, year),
          `Observation/${randomUUID()}`,
          {
            status: { status: 'final' },
            value: {
              code: { coding: [{ system: 'http://loinc.org', code: '8867-4', display: 'Heart rate' }] },
              ...(year === 'undated' ? {} : { effectiveDateTime: `${year}-02-03T08:00:00Z` }),
              valueQuantity: { value: 72, unit: '/min', system: 'http://unitsofmeasure.org', code: '/min' },
            },
            rest: { subject: reference },
          },
          over,
        ),
      notice: (over?: Partial<Entry>) =>
        draft(noticesOf(id), `AllergyIntolerance/${randomUUID()}`, allergyAspects(reference), over),
    }
  }

  return { draft, newPatient, newNote: () => `note/${randomUUID()}` }
}

export const samplePhysician: Entry['author'] = {
  user: 'physician.frankfurt',
  role: 'physician',
  organisation: 'Frankfurt General',
}

/** A draft of an entry that a test has put together. Throws if the entry is none. */
function draftOf(entry: Entry, homeGroup: string): Draft {
  const parsed = parseEntry(entry)
  if (!isParsedEntry(parsed)) throw new Error(parsed.detail)
  return { ...parsed, homeGroup }
}

function allergyAspects(patient: { reference: string }): Entry['aspects'] {
  return {
    code: {
      code: { coding: [{ system: 'http://snomed.info/sct', code: '764146007', display: 'Penicillin' }] },
    },
    criticality: { criticality: 'high' },
    rest: { patient },
  }
}
