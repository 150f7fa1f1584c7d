import { asObject, asObjects, type FhirResource } from '../../../domain/fhir/resource.ts'
import { type AmountProblem, type DoseDoubt, doseUnit, doubtsAbout, readAmount } from './dose-limits.ts'
import { drugIn } from './drug-known.ts'
import { frequencyNamed } from './frequencies.ts'
import { fitsForm, type MedicationDraft, orderStatuses } from './medication-draft.ts'
import { isTouched } from './rebase.ts'
import { isBefore, readDate } from './typed-date.ts'

export type MedicationField = 'drug' | 'amount' | 'unit' | 'route' | 'frequency' | 'start' | 'reason'
export type MedicationProblem = AmountProblem | { problem: 'missing' | 'date' | 'beforeBirth' | 'reason' }

export type MedicationDoubt =
  | DoseDoubt
  /** No dose at all. */
  | { doubt: 'noDose' }
  /** Five times the dose before, or a fifth of it. */
  | { doubt: 'jump'; before: string; after: string }
  /** Words of the prescriber that stay beside another dose. */
  | { doubt: 'text'; text: string }
  /** A most per day that stays beside another dose. */
  | { doubt: 'most' }
  | { doubt: 'startFar' }

export type MedicationChecked = {
  /** What cannot be: nothing is saved. */
  problems: { [field in MedicationField]?: MedicationProblem }
  /** What can be and is rare: saved after a yes. */
  doubts: MedicationDoubt[]
}

/** Days from which a start is asked about, in ms. */
const farMs = 366 * 86_400_000
/** A dose that is so many times the one before is asked about. */
const jump = 5

/**
 * Checks an order as typed. `before`: the order as it stands, for a change; then only what the author touched is checked.
 * `today` is a FHIR date of the patient's zone, `born` one too.
 */
export function checkMedication(
  draft: MedicationDraft,
  about: {
    today: string
    adult: boolean
    born: string | undefined
    before?: { draft: MedicationDraft; resource: FhirResource }
  },
): MedicationChecked {
  const { dosage, status } = draft
  const { before } = about
  const problems: MedicationChecked['problems'] = {}
  const doubts: MedicationDoubt[] = []
  if (dosage.drug.trim() === '') problems.drug = { problem: 'missing' }
  if (!before || isTouched(draft, before.draft, 'status')) checkStatus(status, before !== undefined, problems)
  if (before && !isTouched(draft, before.draft, 'dosage')) return { problems, doubts }

  const unit = doseUnit(dosage.unit)
  const amount = dosage.amount.trim() === '' ? undefined : readAmount(dosage.amount, unit)
  if (typeof amount === 'object') problems.amount = amount
  if (amount === undefined) doubts.push({ doubt: 'noDose' })
  else if (dosage.unit === '') problems.unit = { problem: 'missing' }
  // An order that never had a route may go on without one; one that is replaced whole may not lose it.
  const hadNoRoute = before?.draft.dosage.route === '' && fitsForm(before.resource)
  if (dosage.route.trim() === '' && !hadNoRoute) problems.route = { problem: 'missing' }
  if (dosage.frequency.trim() === '' && !dosage.asNeeded) problems.frequency = { problem: 'missing' }
  checkStart(dosage.start, about, problems, doubts)

  if (typeof amount === 'number' && unit) {
    // What is taken when needed may be taken seldom: the day's total is the most, and is asked about as well.
    const perDay = frequencyNamed(dosage.frequency)?.perDay
    doubts.push(...doubtsAbout(amount, unit, { drug: drugIn(dosage.drug), perDay, adult: about.adult }))
  }
  if (before) doubts.push(...doubtsOfChange(draft, before, amount))
  return { problems, doubts }
}

function checkStatus(
  { status, reason }: MedicationDraft['status'],
  isChange: boolean,
  problems: MedicationChecked['problems'],
): void {
  const needsReason = isChange && status !== 'active' && status !== 'completed'
  if (needsReason && orderStatuses.some((one) => one === status) && reason.trim() === '')
    problems.reason = { problem: 'reason' }
}

function checkStart(
  start: string,
  { today, born }: { today: string; born: string | undefined },
  problems: MedicationChecked['problems'],
  doubts: MedicationDoubt[],
): void {
  const read = readDate(start, today)
  if (read === 'problem') problems.start = { problem: 'date' }
  if (typeof read !== 'object') return
  if (born !== undefined && isBefore(read.date, born)) problems.start = { problem: 'beforeBirth' }
  else if (Math.abs(Date.parse(read.date) - Date.parse(today)) > farMs) doubts.push({ doubt: 'startFar' })
}

function doubtsOfChange(
  { dosage }: MedicationDraft,
  { draft: { dosage: was }, resource }: { draft: MedicationDraft; resource: FhirResource },
  amount: number | AmountProblem | undefined,
): MedicationDoubt[] {
  const doubts: MedicationDoubt[] = []
  const doseChanged =
    dosage.amount !== was.amount || dosage.unit !== was.unit || dosage.frequency !== was.frequency
  const [now, then] = [inMg(amount, dosage.unit), inMg(Number(was.amount), was.unit)]
  if (now && then && now.unit === then.unit && then.value > 0) {
    const times = now.value / then.value
    if (times >= jump || times <= 1 / jump)
      doubts.push({
        doubt: 'jump',
        before: `${was.amount} ${was.unit}`,
        after: `${dosage.amount.trim()} ${dosage.unit}`,
      })
  }
  if (doseChanged && dosage.text.trim() !== '' && dosage.text === was.text)
    doubts.push({ doubt: 'text', text: was.text.trim() })
  const most = asObject(asObjects(resource['dosageInstruction'])[0]?.['maxDosePerPeriod'])
  // What replaces the instruction whole leaves nothing of it.
  if (doseChanged && most && fitsForm(resource)) doubts.push({ doubt: 'most' })
  return doubts
}

/** Doses of mass in mg, to be compared; others in their own unit. */
function inMg(amount: number | AmountProblem | undefined, unit: string) {
  if (typeof amount !== 'number' || Number.isNaN(amount)) return undefined
  const mg = doseUnit(unit)?.mg
  return mg === undefined ? { value: amount, unit } : { value: amount * mg, unit: 'mg' }
}
