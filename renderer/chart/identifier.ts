import { asObject, asObjects, asText, type FhirResource } from '../../domain/fhir/resource.ts'

/** The identifier that stands in the banner: the medical record number, else the first in use. */
export function identifierToShow(
  patient: FhirResource,
): { label: string | undefined; value: string } | undefined {
  const list = asObjects(patient['identifier']).flatMap((identifier) => {
    const value = asText(identifier['value'])
    if (value === undefined || asText(identifier['use']) === 'old') return []
    const type = asObject(identifier['type'])
    const code = asObjects(type?.['coding'])
      .map((coding) => asText(coding['code']))
      .find((c) => c !== undefined)
    return [{ code, label: code === 'MR' ? 'MRN' : asText(type?.['text']), value }]
  })
  return list.find(({ code }) => code === 'MR') ?? list[0]
}
