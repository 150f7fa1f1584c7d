import { codeSystem } from '../../domain/fhir/code-systems.ts'
import { asText, codeIn } from '../../domain/fhir/resource.ts'
import { conditionClinicals, conditionVerifications } from '../../domain/fhir/value-sets.ts'
import { dateIn, type Item } from './record.ts'

export type Problem = ReturnType<typeof readProblem>

/** A Condition as lists show it. */
export function readProblem(item: Pick<Item, 'resource'>) {
  const { resource } = item
  const clinical = conditionClinicals.find(
    (code) => code === codeIn(resource['clinicalStatus'], codeSystem.conditionClinical),
  )
  const verification = conditionVerifications.find(
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
