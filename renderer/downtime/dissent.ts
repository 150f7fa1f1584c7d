import type { FhirResource } from '../../domain/fhir/resource.ts'
import type { Item } from '../chart/record.ts'
import type { SheetContext } from './context.ts'
import { otherVersions } from './versions.ts'

/** An item with everything that was stated about it at once, what the chart shows first. */
export type Versioned = { item: Item; versions: readonly FhirResource[] }

export function versioned(item: Item): Versioned {
  return { item, versions: [item.resource, ...otherVersions(item.state)] }
}

/** Marks of a line: what only this device has, and that statements differ. */
export function marksOf({ item, versions }: Versioned, { t }: SheetContext): string[] {
  return [
    ...(versions.length > 1 ? [t('downtime.differ', { count: versions.length })] : []),
    ...(item.onItsWay ? [t('downtime.deviceOnly')] : []),
  ]
}

/** What the others say, each once; where it reads the same, that they differ in what is not printed. */
export function alsoStated(
  { versions: [shown, ...others] }: Versioned,
  { t }: SheetContext,
  textOf: (version: FhirResource) => string,
): string[] {
  if (!shown || others.length === 0) return []
  const first = textOf(shown)
  const texts = new Set(others.map(textOf).filter((text) => text !== first))
  if (texts.size === 0) return [t('downtime.differUnseen')]
  return [...texts].map((text) => t('downtime.alsoStated', { text }))
}
