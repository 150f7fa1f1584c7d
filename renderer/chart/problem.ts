import { codeSystem } from '../../domain/fhir/code-systems.ts'
import { asText, codeIn } from '../../domain/fhir/resource.ts'
import { dateIn, type Item } from './record.ts'

const clinicals = ['active', 'recurrence', 'relapse', 'inactive', 'remission', 'resolved'] as const
const verifications = [
  'unconfirmed',
  'provisional',
  'differential',
  'confirmed',
  'refuted',
  'entered-in-error',
] as const

export type Problem = ReturnType<typeof readProblem>

/** A Condition as lists show it. */
export function readProblem(item: Pick<Item, 'resource'>) {
  const { resource } = item
  const clinical = clinicals.find(
    (code) => code === codeIn(resource['clinicalStatus'], codeSystem.conditionClinical),
  )
  const verification = verifications.find(
    (code) => code === codeIn(resource['verificationStatus'], codeSystem.conditionVerification),
  )
  const struck = verification === 'refuted' || verification === 'entered-in-error'
  return {
    clinical,
    verification,
    struck,
    past: struck || clinical === 'inactive' || clinical === 'resolved' || clinical === 'remission',
    since: dateIn(resource, 'onsetDateTime', 'onsetPeriod', 'recordedDate'),
    onset: dateIn(resource, 'onsetDateTime', 'onsetPeriod') ?? asText(resource['onsetString']),
    until: dateIn(resource, 'abatementDateTime', 'abatementPeriod'),
  }
}
