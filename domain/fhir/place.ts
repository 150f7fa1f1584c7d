import { chartOf, journalOf } from '../documents/document-name.ts'
import { asList, asObject, asText, type FhirResource } from './resource.ts'

/** Types that are history: they lie in a journal. All others lie in the chart. */
const journalTypes = ['Observation', 'Procedure', 'Immunization']

/**
 * The document in which the first statement about a resource belongs. Later statements follow the first, even if they
 * name another year.
 */
export function documentFor(resource: FhirResource, patientId: string): string {
  return journalTypes.includes(resource.resourceType)
    ? journalOf(patientId, clinicalYear(resource))
    : chartOf(patientId)
}

/**
 * The year as it is written in `effective[x]`, `performed[x]` or `occurrence[x]` (of a period the start), else in
 * `issued`, else `undated`. As written: no time zone moves it.
 */
function clinicalYear(resource: FhirResource): string {
  const written = ['effective', 'performed', 'occurrence'].flatMap((stem) => [
    resource[`${stem}DateTime`],
    resource[`${stem}Instant`],
    asObject(resource[`${stem}Period`])?.['start'],
    asList(asObject(resource[`${stem}Timing`])?.['event'])[0],
    asObject(asObject(asObject(resource[`${stem}Timing`])?.['repeat'])?.['boundsPeriod'])?.['start'],
  ])
  for (const date of [...written, resource['issued']]) {
    const year = /^([0-9]{4})(?:$|-)/.exec(asText(date) ?? '')?.[1]
    if (year) return year
  }
  return 'undated'
}
