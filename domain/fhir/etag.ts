/** The weak entity tag of a version, as FHIR wants it in `ETag`. */
export function etagOf(versionId: string): string {
  return `W/"${versionId}"`
}
