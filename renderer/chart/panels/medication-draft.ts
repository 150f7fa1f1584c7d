import { conceptText } from '../../../domain/display/concept.ts'
import { formatDate } from '../../../domain/display/dates.ts'
import { frequencyText } from '../../../domain/display/frequency.ts'
import { medicationLine, medicationName } from '../../../domain/display/medication-line.ts'
import type { Json, JsonObject } from '../../../domain/entries/canonical.ts'
import type { SubjectState } from '../../../domain/entries/heads.ts'
import { codeSystem } from '../../../domain/fhir/code-systems.ts'
import { resourceOf } from '../../../domain/fhir/present.ts'
import {
  asNumber,
  asObject,
  asObjects,
  asText,
  codeIn,
  type FhirResource,
} from '../../../domain/fhir/resource.ts'
import type { Author } from '../author.ts'
import { repeats } from '../medication-order.ts'
import { withNote } from '../note.ts'
import { type Aspects, shownGroup } from './change.ts'
import { doseUnit, doseUnits } from './dose-limits.ts'
import { atcSystem, drugIn } from './drug-known.ts'
import { timingOf } from './frequencies.ts'
import { isTouched } from './rebase.ts'
import { routes } from './routes.ts'
import { readDate } from './typed-date.ts'

/** What a form can make of an order; others (`draft`, `cancelled`, `unknown`) stay as long as nobody changes them. */
export const orderStatuses = ['active', 'on-hold', 'stopped', 'completed', 'entered-in-error'] as const

/** An order as typed, grouped by the aspects that it states. */
export type MedicationDraft = {
  dosage: {
    drug: string
    /** Number of one dose. */
    amount: string
    /** Label of a unit. */
    unit: string
    /** Label of a route. */
    route: string
    frequency: string
    asNeeded: boolean
    asNeededFor: string
    /** Day of the first dose, as typed. */
    start: string
    /** What else is to be observed, in the prescriber's words. */
    text: string
  }
  status: { status: string; reason: string }
  rest: { indication: string; note: string }
}

export const emptyMedication: MedicationDraft = {
  dosage: {
    drug: '',
    amount: '',
    unit: 'mg',
    route: '',
    frequency: '',
    asNeeded: false,
    asNeededFor: '',
    start: '',
    text: '',
  },
  status: { status: 'active', reason: '' },
  rest: { indication: '', note: '' },
}

/**
 * The order as a form shows it. Where the instruction is more than the fields can hold (several, a range, a rate), they
 * are empty: what is typed then replaces it whole.
 */
export function readMedication(resource: FhirResource): MedicationDraft {
  const [instruction] = asObjects(resource['dosageInstruction'])
  const status = asText(resource['status']) ?? ''
  return {
    dosage: {
      ...emptyMedication.dosage,
      ...(instruction && fitsForm(resource) ? typedOf(instruction, resource) : { unit: '' }),
      drug: medicationName(resource) ?? '',
    },
    status: { status, reason: conceptText(resource['statusReason']) ?? '' },
    rest: {
      indication: asObjects(resource['reasonCode'])
        .flatMap((reason) => conceptText(reason) ?? [])
        .join(', '),
      note: '',
    },
  }
}

/** Can the form's fields say what the order says? */
export function fitsForm(resource: FhirResource): boolean {
  const instructions = asObjects(resource['dosageInstruction'])
  if (instructions.length > 1) return false
  const amounts = asObjects(instructions[0]?.['doseAndRate'])
  return (
    amounts.length <= 1 &&
    amounts.every((one) => Object.keys(one).every((key) => ['id', 'type', 'doseQuantity'].includes(key)))
  )
}

function typedOf(instruction: JsonObject, resource: FhirResource): Partial<MedicationDraft['dosage']> {
  const quantity = asObject(asObjects(instruction['doseAndRate'])[0]?.['doseQuantity'])
  const value = asNumber(quantity?.['value'])
  const timing = instruction['timing']
  const start = asText(asObject(asObject(asObject(timing)?.['repeat'])?.['boundsPeriod'])?.['start'])
  return {
    amount: value === undefined ? '' : String(value),
    unit: unitLabel(quantity),
    route: routeLabel(instruction['route']),
    frequency: (timing === undefined ? undefined : frequencyText({ timing })) ?? '',
    asNeeded: instruction['asNeededBoolean'] === true || 'asNeededCodeableConcept' in instruction,
    asNeededFor: conceptText(instruction['asNeededCodeableConcept']) ?? '',
    start: start === undefined ? '' : formatDate(start).slice(0, 11),
    text: repeatsItself(resource) ? '' : (asText(instruction['text']) ?? ''),
  }
}

/** Do the prescriber's words only repeat the fields? Then they follow them. */
function repeatsItself(resource: FhirResource): boolean {
  const [line] = medicationLine({ ...resource, resourceType: 'MedicationRequest' }).dosages
  return line !== undefined && repeats(line)
}

function unitLabel(quantity: JsonObject | undefined): string {
  const code = asText(quantity?.['code'])
  const known = doseUnits.find((unit) => unit.code === code)
  return known?.label ?? asText(quantity?.['unit']) ?? code ?? ''
}

function routeLabel(route: Json | undefined): string {
  const code = codeIn(route, codeSystem.snomed)
  return routes.find((one) => one.code === code)?.label ?? conceptText(route) ?? ''
}

/** A new order. What was typed has been checked; `today` is a FHIR date of the patient's zone. */
export function newMedication(
  draft: MedicationDraft,
  patientId: string,
  today: string,
  author: Pick<Author, 'user' | 'now' | 'newId'>,
): FhirResource {
  const { indication, note } = draft.rest
  const resource: FhirResource = {
    resourceType: 'MedicationRequest',
    id: author.newId(),
    status: draft.status.status,
    ...(draft.status.reason.trim() === '' ? {} : { statusReason: { text: draft.status.reason.trim() } }),
    intent: 'order',
    medicationCodeableConcept: medicationConcept(draft.dosage.drug.trim()),
    subject: { reference: `Patient/${patientId}` },
    authoredOn: author.now,
    requester: { display: author.user.name },
    ...(indication.trim() === '' ? {} : { reasonCode: [{ text: indication.trim() }] }),
    dosageInstruction: [instructionOf(draft.dosage, undefined, {}, today)],
  }
  return withNote(resource, note, author)
}

function medicationConcept(text: string): JsonObject {
  const drug = drugIn(text)
  return drug
    ? { coding: [{ system: atcSystem, code: drug.atc, display: drug.display.toLowerCase() }], text }
    : { text }
}

/** The aspects that a changed form states: only those whose part was touched. */
export function changedMedication(
  draft: MedicationDraft,
  base: MedicationDraft,
  state: SubjectState,
  today: string,
  author: Pick<Author, 'user' | 'now'>,
): Aspects {
  const aspects: Aspects = {}
  if (isTouched(draft, base, 'status')) {
    const { statusReason: _was, ...status } = shownGroup(state, 'status')
    const reason = draft.status.reason.trim()
    aspects['status'] = {
      ...status,
      status: draft.status.status,
      ...(reason === '' ? {} : { statusReason: { text: reason } }),
    }
  }
  if (isTouched(draft, base, 'dosage')) {
    const dosage = shownGroup(state, 'dosage')
    const original = fitsForm(resourceOf(state)) ? asObjects(dosage['dosageInstruction'])[0] : undefined
    const instruction = instructionOf(draft.dosage, original && base.dosage, original ?? {}, today)
    aspects['dosage'] = { ...dosage, dosageInstruction: [instruction] }
  }
  if (isTouched(draft, base, 'rest'))
    aspects['rest'] = withNote(shownGroup(state, 'rest'), draft.rest.note, author)
  return aspects
}

/**
 * A dosage instruction as typed. Of an instruction that was there, each element that the author did not touch stays as
 * it was; the prescriber's words that only repeated the fields go.
 */
function instructionOf(
  typed: MedicationDraft['dosage'],
  before: MedicationDraft['dosage'] | undefined,
  original: JsonObject,
  today: string,
): JsonObject {
  const touched = (...fields: (keyof typeof typed)[]) =>
    before === undefined || fields.some((field) => typed[field] !== before[field])
  const next: JsonObject = { ...original }
  const put = (element: string, value: Json | undefined) => {
    if (value === undefined) delete next[element]
    else next[element] = value
  }
  if (touched('amount', 'unit')) put('doseAndRate', doseAndRate(typed, original))
  if (touched('route')) put('route', routeConcept(typed.route))
  if (touched('frequency', 'start')) put('timing', timing(typed, before, original, today))
  if (touched('asNeeded', 'asNeededFor')) {
    delete next['asNeededBoolean']
    delete next['asNeededCodeableConcept']
    const reason = typed.asNeededFor.trim()
    if (typed.asNeeded && reason !== '') next['asNeededCodeableConcept'] = { text: reason }
    else next['asNeededBoolean'] = typed.asNeeded
  }
  put('text', typed.text.trim() === '' ? undefined : typed.text.trim())
  return next
}

function doseAndRate(typed: MedicationDraft['dosage'], original: JsonObject): Json | undefined {
  if (typed.amount.trim() === '') return undefined
  const known = doseUnit(typed.unit)
  const [before] = asObjects(original['doseAndRate'])
  const was = asObject(before?.['doseQuantity'])
  return [
    {
      ...before,
      doseQuantity: {
        value: Number(typed.amount.trim().replace(',', '.')),
        ...(known
          ? { unit: known.label, system: codeSystem.ucum, code: known.code }
          : // A unit that is not on the list was there before: only its number is another.
            unitOf(was)),
      },
    },
  ]
}

function unitOf({ unit, system, code }: JsonObject = {}): JsonObject {
  return {
    ...(unit === undefined ? {} : { unit }),
    ...(system === undefined ? {} : { system }),
    ...(code === undefined ? {} : { code }),
  }
}

function routeConcept(label: string): Json | undefined {
  const known = routes.find((route) => route.label === label)
  if (!known) return label.trim() === '' ? undefined : { text: label.trim() }
  return { coding: [{ system: codeSystem.snomed, code: known.code, display: known.display }], text: label }
}

function timing(
  typed: MedicationDraft['dosage'],
  before: MedicationDraft['dosage'] | undefined,
  original: JsonObject,
  today: string,
): Json | undefined {
  const start = readDate(typed.start, today)
  const date = typeof start === 'object' ? start.date : undefined
  const was = asObject(original['timing'])
  const { boundsPeriod: _was, ...rest } = asObject(was?.['repeat']) ?? {}
  if (before === undefined || typed.frequency !== before.frequency)
    return timingOf(typed.frequency, date, lengthOf(rest))
  const bounds = date === undefined ? {} : { boundsPeriod: { start: date } }
  const next = { ...rest, ...bounds }
  return { ...was, ...(Object.keys(next).length > 0 ? { repeat: next } : {}) }
}

/** How long each dose runs: it stays when doses come more or less often. */
function lengthOf({ duration, durationMax, durationUnit }: JsonObject): JsonObject {
  return {
    ...(duration === undefined ? {} : { duration }),
    ...(durationMax === undefined ? {} : { durationMax }),
    ...(durationUnit === undefined ? {} : { durationUnit }),
  }
}
