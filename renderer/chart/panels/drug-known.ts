import { allergySummary } from '../../../domain/display/allergies.ts'
import { medicationLine } from '../../../domain/display/medication-line.ts'
import { asObject, asObjects, asText, type FhirResource } from '../../../domain/fhir/resource.ts'
import { foldedWords } from '../../patients/fold.ts'
import { substances } from '../coded-terms.ts'
import { isCurrent } from '../medication-order.ts'
import { type Drug, drugs } from './drugs.ts'

/** The address of the ATC classification, as the sample orders name it. */
export const atcSystem = 'http://www.whocc.no/atc'

/** The drug of the built-in list that a text names, with strength and form or without; the longest name that fits. */
export function drugIn(text: string): Drug | undefined {
  const wanted = key(text)
  const fitting = drugs.flatMap((drug) =>
    namesOf(drug)
      .filter((name) => holds(wanted, name))
      .map((name) => ({ drug, length: name.length })),
  )
  return fitting.sort((a, b) => b.length - a.length)[0]?.drug
}

/** The drug of an order: by its ATC code, else by its name. */
export function drugOf(order: FhirResource): Drug | undefined {
  const atc = atcIn(order)
  return drugs.find((drug) => drug.atc === atc) ?? drugIn(medicationLine(order).drug ?? '')
}

export type AllergyAgainst = { substance: string; how: 'same' | 'related'; struck: boolean }

/**
 * Allergies on the list that speak against a drug: to it or to a part of its name (`same`), or to its kind, where
 * penicillins and cephalosporins count as related. Refuted and erroneous ones are named as such, not left out.
 */
export function allergiesAgainst(text: string, allergies: readonly FhirResource[]): AllergyAgainst[] {
  const wanted = key(text)
  if (wanted.length < 3) return []
  const drug = drugIn(text)
  const coded = substances.filter((s) => namesOf(s).some((name) => holds(wanted, name)))
  return allergies.flatMap((allergy): AllergyAgainst[] => {
    const { substance, negation, struck } = allergySummary(allergy)
    if (substance === undefined || negation) return []
    const name = key(substance)
    const other = drugIn(substance)
    const listed = substances.find((s) => namesOf(s).includes(name))
    const same =
      holds(wanted, name) ||
      holds(name, wanted) ||
      (drug !== undefined && (other === drug || holds(name, key(drug.display)))) ||
      coded.some((s) => s === listed)
    if (same) return [{ substance, how: 'same', struck }]
    const kinds = [drug?.kind, ...coded.flatMap((s) => s.kinds ?? [])].flatMap((kind) => kind ?? [])
    const theirs = [other?.kind, ...(listed?.kinds ?? [])].flatMap((kind) => kind ?? [])
    const related = kinds.some(
      (kind) => holds(name, kind) || theirs.some((one) => one === kind || isBetaLactams(one, kind)),
    )
    return related ? [{ substance, how: 'related', struck }] : []
  })
}

export type KnownOrder = {
  name: string
  /** `forbidden`: an order not to give it. `same`: the same drug. `kind`: another of its kind. */
  how: 'forbidden' | 'same' | 'kind'
}

/** Orders on the list that a new one may repeat, or that forbid it. Those that are over do not count. */
export function ordersKnown(text: string, orders: readonly FhirResource[]): KnownOrder[] {
  const wanted = key(text)
  if (wanted.length < 3) return []
  const drug = drugIn(text)
  return orders.flatMap((order): KnownOrder[] => {
    const line = medicationLine(order)
    // On hold it may be given again.
    if (!(isCurrent(line) || line.status === 'on-hold') || line.drug === undefined) return []
    const other = drugOf(order)
    const same = drug ? other === drug : first(key(line.drug)) === first(wanted)
    const sameKind = drug?.kind !== undefined && drug.kind === other?.kind
    if (line.doNotPerform) {
      const atc = atcIn(order)
      const inClass = atc !== undefined && drug?.atc.startsWith(atc)
      return same || inClass ? [{ name: line.drug, how: 'forbidden' }] : []
    }
    if (same) return [{ name: line.drug, how: 'same' }]
    return sameKind ? [{ name: line.drug, how: 'kind' }] : []
  })
}

function atcIn(order: FhirResource): string | undefined {
  return asObjects(asObject(order['medicationCodeableConcept'])?.['coding'])
    .filter((coding) => coding['system'] === atcSystem)
    .map((coding) => asText(coding['code']))[0]
}

function isBetaLactams(a: string, b: string): boolean {
  const both = ['penicillin', 'cephalosporin']
  return a !== b && both.includes(a) && both.includes(b)
}

function namesOf(one: { display: string; other?: readonly string[] }): string[] {
  return [one.display, ...(one.other ?? [])].map(key)
}

/** One text holds another as whole words. */
function holds(text: string, part: string): boolean {
  return part.length >= 3 && ` ${text} `.includes(` ${part} `)
}

/** The words before the first number: the name without its strength. */
function first(words: string): string {
  return (/^\D+/.exec(words)?.[0] ?? words).trim()
}

function key(text: string): string {
  return foldedWords(text).join(' ')
}
