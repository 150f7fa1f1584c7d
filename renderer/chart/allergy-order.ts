import type { AllergySummary } from '../../domain/display/allergies.ts'

type Ordered = Pick<AllergySummary, 'substance' | 'criticality' | 'clinicalStatus' | 'struck'> & {
  reactions: readonly { severity: string | undefined }[]
}

/**
 * The most dangerous first, the same in the banner, the list and the panel: by criticality, severe reactions before
 * others, then by name. What is over comes after what counts, what is struck last.
 */
export function byDanger(a: Ordered, b: Ordered): number {
  return rank(a) - rank(b) || (a.substance ?? '').localeCompare(b.substance ?? '')
}

/** Inactive or resolved. */
export function isPast({ clinicalStatus }: Pick<AllergySummary, 'clinicalStatus'>): boolean {
  return clinicalStatus === 'inactive' || clinicalStatus === 'resolved'
}

function rank(allergy: Ordered): number {
  const order = ['high', 'unable-to-assess', undefined, 'low']
  const severe = allergy.reactions.some(({ severity }) => severity === 'severe') ? 0.5 : 0
  return order.indexOf(allergy.criticality) - severe + (isPast(allergy) ? 10 : 0) + (allergy.struck ? 20 : 0)
}
