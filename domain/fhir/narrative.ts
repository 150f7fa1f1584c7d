import { conceptText } from '../display/concept.ts'
import { medicationName } from '../display/medication-line.ts'
import { patientName } from '../display/patient-name.ts'
import { asObject, asText, type FhirResource } from './resource.ts'

/** A short XHTML text for people whose system shows nothing else: the type, what it is about, its status. */
export function narrativeOf(resource: FhirResource): string {
  const parts = [resource.resourceType, labelOf(resource), statusOf(resource)].filter((p) => p !== undefined)
  return `<div xmlns="http://www.w3.org/1999/xhtml">${escapeXml(parts.join(', '))}</div>`
}

function labelOf(resource: FhirResource): string | undefined {
  switch (resource.resourceType) {
    case 'Patient':
      return patientName(resource)
    case 'MedicationRequest':
      return medicationName(resource)
    case 'Immunization':
      return conceptText(resource['vaccineCode'])
    case 'CareTeam':
      return asText(resource['name'])
    case 'Consent':
      return conceptText(resource['scope'])
    default:
      return conceptText(resource['code'])
  }
}

function statusOf(resource: FhirResource): string | undefined {
  const clinical = [resource['clinicalStatus'], resource['verificationStatus']].map((status) =>
    asObject(status) ? conceptText(status) : undefined,
  )
  return asText(resource['status']) ?? (clinical.filter((c) => c !== undefined).join(', ') || undefined)
}

/** Characters that XML 1.0 cannot hold, escaped or not. */
const noXml = /[^\t\n\r\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/gu

function escapeXml(text: string): string {
  return text
    .replaceAll(noXml, '')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
}
