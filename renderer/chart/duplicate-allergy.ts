import { allergySummary } from '../../domain/display/allergies.ts'
import { codeSystem } from '../../domain/fhir/code-systems.ts'
import { type FhirResource, hasCode } from '../../domain/fhir/resource.ts'
import { foldedWords } from '../patients/fold.ts'
import { type Substance, substances } from './coded-terms.ts'

/** The coded substance that a text names, by its name or another name of it; nothing for free text. */
export function substanceNamed(text: string): Substance | undefined {
  const wanted = key(text)
  return substances.find(({ display, other = [] }) =>
    [display, ...other].some((name) => key(name) === wanted),
  )
}

export type Known = { substance: string; same: boolean }

/**
 * Allergies on the list that what is typed may repeat: the same code or name, or one that contains the other
 * (`Penicillin` and `Penicillin G`); `same` is false where only the kind of substance is the same. Refuted and
 * erroneous ones count as well: the clinician should know of them. Too short a text finds nothing.
 */
export function knownAlready(typed: string, allergies: readonly FhirResource[]): Known[] {
  const wanted = key(typed)
  if (wanted.length < 3) return []
  const coded = substanceNamed(typed)
  return allergies.flatMap((allergy): Known[] => {
    const { substance, negation } = allergySummary(allergy)
    if (substance === undefined || negation) return []
    const name = key(substance)
    const other = substanceNamed(substance) ?? codedIn(allergy)
    if (name === wanted || contains(name, wanted) || (coded && other?.code === coded.code))
      return [{ substance, same: true }]
    const related = coded?.kinds?.some((kind) => other?.kinds?.includes(kind) || contains(name, kind))
    return related ? [{ substance, same: false }] : []
  })
}

function codedIn(allergy: FhirResource): Substance | undefined {
  return substances.find(({ code }) => hasCode(allergy['code'], codeSystem.snomed, [code]))
}

/** One holds the other as whole words. */
function contains(a: string, b: string): boolean {
  return ` ${a} `.includes(` ${b} `) || ` ${b} `.includes(` ${a} `)
}

function key(text: string): string {
  return foldedWords(text).join(' ')
}
