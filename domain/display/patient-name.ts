import type { JsonObject } from '../entries/canonical.ts'
import { asList, asObject, asObjects, asText, type FhirResource } from '../fhir/resource.ts'

/**
 * `SMITH, John (Mr)`: family name in capitals, all given names, the title in brackets (PAB-0049 to PAB-0053). A name
 * that came as text only is shown as it is. Without a name the answer is `missing`.
 */
export function patientName(patient: FhirResource, missing = 'Unknown'): string {
  const name = nameToShow(asObjects(patient['name']))
  if (!name) return missing
  const family = asText(name['family'])?.trim().toUpperCase()
  const given = wordsOf(name['given'])
  const title = wordsOf(name['prefix']).replaceAll('.', '')
  const main = [family, given].filter(Boolean).join(', ') || asText(name['text'])?.trim()
  if (!main) return missing
  return title ? `${main} (${title})` : main
}

/** Uses in the order in which they are shown. Old, maiden and anonymous names only if there is no other. */
const uses = ['official', 'usual', '', 'temp', 'nickname', 'anonymous', 'old', 'maiden']

function nameToShow(names: readonly JsonObject[]): JsonObject | undefined {
  return [...names].sort((a, b) => rank(a) - rank(b))[0]
}

/** Of two names with one use, the one that has not ended. */
function rank(name: JsonObject): number {
  const use = uses.indexOf(asText(name['use']) ?? '')
  const ended = asObject(name['period'])?.['end'] !== undefined
  return (use < 0 ? uses.length : use) + (ended ? 0.5 : 0)
}

function wordsOf(parts: JsonObject[string] | undefined): string {
  return asList(parts)
    .flatMap((part) => asText(part)?.trim() ?? [])
    .join(' ')
}
