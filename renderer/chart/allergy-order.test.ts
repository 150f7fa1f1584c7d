import { expect, test } from 'vitest'
import { byDanger } from './allergy-order.ts'

const allergy = (
  substance: string,
  criticality: string | undefined,
  more: { severe?: boolean; clinicalStatus?: string; struck?: boolean } = {},
) => ({
  substance,
  criticality,
  clinicalStatus: more.clinicalStatus ?? 'active',
  struck: more.struck ?? false,
  reactions: more.severe ? [{ severity: 'severe' }] : [],
})

test('RE104 banner, list and panel have one order: criticality, severe reactions, name; then what is over, then what is struck', () => {
  const sorted = [
    allergy('Peanut', 'high', { struck: true }),
    allergy('Egg', 'high', { clinicalStatus: 'resolved' }),
    allergy('Codeine', 'low'),
    allergy('Latex', undefined),
    allergy('Gentamicin', 'unable-to-assess'),
    allergy('Chlorhexidine', 'high'),
    allergy('Ramipril', 'high', { severe: true }),
    allergy('Penicillin', 'high', { severe: true }),
  ].sort(byDanger)
  expect(sorted.map(({ substance }) => substance)).toEqual([
    'Penicillin',
    'Ramipril',
    'Chlorhexidine',
    'Gentamicin',
    'Latex',
    'Codeine',
    'Egg',
    'Peanut',
  ])
})
