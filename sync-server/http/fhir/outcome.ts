import type { ContentfulStatusCode } from 'hono/utils/http-status'

/** Errors of `/fhir/R4`, and the answer of an import: OperationOutcomes of FHIR R4. */

export const fhirJson = 'application/fhir+json'

/** Codes of FHIR's value set issue-type, as far as this region uses them. */
export type IssueCode =
  | 'invalid'
  | 'structure'
  | 'required'
  | 'value'
  | 'login'
  | 'forbidden'
  | 'processing'
  | 'not-supported'
  | 'not-found'
  | 'deleted'
  | 'too-long'
  | 'business-rule'
  | 'transient'
  | 'timeout'
  | 'exception'
  | 'informational'

export type Issue = {
  severity: 'error' | 'warning' | 'information'
  code: IssueCode
  diagnostics: string
  /** FHIRPath of what the issue is about. */
  expression?: string[]
}

/** Why a resource is not shown about which a region of a newer version has stated something. */
export const mustBeUpgraded =
  'this region must be upgraded: something was stated about this resource that its version does not understand; ask a region of the newer version'

export function outcomeOf(issues: readonly Issue[]) {
  return { resourceType: 'OperationOutcome', issue: issues }
}

/** A response that says one thing went wrong. Diagnostics never repeat what was sent. */
export function failed(
  status: ContentfulStatusCode,
  code: IssueCode,
  diagnostics: string,
  headers: { [name: string]: string } = {},
): Response {
  return fhirResponse(outcomeOf([{ severity: 'error', code, diagnostics }]), status, headers)
}

export function fhirResponse(
  resource: object,
  status: ContentfulStatusCode = 200,
  headers: { [name: string]: string } = {},
): Response {
  return fhirTextResponse(JSON.stringify(resource), status, headers)
}

/** The same, of a resource that is written already. */
export function fhirTextResponse(
  json: string,
  status: ContentfulStatusCode,
  headers: { [name: string]: string } = {},
): Response {
  return new Response(json, {
    status,
    headers: {
      'content-type': `${fhirJson}; charset=utf-8`,
      ...(status === 401 ? { 'www-authenticate': 'Bearer' } : {}),
      ...headers,
    },
  })
}
