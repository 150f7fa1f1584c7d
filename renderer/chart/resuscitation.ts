import { sameJson } from '../../domain/entries/canonical.ts'
import { codeSystem } from '../../domain/fhir/code-systems.ts'
import {
  asList,
  asObject,
  asObjects,
  asText,
  type FhirResource,
  hasCode,
} from '../../domain/fhir/resource.ts'
import type { Item } from './record.ts'

export type Decision = 'do-not-attempt' | 'limited' | 'attempt' | 'unclear'

export type Resuscitation =
  | { state: 'none' }
  | { state: 'one'; decision: Decision; decided: string | undefined; expired: string | undefined }
  /** Never one value (clinical-merge.md): all are shown, and the original documents decide. */
  | { state: 'conflict'; decisions: { decision: Decision; decided: string | undefined }[] }

const meridianResuscitation = 'urn:meridian:resuscitation'

/** What is to be done when the heart stops, from the resuscitation Consents in force. `now` is an RFC 3339 time. */
export function resuscitationOf(consents: readonly Item[], now: string): Resuscitation {
  const inForce = consents.flatMap((item) => {
    if (!isInForce(item)) return []
    const heads = item.state.heads.get('decision') ?? []
    const values = heads.map((head) => head.entry.aspects['decision'])
    const concurrent = values.filter(
      (value, at) => values.findIndex((other) => sameJson(other, value)) === at,
    )
    return concurrent.length > 1
      ? concurrent
          .filter((value) => asText(asObject(value)?.['status']) === 'active')
          .map((value): FhirResource => ({ ...asObject(value), resourceType: 'Consent' }))
      : [item.resource]
  })
  const [first, ...others] = inForce
  if (!first) return { state: 'none' }
  const decisions = inForce.map((consent) => ({
    decision: decisionOf(consent),
    decided: asText(consent['dateTime']),
  }))
  if (others.length > 0 && new Set(decisions.map((d) => d.decision)).size > 1)
    return { state: 'conflict', decisions }
  const end = asText(asObject(asObject(first['provision'])?.['period'])?.['end'])
  return {
    state: 'one',
    decision: decisionOf(first),
    decided: asText(first['dateTime']),
    expired: end !== undefined && Date.parse(end) < Date.parse(now) ? end : undefined,
  }
}

/** Of statements about one decision that were made at once, each may be the true one: one in force is not passed over. */
function isInForce({ resource, state }: Item): boolean {
  const statuses = [...state.heads].flatMap(([aspect, heads]) =>
    heads.map(({ entry }) => entry.aspects[aspect]),
  )
  return (
    asText(resource['status']) === 'active' ||
    statuses.some((value) => asText(asObject(value)?.['status']) === 'active')
  )
}

function decisionOf(consent: FhirResource): Decision {
  const provision = asObject(consent['provision'])
  const codes = asObjects(provision?.['code'])
  const says = (system: string, code: string) => codes.some((concept) => hasCode(concept, system, [code]))
  if (says(meridianResuscitation, 'limited')) return 'limited'
  if (says(codeSystem.snomed, '304253006')) return 'do-not-attempt'
  if (says(codeSystem.snomed, '304252001')) return 'attempt'
  const dnr = asList(consent['category']).some((c) => hasCode(c, codeSystem.consentCategory, ['dnr']))
  return dnr && asText(provision?.['type']) !== 'permit' ? 'do-not-attempt' : 'unclear'
}
