import { HTTPException } from 'hono/http-exception'
import type { ContentfulStatusCode } from 'hono/utils/http-status'

/**
 * Errors of `/v1`: `application/problem+json` of RFC 9457, types `urn:meridian:problem:<name>`. `detail` says what
 * happened and what to do; it never repeats what was sent.
 */

const problems = {
  malformed: [400, 'The request cannot be read'],
  invalid: [400, 'The request is not what this call takes'],
  unauthorized: [401, 'No valid token'],
  'wrong-credentials': [401, 'Name or password is wrong'],
  forbidden: [403, 'Not allowed'],
  'not-found': [404, 'There is no such thing here'],
  erased: [410, 'This patient was erased'],
  'method-not-allowed': [405, 'This method is not served here'],
  'too-large': [413, 'The request is too large'],
  'unsupported-media-type': [415, 'This kind of content is not taken'],
  internal: [500, 'Something went wrong in this region'],
  unavailable: [503, 'This region cannot answer now'],
  indeterminate: [504, 'Nobody knows yet what became of it'],
} as const satisfies { [name: string]: readonly [ContentfulStatusCode, string] }

export type ProblemName = keyof typeof problems
export type ProblemExtras = { retryAfterSeconds?: number; headers?: { [name: string]: string } }

export function problem(name: ProblemName, detail: string, extras: ProblemExtras = {}): Response {
  const [status, title] = problems[name]
  const { retryAfterSeconds, headers } = extras
  const body = {
    type: `urn:meridian:problem:${name}`,
    title,
    status,
    detail,
    ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds }),
  }
  return new Response(JSON.stringify(body), {
    status,
    headers: {
      'content-type': 'application/problem+json',
      ...(status === 401 ? { 'www-authenticate': 'Bearer' } : {}),
      ...(retryAfterSeconds === undefined ? {} : { 'retry-after': String(retryAfterSeconds) }),
      ...headers,
    },
  })
}

/** Ends a request with a response from deep inside a handler. */
export function answerWith(response: Response): HTTPException {
  return new HTTPException(response.status as ContentfulStatusCode, { res: response })
}
