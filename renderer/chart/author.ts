import type { Json, JsonObject } from '../../domain/entries/canonical.ts'
import { type CommittedEntry, type Entry, entrySchema, mergeRules } from '../../domain/entries/entry.ts'
import { nextLamport, type SubjectState, seenHeads } from '../../domain/entries/heads.ts'
import { codeSystem } from '../../domain/fhir/code-systems.ts'
import { decompose } from '../../domain/fhir/decompose.ts'
import { documentFor } from '../../domain/fhir/place.ts'
import type { FhirResource } from '../../domain/fhir/resource.ts'
import type { criticalities, severities } from '../../domain/fhir/value-sets.ts'
import { type Category, reactions } from './coded-terms.ts'
import { substanceNamed } from './duplicate-allergy.ts'
import { loincOf, type Measure } from './measures.ts'
import { withNote } from './note.ts'

/** Who states it, on which device, when. */
export type Author = {
  user: { id: string; name: string; role: string; organisation: string }
  device: string
  /** The next sequence number of this device. */
  nextDeviceSeq: () => number
  /** RFC 3339 with the device's offset. */
  now: string
  newId: () => string
}

/** What the author sees: entries by document, subjects. */
export type Seen = {
  entries: ReadonlyMap<string, readonly CommittedEntry[]>
  subjects: ReadonlyMap<string, SubjectState>
}

export type AllergyDraft = {
  substance: string
  /** The patient has none: nothing else is stated. */
  none: boolean
  reaction: string
  severity: (typeof severities)[number] | undefined
  criticality: (typeof criticalities)[number] | undefined
  verification: 'unconfirmed' | 'confirmed'
  note: string
}

/** An allergy as an entry of the patient's chart. A substance on the built-in list gets its code. */
export function authorAllergy(draft: AllergyDraft, patientId: string, seen: Seen, author: Author): Entry {
  if (draft.none) return entryOf(noAllergy(draft, patientId, author), patientId, seen, author)
  const substance = substanceNamed(draft.substance)
  const reaction = draft.reaction.trim()
  const coded = reactions.find(({ display }) => display.toLowerCase() === reaction.toLowerCase())
  const resource: FhirResource = {
    resourceType: 'AllergyIntolerance',
    id: author.newId(),
    clinicalStatus: concept(codeSystem.allergyClinical, 'active'),
    verificationStatus: concept(codeSystem.allergyVerification, draft.verification),
    ...(substance ? { category: [substance.category satisfies Category] } : {}),
    ...(draft.criticality ? { criticality: draft.criticality } : {}),
    code: substance
      ? named(codeSystem.snomed, substance.code, substance.display)
      : { text: draft.substance.trim() },
    patient: { reference: `Patient/${patientId}` },
    recordedDate: author.now,
    recorder: { display: author.user.name },
    ...(reaction === ''
      ? {}
      : {
          reaction: [
            {
              id: author.newId(),
              manifestation: [
                coded ? named(codeSystem.snomed, coded.code, coded.display) : { text: reaction },
              ],
              ...(draft.severity ? { severity: draft.severity } : {}),
            },
          ],
        }),
  }
  return entryOf(withNote(resource, draft.note, author), patientId, seen, author)
}

/** The statement that there is none, as it is coded: somebody asked. */
function noAllergy({ note }: AllergyDraft, patientId: string, author: Author): FhirResource {
  const resource: FhirResource = {
    resourceType: 'AllergyIntolerance',
    id: author.newId(),
    clinicalStatus: concept(codeSystem.allergyClinical, 'active'),
    verificationStatus: concept(codeSystem.allergyVerification, 'confirmed'),
    code: named(codeSystem.snomed, '716186003', 'No known allergy'),
    patient: { reference: `Patient/${patientId}` },
    recordedDate: author.now,
    recorder: { display: author.user.name },
  }
  return withNote(resource, note, author)
}

export type VitalsDraft = {
  /** RFC 3339 with the offset of the patient's zone. */
  at: string
  /** In the measure's own unit. */
  values: { [measure in Exclude<Measure, 'bloodPressure'>]?: number }
  bloodPressure?: { systolic: number; diastolic: number }
}

/** One entry for each measurement: each can be corrected or struck by itself; a blood pressure is one. */
export function authorVitals(
  draft: VitalsDraft,
  patientId: string,
  seen: Seen,
  author: Author,
): { entry: Entry; measure: Measure }[] {
  const observations: { measure: Measure; resource: FhirResource }[] = []
  const add = (measure: Measure, value: JsonObject) =>
    observations.push({ measure, resource: observation(measure, value, draft.at, patientId, author) })
  if (draft.bloodPressure) {
    const { systolic, diastolic } = draft.bloodPressure
    add('bloodPressure', {
      component: [
        {
          code: loinc('8480-6', 'Systolic blood pressure'),
          valueQuantity: quantity('bloodPressure', systolic),
        },
        {
          code: loinc('8462-4', 'Diastolic blood pressure'),
          valueQuantity: quantity('bloodPressure', diastolic),
        },
      ],
    })
  }
  for (const [measure, value] of Object.entries(draft.values) as [
    keyof typeof draft.values,
    number | undefined,
  ][])
    if (value !== undefined) add(measure, { valueQuantity: quantity(measure, value) })

  const entries: { entry: Entry; measure: Measure }[] = []
  let view = seen
  for (const { measure, resource } of observations) {
    const entry = entryOf(resource, patientId, view, author)
    entries.push({ entry, measure })
    view = withSeen(view, entry)
  }
  return entries
}

/** A resource as an entry that replaces exactly what its author sees of the same aspects. */
export function entryOf(resource: FhirResource, patientId: string, seen: Seen, author: Author): Entry {
  const { subject, aspects } = decompose(resource)
  const state = seen.subjects.get(subject)
  // A later statement follows the first one into its document.
  const first = state?.entries.values().next().value
  const document = first?.entry.document ?? documentFor(resource, patientId)
  return {
    schema: entrySchema,
    minReader: entrySchema,
    document,
    subject,
    aspects: Object.fromEntries(aspects) as { [aspect: string]: Json },
    supersedes: seenHeads(state, aspects.keys()),
    lamport: nextLamport(seen.entries.get(document) ?? []),
    ...statedBy(author),
  }
}

/** Who states an entry, on which device as its which one, when, and by which rules it merges. */
export function statedBy({ user, device, nextDeviceSeq, now }: Author) {
  return {
    author: { user: user.id, role: user.role, organisation: user.organisation },
    device,
    deviceSeq: nextDeviceSeq(),
    recordedAt: now,
    rules: mergeRules,
  } satisfies Partial<Entry>
}

/** The same after an entry of one's own that is not kept yet: the next one's Lamport number is higher. */
export function withSeen(seen: Seen, entry: Entry): Seen {
  const known = seen.entries.get(entry.document) ?? []
  return {
    ...seen,
    entries: new Map([...seen.entries, [entry.document, [...known, { id: '', entry, commits: [] }]]]),
  }
}

const displayOf: { readonly [measure in Measure]: string } = {
  bloodPressure: 'Blood pressure panel with all children optional',
  heartRate: 'Heart rate',
  oxygenSaturation: 'Oxygen saturation in Arterial blood by Pulse oximetry',
  temperature: 'Body temperature',
  respiratoryRate: 'Respiratory rate',
  weight: 'Body weight',
}

const ucumOf: { readonly [measure in Measure]: { code: string; unit: string } } = {
  bloodPressure: { code: 'mm[Hg]', unit: 'mmHg' },
  heartRate: { code: '/min', unit: '/min' },
  oxygenSaturation: { code: '%', unit: '%' },
  temperature: { code: 'Cel', unit: '°C' },
  respiratoryRate: { code: '/min', unit: '/min' },
  weight: { code: 'kg', unit: 'kg' },
}

function observation(
  measure: Measure,
  value: JsonObject,
  at: string,
  patientId: string,
  author: Author,
): FhirResource {
  const code = loinc(loincOf[measure][0]!, displayOf[measure])
  return {
    resourceType: 'Observation',
    id: author.newId(),
    status: 'final',
    category: [
      {
        coding: [
          {
            system: 'http://terminology.hl7.org/CodeSystem/observation-category',
            code: 'vital-signs',
            display: 'Vital Signs',
          },
        ],
      },
    ],
    // FHIR's vital signs profile knows pulse oximetry by the code of arterial saturation too.
    code:
      measure === 'oxygenSaturation'
        ? {
            coding: [
              ...code.coding,
              { system: codeSystem.loinc, code: '2708-6', display: 'Oxygen saturation in Arterial blood' },
            ],
          }
        : code,
    subject: { reference: `Patient/${patientId}` },
    effectiveDateTime: at,
    issued: author.now,
    performer: [{ display: author.user.name }],
    ...value,
  }
}

function concept(system: string, code: string) {
  return { coding: [{ system, code }] }
}

function named(system: string, code: string, display: string) {
  return { coding: [{ system, code, display }], text: display }
}

function loinc(code: string, display: string) {
  return { coding: [{ system: codeSystem.loinc, code, display }] }
}

function quantity(measure: Measure, value: number) {
  return { value, unit: ucumOf[measure].unit, system: codeSystem.ucum, code: ucumOf[measure].code }
}
