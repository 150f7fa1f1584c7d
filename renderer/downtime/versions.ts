import { type Json, sameJson } from '../../domain/entries/canonical.ts'
import type { SubjectState } from '../../domain/entries/heads.ts'
import { compose } from '../../domain/fhir/compose.ts'
import type { FhirResource } from '../../domain/fhir/resource.ts'

/**
 * What was stated about a subject at the same time as what is shown, by people who did not see each other: the resource
 * once for each other value of an aspect. Nothing of two statements about one aspect is put together (CM3); empty where
 * nobody disagrees.
 */
export function otherVersions({ subject, heads }: SubjectState): FhirResource[] {
  const shown = new Map<string, Json>()
  const others: [aspect: string, value: Json][] = []
  for (const [aspect, entries] of heads) {
    const values = entries.flatMap(({ entry }) => entry.aspects[aspect] ?? null)
    const [first, ...rest] = values.filter(
      (value, at) => values.findIndex((other) => sameJson(other, value)) === at,
    )
    if (first !== undefined) shown.set(aspect, first)
    for (const value of rest) others.push([aspect, value])
  }
  return others.map(([aspect, value]) => compose(subject, new Map([...shown, [aspect, value]])))
}
