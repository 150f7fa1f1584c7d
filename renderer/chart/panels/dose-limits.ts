import type { Drug } from './drugs.ts'

/**
 * Units of a dose with what one dose can be at all (`possible`) and what it mostly is (`usual`), each in the unit itself.
 * Beyond `possible` a slip is certain, beyond `usual` it is likelier than the value.
 */
export type DoseUnit = {
  /** As it is read and written: `micrograms`, never `µg` (BNF, ISMP). */
  label: string
  /** UCUM. */
  code: string
  possible: readonly [low: number, high: number]
  usual: readonly [low: number, high: number]
  /** How many mg one is, for units of mass. */
  mg?: number
}

export const doseUnits: readonly DoseUnit[] = [
  { label: 'mg', code: 'mg', possible: [0.001, 30_000], usual: [0.1, 2000], mg: 1 },
  { label: 'micrograms', code: 'ug', possible: [0.01, 10_000], usual: [0.5, 1000], mg: 0.001 },
  { label: 'g', code: 'g', possible: [0.001, 100], usual: [0.1, 5], mg: 1000 },
  { label: 'units', code: '[iU]', possible: [0.1, 50_000_000], usual: [1, 40_000] },
  { label: 'mL', code: 'mL', possible: [0.01, 5000], usual: [0.2, 1000] },
  { label: 'mmol', code: 'mmol', possible: [0.1, 500], usual: [1, 100] },
  { label: 'tablets', code: '{tbl}', possible: [0.25, 20], usual: [0.5, 4] },
  { label: 'capsules', code: '{capsule}', possible: [1, 20], usual: [1, 4] },
  { label: 'puffs', code: '{puff}', possible: [1, 20], usual: [1, 10] },
  { label: 'sprays', code: '{spray}', possible: [1, 12], usual: [1, 4] },
  { label: 'drops', code: '{drop}', possible: [1, 100], usual: [1, 40] },
  { label: 'patches', code: '{patch}', possible: [0.5, 8], usual: [1, 2] },
  { label: 'sachets', code: '{sachet}', possible: [0.5, 12], usual: [1, 4] },
  { label: 'suppositories', code: '{suppository}', possible: [1, 4], usual: [1, 2] },
]

export function doseUnit(label: string): DoseUnit | undefined {
  return doseUnits.find((unit) => unit.label === label)
}

export type AmountProblem =
  | { problem: 'number' | 'zero' | 'decimals' }
  /** `1,000` may mean one or a thousand. */
  | { problem: 'thousands' }
  | { problem: 'low' | 'high'; limit: number; unit: string }

/**
 * The number of a dose as typed, with a point or a comma before its decimals; or why it cannot be one. A unit that is
 * not on the list has no limits but those of the number.
 */
export function readAmount(text: string, unit: DoseUnit | undefined): number | AmountProblem {
  const typed = text.trim()
  // Three digits behind a mark: the thousands of one country are the decimals of another. After a nought they are decimals.
  if (/^[1-9]\d{0,2}([.,]\d{3})+$/.test(typed)) return { problem: 'thousands' }
  const match = /^(\d{1,8})(?:[.,](\d+))?$/.exec(typed)
  if (!match) return { problem: 'number' }
  if ((match[2] ?? '').length > 4) return { problem: 'decimals' }
  const value = Number(typed.replace(',', '.'))
  if (value === 0) return { problem: 'zero' }
  const [low, high] = unit?.possible ?? [0, Number.POSITIVE_INFINITY]
  if (value < low) return { problem: 'low', limit: low, unit: unit?.label ?? '' }
  if (value > high) return { problem: 'high', limit: high, unit: unit?.label ?? '' }
  return value
}

export type DoseDoubt =
  /** Rare for this unit, whatever the drug. */
  | { doubt: 'unusual' }
  /** Outside of what one dose of this drug mostly is. */
  | { doubt: 'single'; drug: string; low: number; high: number; unit: string }
  /** More in a day than is usual for this drug. */
  | { doubt: 'day'; drug: string; total: number; most: number; unit: string }
  /** Mostly given once a week. */
  | { doubt: 'weekly'; drug: string }

/**
 * What can be and is rare about a dose. `perDay`: how many doses a day, if that is known. Of children only what is too
 * much for an adult is asked about: their doses go by weight.
 */
export function doubtsAbout(
  amount: number,
  unit: DoseUnit,
  about: { drug: Drug | undefined; perDay: number | undefined; adult: boolean },
): DoseDoubt[] {
  const { drug, perDay } = about
  const doubts: DoseDoubt[] = []
  if (drug?.weekly && perDay !== undefined && perDay > 0.5)
    doubts.push({ doubt: 'weekly', drug: drug.display })
  const guard = drug && guardIn(drug, unit)
  if (drug && guard) {
    const value = amount * guard.factor
    const [low, high] = guard.single
    if (value > high || (about.adult && value < low))
      doubts.push({ doubt: 'single', drug: drug.display, low, high, unit: guard.unit })
    const total = perDay === undefined ? 0 : Math.round(value * perDay * 1000) / 1000
    if (drug.day !== undefined && total > drug.day)
      doubts.push({ doubt: 'day', drug: drug.display, total, most: drug.day, unit: guard.unit })
    return doubts
  }
  const [low, high] = unit.usual
  return amount < low || amount > high ? [...doubts, { doubt: 'unusual' }] : doubts
}

/** The drug's guards, if the dose is in units that can be compared with them. */
function guardIn(drug: Drug, unit: DoseUnit) {
  const { single } = drug
  if (!single) return undefined
  if (drug.unit === 'units') return unit.label === 'units' ? { single, factor: 1, unit: 'units' } : undefined
  return unit.mg === undefined ? undefined : { single, factor: unit.mg, unit: 'mg' }
}
