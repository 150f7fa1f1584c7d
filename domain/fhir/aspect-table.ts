import { isKeptType, type KeptType } from './kept.ts'

/**
 * Which elements of FHIR R4 stand or fall together. An aspect is such a group: entries assert whole aspects, and of
 * concurrent statements one is shown whole, so no resource is ever put together from halves of two opinions.
 * Elements in no row form the aspect `rest`.
 */
export type TypeAspects = {
  /** Aspect → its elements. `x[x]` stands for all choices of a type: `value[x]` for `valueQuantity`, `valueString` … */
  groups: { readonly [aspect: string]: readonly string[] }
  /** Elements that are lists of which each item is an aspect by itself: `reaction/<itemId>`. */
  items: readonly string[]
  /** Aspects that no later statement may change: who was wrong enters anew. */
  immutable: readonly string[]
  /** The element that names the patient; a Patient is named by its own id. */
  patient: 'id' | 'patient' | 'subject'
}

export const aspectTable: { readonly [type in KeptType]: TypeAspects } = {
  Patient: {
    groups: { identity: ['name', 'birthDate', 'gender', 'identifier'], deceased: ['deceased[x]'] },
    items: ['telecom', 'address'],
    immutable: [],
    patient: 'id',
  },
  AllergyIntolerance: {
    groups: {
      status: ['clinicalStatus', 'verificationStatus'],
      criticality: ['criticality'],
      code: ['code'],
    },
    items: ['reaction'],
    immutable: ['code'],
    patient: 'patient',
  },
  MedicationRequest: {
    groups: {
      status: ['status', 'statusReason'],
      // A contained Medication is the medication: in another group an order could come to name another drug.
      dosage: ['medication[x]', 'contained', 'dosageInstruction', 'doNotPerform', 'substitution'],
    },
    items: [],
    immutable: [],
    patient: 'subject',
  },
  Condition: {
    groups: { status: ['clinicalStatus', 'verificationStatus', 'abatement[x]'] },
    items: [],
    immutable: [],
    patient: 'subject',
  },
  Observation: {
    groups: {
      status: ['status'],
      value: ['code', 'value[x]', 'dataAbsentReason', 'component', 'effective[x]', 'method', 'device'],
    },
    items: [],
    immutable: [],
    patient: 'subject',
  },
  Procedure: { groups: {}, items: [], immutable: [], patient: 'subject' },
  Immunization: { groups: {}, items: [], immutable: [], patient: 'patient' },
  CareTeam: { groups: { status: ['status'] }, items: ['participant'], immutable: [], patient: 'subject' },
  Consent: {
    groups: {
      decision: [
        'status',
        'scope',
        'category',
        'dateTime',
        'performer',
        'organization',
        'source[x]',
        'policy',
        'policyRule',
        'verification',
        'provision',
        // Performer and source may be contained, and a modifier turns a decision round.
        'contained',
        'modifierExtension',
      ],
    },
    items: [],
    immutable: [],
    patient: 'patient',
  },
}

/** Aspect of the elements that stand in no row. */
export const restAspect = 'rest'
/** Aspect that keeps the order of lists whose items are aspects. */
export const orderAspect = 'order'

const noRow: TypeAspects = { groups: {}, items: [], immutable: [], patient: 'subject' }

/** The row of a type; a type that is not kept has an empty one. */
export function aspectsOf(type: string): TypeAspects {
  return isKeptType(type) ? aspectTable[type] : noRow
}

/** The group to which an element belongs, `rest` if to none. `_x` goes with `x`. */
export function groupOf(type: string, element: string): string {
  const name = element.startsWith('_') ? element.slice(1) : element
  for (const [aspect, elements] of Object.entries(aspectsOf(type).groups))
    if (elements.some((pattern) => names(pattern, name))) return aspect
  return restAspect
}

function names(pattern: string, element: string): boolean {
  if (!pattern.endsWith('[x]')) return pattern === element
  const stem = pattern.slice(0, -3)
  return element.startsWith(stem) && /^[A-Z]/.test(element.slice(stem.length))
}
