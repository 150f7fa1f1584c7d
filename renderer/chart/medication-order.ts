import type { DosageLine, MedicationLine } from '../../domain/display/medication-line.ts'
import { medicationRequestStatuses } from '../../domain/fhir/value-sets.ts'

type MedicationStatus = (typeof medicationRequestStatuses)[number]

/** Statuses that stay in sight: what is given, and what nobody can say is not. */
const inSight: readonly (MedicationStatus | undefined)[] = ['active', 'draft', 'unknown', undefined]

/** The status, `unknown` for a code that is none, nothing if none is recorded. */
export function medicationStatus({ status }: Pick<MedicationLine, 'status'>): MedicationStatus | undefined {
  return status === undefined ? undefined : (medicationRequestStatuses.find((s) => s === status) ?? 'unknown')
}

/** Given now, or nobody can say that it is not. */
export function isCurrent(line: Pick<MedicationLine, 'status'>): boolean {
  return inSight.includes(medicationStatus(line))
}

/** What must not be given first, then what is given, by name. */
export function byUse(a: MedicationLine, b: MedicationLine): number {
  return rank(a) - rank(b) || (a.drug ?? '').localeCompare(b.drug ?? '')
}

function rank(line: MedicationLine): number {
  return line.doNotPerform ? 0 : medicationStatus(line) === 'active' ? 1 : 2
}

/** Do the prescriber's words say the same as what stands above them, word for word but for endings and marks? */
export function repeats({ dose, route, frequency, text }: DosageLine): boolean {
  return wordsOf(text) === wordsOf([dose, route, frequency].join(' '))
}

function wordsOf(text: string | undefined): string {
  return (text ?? '')
    .toLowerCase()
    .replaceAll(/(oral|intravenous|subcutaneous|intramuscular)ly/g, '$1')
    .replaceAll(/[,;.]?\s+/g, ' ')
    .trim()
}

const orders = ['order', 'original-order', 'instance-order', 'filler-order', 'reflex-order']

/** A proposal or a plan is no order: its intent has to be told. */
export function isOrder(intent: string | undefined): boolean {
  return intent === undefined || orders.includes(intent)
}
