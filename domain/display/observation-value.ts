import type { Json, JsonObject } from '../entries/canonical.ts'
import { codeSystem } from '../fhir/code-systems.ts'
import { asNumber, asObject, asObjects, asText, type FhirResource, hasCode } from '../fhir/resource.ts'
import { conceptText } from './concept.ts'
import { formatDateTime } from './dates.ts'
import { formatNumber, quantityText, rangeText, ratioText } from './dose.ts'

/**
 * What was observed, as one text: `186/111 mmHg` for a blood pressure, else the value, else its components, else why
 * there is none. Measured numbers are shown to two decimals, blood pressures to none; the record keeps what was measured.
 */
export function observationValue(observation: FhirResource): string | undefined {
  const components = asObjects(observation['component'])
  return (
    bloodPressure(components) ??
    valueText(observation) ??
    componentsText(components) ??
    conceptText(observation['dataAbsentReason'])
  )
}

const loinc = { systolic: '8480-6', diastolic: '8462-4' } as const

/** Systolic and diastolic pressure in mmHg, where an observation has them. */
export function bloodPressureOf(
  observation: FhirResource,
): { systolic: number; diastolic: number } | undefined {
  const components = asObjects(observation['component'])
  const systolic = pressure(components, loinc.systolic)
  const diastolic = pressure(components, loinc.diastolic)
  return systolic === undefined || diastolic === undefined ? undefined : { systolic, diastolic }
}

function pressure(components: readonly JsonObject[], code: string): number | undefined {
  const quantity = asObject(
    components.find((part) => hasCode(part['code'], codeSystem.loinc, [code]))?.['valueQuantity'],
  )
  const inMmHg = ['mm[Hg]', 'mmHg'].includes(asText(quantity?.['code']) ?? asText(quantity?.['unit']) ?? '')
  return inMmHg && quantity?.['comparator'] === undefined ? asNumber(quantity?.['value']) : undefined
}

function bloodPressure(components: readonly JsonObject[]): string | undefined {
  if (components.length !== 2) return undefined
  const systolic = pressure(components, loinc.systolic)
  const diastolic = pressure(components, loinc.diastolic)
  if (systolic === undefined || diastolic === undefined) return undefined
  return `${Math.round(systolic)}/${Math.round(diastolic)} mmHg`
}

function componentsText(components: readonly JsonObject[]): string | undefined {
  const parts = components.flatMap((part) => {
    const value = valueText(part) ?? conceptText(part['dataAbsentReason'])
    return value === undefined ? [] : `${conceptText(part['code']) ?? 'Not named'} ${value}`
  })
  return parts.length > 0 ? parts.join(', ') : undefined
}

function valueText(part: { [element: string]: Json | undefined }): string | undefined {
  const boolean = part['valueBoolean']
  const integer = asNumber(part['valueInteger'])
  const dateTime = asText(part['valueDateTime'])
  const period = asObject(part['valuePeriod'])
  return (
    quantityText(part['valueQuantity'], measured) ??
    conceptText(part['valueCodeableConcept']) ??
    asText(part['valueString']) ??
    (typeof boolean === 'boolean' ? (boolean ? 'Yes' : 'No') : undefined) ??
    (integer === undefined ? undefined : formatNumber(integer)) ??
    rangeText(part['valueRange']) ??
    ratioText(part['valueRatio']) ??
    asText(part['valueTime'])?.slice(0, 5) ??
    (dateTime === undefined ? undefined : formatDateTime(dateTime)) ??
    (period && periodText(period))
  )
}

/** Two decimals; below one, three digits that count, so that a small value never reads as nothing. */
function measured(value: number): string {
  return formatNumber(Math.abs(value) < 1 ? Number(value.toPrecision(3)) : Math.round(value * 100) / 100)
}

function periodText(period: JsonObject): string | undefined {
  const ends = [asText(period['start']), asText(period['end'])].map((end) =>
    end === undefined ? '' : formatDateTime(end),
  )
  return ends.some(Boolean) ? ends.join(' – ').trim() : undefined
}
