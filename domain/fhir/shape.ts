import { z } from 'zod'
import { jsonProblem } from '../entries/canonical.ts'
import { codeSystem } from './code-systems.ts'
import type { KeptResource, KeptType } from './kept.ts'
import { patientIdOf } from './patient-of-resource.ts'
import {
  allergyClinicals,
  allergyVerifications,
  conditionClinicals,
  conditionVerifications,
  criticalities,
  medicationRequestStatuses,
} from './value-sets.ts'

/**
 * Light checks of the shape of what comes from outside: what FHIR R4 requires, and the code lists of the elements that
 * the merge decides by. No more: a real export must pass.
 */

/** Aspects lie two levels deep in an entry; what is in them must stay within the depth that an entry may have. */
const depthInEntry = 2

/** Says why a value from outside cannot be stored as JSON, in words, or nothing. To be asked first. */
export function storableProblem(value: unknown): string | undefined {
  return jsonProblem(value, depthInEntry)
}

/** Says why a resource of a kept type cannot be taken, in words without patient data, or nothing. */
export function shapeProblem(resource: KeptResource): string | undefined {
  const parsed = shapes[resource.resourceType].safeParse(resource)
  const issue = parsed.error?.issues[0]
  if (issue) return `${[resource.resourceType, ...issue.path].join('.')}: ${issue.message}`
  return patientIdOf(resource) === undefined
    ? `${resource.resourceType}: names no patient; a reference Patient/<id>, or to a Patient in the same Bundle, must say whom it is about, and only one`
    : undefined
}

const object = z.looseObject({})
const objects = z.array(object)
const concept = z.looseObject({
  coding: z.array(z.looseObject({ system: z.string().optional(), code: z.string().optional() })).optional(),
})

/** A CodeableConcept whose codes of this system are on the list. Other systems may say what they like. */
function coded(system: string, codes: readonly string[]) {
  return concept.refine(
    ({ coding }) =>
      coding?.every((c) => c.system !== system || c.code === undefined || codes.includes(c.code)) ?? true,
    `has a code of ${system} that is none of ${codes.join(', ')}`,
  )
}

/** Elements that must be there, by value, by one choice of `x[x]`, or by an extension in `_x`. */
function requires(...elements: string[]) {
  return (resource: object, context: z.RefinementCtx) => {
    const present = Object.keys(resource)
    for (const element of elements) {
      const stem = element.replace('[x]', '')
      const choice = new RegExp(`^_?${stem}${stem === element ? '' : '[A-Z].*'}$`)
      if (!present.some((name) => choice.test(name)))
        context.addIssue({ code: 'custom', path: [element], message: 'is missing' })
    }
  }
}

const shapes: { [type in KeptType]: z.ZodType } = {
  Patient: z.looseObject({
    name: objects.optional(),
    identifier: objects.optional(),
    telecom: objects.optional(),
    address: objects.optional(),
    gender: z.enum(['male', 'female', 'other', 'unknown']).optional(),
    birthDate: z
      .string()
      .regex(/^[0-9]{4}(-[0-9]{2}(-[0-9]{2})?)?$/, 'is no date')
      .optional(),
  }),
  AllergyIntolerance: z
    .looseObject({
      clinicalStatus: coded(codeSystem.allergyClinical, allergyClinicals).optional(),
      verificationStatus: coded(codeSystem.allergyVerification, allergyVerifications).optional(),
      criticality: z.enum(criticalities).optional(),
      code: concept.optional(),
      reaction: objects.optional(),
    })
    .superRefine(requires('patient')),
  MedicationRequest: z
    .looseObject({
      status: z.enum(medicationRequestStatuses).optional(),
      medicationCodeableConcept: concept.optional(),
      medicationReference: object.optional(),
      dosageInstruction: objects.optional(),
      contained: objects.optional(),
    })
    .superRefine(requires('status', 'intent', 'medication[x]', 'subject')),
  Condition: z
    .looseObject({
      clinicalStatus: coded(codeSystem.conditionClinical, conditionClinicals).optional(),
      verificationStatus: coded(codeSystem.conditionVerification, conditionVerifications).optional(),
      code: concept.optional(),
    })
    .superRefine(requires('subject')),
  Observation: z
    .looseObject({
      status: z
        .enum([
          'registered',
          'preliminary',
          'final',
          'amended',
          'corrected',
          'cancelled',
          'entered-in-error',
          'unknown',
        ])
        .optional(),
      code: concept,
      component: objects.optional(),
    })
    .superRefine(requires('status', 'subject')),
  Procedure: z
    .looseObject({
      status: z
        .enum([
          'preparation',
          'in-progress',
          'not-done',
          'on-hold',
          'stopped',
          'completed',
          'entered-in-error',
          'unknown',
        ])
        .optional(),
      code: concept.optional(),
    })
    .superRefine(requires('status', 'subject')),
  Immunization: z
    .looseObject({
      status: z.enum(['completed', 'entered-in-error', 'not-done']).optional(),
      vaccineCode: concept,
    })
    .superRefine(requires('status', 'patient', 'occurrence[x]')),
  CareTeam: z
    .looseObject({
      status: z.enum(['proposed', 'active', 'suspended', 'inactive', 'entered-in-error']).optional(),
      participant: objects.optional(),
    })
    .superRefine(requires('subject')),
  Consent: z
    .looseObject({
      status: z.enum(['draft', 'proposed', 'active', 'rejected', 'inactive', 'entered-in-error']).optional(),
      scope: concept,
      category: z.array(concept),
      provision: object.optional(),
    })
    .superRefine(requires('status', 'patient')),
}
