import { allergySummary } from '../../../domain/display/allergies.ts'
import { formatDate, formatTime } from '../../../domain/display/dates.ts'
import { bloodPressureOf } from '../../../domain/display/observation-value.ts'
import { type Entry, parseSubject } from '../../../domain/entries/entry.ts'
import { type SubjectState, subjectsOf } from '../../../domain/entries/heads.ts'
import { resourceOf } from '../../../domain/fhir/present.ts'
import { asNumber, asObject, asObjects, asText, type FhirResource } from '../../../domain/fhir/resource.ts'
import { criticalities, severities } from '../../../domain/fhir/value-sets.ts'
import type { AllergyDraft } from '../author.ts'
import { measureOf } from '../measures.ts'
import type { PatientRecord } from '../record.ts'
import { noVitals, type VitalsTyped } from '../vitals-form.ts'
import { zonedDateTime } from '../zoned-time.ts'
import { type AllergyChange, readAllergy } from './allergy-change.ts'
import { type MedicationDraft, readMedication } from './medication-draft.ts'
import type { Panel } from './panel.ts'
import { type ProblemDraft, readProblem } from './problem-draft.ts'

/**
 * The panel in which a change that was not accepted is edited, filled with its values. What is on the chart opens in the
 * panel that changes it, with the chart as it is now beneath; what is not opens as new.
 */
export function panelFor(id: string, entry: Entry, record: PatientRecord, timeZone: string): Panel {
  const { subject } = entry
  const state = record.subjects.get(subject)
  const filled = stateWith(state, entry)
  return {
    ...(state ? changeOnChart(entry, state, filled) : anew(subject, filled, timeZone)),
    edits: id,
  }
}

const noForm = { what: 'noForm', why: 'unknown' } as const

function changeOnChart(entry: Entry, state: SubjectState, filled: SubjectState): Panel {
  const { subject } = entry
  const resource = resourceOf(filled)
  switch (parseSubject(subject)?.type) {
    case 'AllergyIntolerance':
      return { what: 'changeAllergy', subject, refused: { entry, draft: allergyDraft(filled, state, entry) } }
    case 'MedicationRequest':
      return {
        what: 'changeMedication',
        subject,
        refused: { entry, draft: medicationDraft(resource, state) },
      }
    case 'Condition':
      return {
        what: 'changeProblem',
        subject,
        refused: { entry, draft: problemDraft(resource, state, entry) },
      }
    case 'Observation':
      return correctionOf(entry, state, filled) ?? noForm
    default:
      return noForm
  }
}

function anew(subject: string, filled: SubjectState, timeZone: string): Panel {
  const resource = resourceOf(filled)
  switch (parseSubject(subject)?.type) {
    case 'AllergyIntolerance':
      return { what: 'addAllergy', filled: newAllergy(resource) }
    case 'MedicationRequest': {
      const draft = readMedication(resource)
      return { what: 'addMedication', filled: { ...draft, rest: { ...draft.rest, note: newNote(resource) } } }
    }
    case 'Condition': {
      const draft = readProblem(resource)
      return { what: 'addProblem', filled: { ...draft, rest: { ...draft.rest, note: newNote(resource) } } }
    }
    case 'Observation': {
      const typed = vitalsTyped(filled, resource, timeZone)
      return typed ? { what: 'vitals', filled: typed } : noForm
    }
    default:
      return noForm
  }
}

/** A reading that would have been marked as entered in error; nothing for any other change of an observation. */
function correctionOf(entry: Entry, state: SubjectState, filled: SubjectState): Panel | undefined {
  const { subject } = entry
  const marked = asText(resourceOf(filled)['status']) === 'entered-in-error' && 'status' in entry.aspects
  const resource = resourceOf(state)
  if (!marked || !measureOf({ subject, resource, state, mine: [], onItsWay: false })) return undefined
  const draft = { wrong: { subjects: [subject] }, why: { reason: entry.reason ?? '' } }
  return { what: 'correctVitals', subjects: [subject], refused: { entry, draft } }
}

/** The subject as it would be if the change had been accepted over what is on the chart now. */
function stateWith(state: SubjectState | undefined, entry: Entry): SubjectState {
  const known = [...(state?.entries.values() ?? [])]
  const heads = [...(state?.heads.values() ?? [])].flat().map(({ id }) => id)
  const over: Entry = { ...entry, supersedes: [...new Set(heads)] }
  const [made] = subjectsOf([...known, { id: 'refused', entry: over, commits: [] }]).values()
  if (!made) throw new TypeError('an entry makes a subject')
  return made
}

function medicationDraft(resource: FhirResource, state: SubjectState): MedicationDraft {
  const draft = readMedication(resource)
  return { ...draft, rest: { ...readMedication(resourceOf(state)).rest, note: newNote(resource, state) } }
}

function problemDraft(resource: FhirResource, state: SubjectState, entry: Entry): ProblemDraft {
  const draft = readProblem(resource)
  return {
    status: { ...draft.status, reason: entry.reason ?? '' },
    rest: { ...draft.rest, note: newNote(resource, state) },
  }
}

function allergyDraft(filled: SubjectState, state: SubjectState, entry: Entry): AllergyChange {
  const draft = readAllergy(filled)
  const before = readAllergy(state).reaction.list
  const wanted = new Map(draft.reaction.list.map((one) => [one.aspect, one]))
  return {
    ...draft,
    status: { ...draft.status, reason: entry.reason ?? '' },
    reaction: {
      list: [
        ...before.map((one) => wanted.get(one.aspect) ?? { ...one, gone: true }),
        ...draft.reaction.list
          .filter((one) => !before.some(({ aspect }) => aspect === one.aspect))
          .map((one) => ({ ...one, aspect: undefined })),
      ],
    },
    rest: { note: newNote(resourceOf(filled), state) },
  }
}

/** The last note of a resource that the chart does not show. */
function newNote(resource: FhirResource, state?: SubjectState): string {
  const shown = state ? asObjects(resourceOf(state)['note']).length : 0
  const notes = asObjects(resource['note'])
  return notes.length > shown ? (asText(notes.at(-1)?.['text']) ?? '') : ''
}

function newAllergy(resource: FhirResource): AllergyDraft {
  const summary = allergySummary(resource)
  const [reaction] = summary.reactions
  return {
    substance: summary.negation ? '' : (summary.substance ?? ''),
    none: summary.negation,
    reaction: reaction?.manifestations.join(', ') ?? '',
    severity: severities.find((one) => one === reaction?.severity),
    criticality: criticalities.find((one) => one === summary.criticality),
    verification: summary.verificationStatus === 'confirmed' ? 'confirmed' : 'unconfirmed',
    note: newNote(resource),
  }
}

/** A measurement as it was typed; nothing for an observation that is none of those that the panel takes. */
function vitalsTyped(state: SubjectState, resource: FhirResource, timeZone: string): VitalsTyped | undefined {
  const measure = measureOf({ subject: state.subject, resource, state, mine: [], onItsWay: false })
  const at = asText(resource['effectiveDateTime'])
  if (!measure || at === undefined || Number.isNaN(Date.parse(at))) return undefined
  const wall = zonedDateTime(Date.parse(at), timeZone)
  const typed = { ...noVitals, date: formatDate(wall), time: formatTime(wall) ?? '' }
  if (measure === 'bloodPressure') {
    const pressure = bloodPressureOf(resource)
    return pressure?.systolic === undefined || pressure.diastolic === undefined
      ? undefined
      : { ...typed, systolic: String(pressure.systolic), diastolic: String(pressure.diastolic) }
  }
  const value = asNumber(asObject(resource['valueQuantity'])?.['value'])
  return value === undefined ? undefined : { ...typed, [measure]: String(value) }
}
