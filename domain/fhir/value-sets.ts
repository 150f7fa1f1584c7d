/**
 * Codes that FHIR R4 lists for elements by which charts merge and read: of each value set all codes, in the order in
 * which forms offer them.
 */

/** AllergyIntolerance Clinical Status Codes. */
export const allergyClinicals = ['active', 'inactive', 'resolved'] as const
/** AllergyIntolerance Verification Status. */
export const allergyVerifications = ['unconfirmed', 'confirmed', 'refuted', 'entered-in-error'] as const
/** AllergyIntoleranceCriticality. */
export const criticalities = ['low', 'high', 'unable-to-assess'] as const
/** AllergyIntoleranceSeverity, of one reaction. */
export const severities = ['mild', 'moderate', 'severe'] as const

/** Condition Clinical Status Codes. */
export const conditionClinicals = [
  'active',
  'recurrence',
  'relapse',
  'remission',
  'inactive',
  'resolved',
] as const
/** ConditionVerificationStatus. */
export const conditionVerifications = [
  'unconfirmed',
  'provisional',
  'differential',
  'confirmed',
  'refuted',
  'entered-in-error',
] as const

/** Medicationrequest Status. */
export const medicationRequestStatuses = [
  'active',
  'on-hold',
  'cancelled',
  'completed',
  'entered-in-error',
  'stopped',
  'draft',
  'unknown',
] as const
