import type { JsonObject } from '../entries/canonical.ts'
import { asObject, asObjects, asText, type FhirResource } from '../fhir/resource.ts'
import { conceptText } from './concept.ts'
import { quantityText, rangeText, ratioText } from './dose.ts'
import { frequencyText } from './frequency.ts'

/**
 * One medication as it is read (MEDi-051): drug, strength, form, **dose**, route, frequency, each as it was written
 * or nothing. The drug's name is whole. What turns the meaning round is never left out.
 */
export type MedicationLine = {
  drug: string | undefined
  strength: string | undefined
  form: string | undefined
  /** One line for each dosage instruction, in their order; empty if there is none. */
  dosages: DosageLine[]
  status: string | undefined
  statusReason: string | undefined
  enteredInError: boolean
  doNotPerform: boolean
}

export type DosageLine = {
  dose: string | undefined
  route: string | undefined
  frequency: string | undefined
  /** The instruction as the prescriber wrote it, and what the patient was told. */
  text: string | undefined
}

export function medicationLine(request: FhirResource): MedicationLine {
  const medication = containedMedication(request)
  const status = asText(request['status'])
  return {
    drug: medicationName(request),
    strength: medication && strengthText(medication),
    form: conceptText(medication?.['form']),
    dosages: asObjects(request['dosageInstruction']).map(dosageLine),
    status,
    statusReason: conceptText(request['statusReason']),
    enteredInError: status === 'entered-in-error',
    doNotPerform: request['doNotPerform'] === true,
  }
}

/** The drug's whole name, or nothing if the request names none that can be read here. */
export function medicationName(request: FhirResource): string | undefined {
  return (
    conceptText(request['medicationCodeableConcept']) ??
    conceptText(containedMedication(request)?.['code']) ??
    asText(asObject(request['medicationReference'])?.['display'])
  )
}

function containedMedication(request: FhirResource): JsonObject | undefined {
  const reference = asText(asObject(request['medicationReference'])?.['reference'])
  return asObjects(request['contained']).find(
    (part) => part['resourceType'] === 'Medication' && reference === `#${asText(part['id'])}`,
  )
}

/** Strength as it is said of the whole, or of each ingredient. */
function strengthText(medication: JsonObject): string | undefined {
  const strengths = asObjects(medication['ingredient']).flatMap((i) => strengthOf(i['strength']) ?? [])
  return strengths.length > 0 ? strengths.join(' + ') : undefined
}

/** `500 mg` for `500 mg per 1 tablet`: the form stands beside it. */
function strengthOf(strength: JsonObject[string] | undefined): string | undefined {
  const denominator = asObject(asObject(strength)?.['denominator'])
  const each =
    denominator?.['value'] === 1 && !/^(?:m?[lL]|[mk]?g|h|d)$/.test(asText(denominator['code']) ?? '')
  return each ? quantityText(asObject(strength)?.['numerator']) : ratioText(strength)
}

function dosageLine(dosage: JsonObject): DosageLine {
  const texts = [asText(dosage['text']), asText(dosage['patientInstruction'])]
  return {
    dose: doseText(dosage),
    route: conceptText(dosage['route']),
    frequency: frequencyText(dosage),
    text: texts.filter((text) => text !== undefined).join('; ') || undefined,
  }
}

function doseText(dosage: JsonObject): string | undefined {
  const amounts = asObjects(dosage['doseAndRate']).flatMap((part) => {
    const dose = quantityText(part['doseQuantity']) ?? rangeText(part['doseRange'])
    const rate =
      quantityText(part['rateQuantity']) ?? rangeText(part['rateRange']) ?? ratioText(part['rateRatio'])
    const whole = [dose, rate && (dose === undefined ? rate : `at ${rate}`)].filter((p) => p !== undefined)
    return whole.length > 0 ? whole.join(' ') : []
  })
  return amounts.length > 0 ? amounts.join(' or ') : undefined
}
