import type { z } from 'zod'
import type { HttpContext } from './context.ts'
import { type PlainJson, parsePlainJson } from './plain-json.ts'
import { answerWith, problem } from './problem.ts'

/** Largest body of a `/v1` call that is no import, in bytes: 1,000 entries of ordinary size. */
const bodyLimit = 16 * 1024 * 1024

/** In seconds: when to come again with a body for which there is no room now. */
export const crowdedRetrySeconds = 5

export type BodyProblem =
  | Extract<PlainJson, { problem: string }>['problem']
  | 'too-large'
  | 'not-utf8'
  /** The client went away in the middle of it. */
  | 'cut-short'
  /** Too many large bodies are being read. */
  | 'crowded'

/**
 * Reads a JSON body by its schema. Ends the request with 400, 413, 415 or 503 if it is another one. `limit` in bytes:
 * small where anybody may call, without a token.
 */
export async function readJson<T>(c: HttpContext, schema: z.ZodType<T>, limit = bodyLimit): Promise<T> {
  if (!isMediaType(c, ['application/json']))
    throw answerWith(problem('unsupported-media-type', 'send JSON with content type application/json'))
  const body = await readJsonBody(c, limit)
  if ('problem' in body) throw answerWith(bodyProblem(body.problem, limit))
  const parsed = schema.safeParse(body.value)
  if (parsed.success) return parsed.data
  const issue = parsed.error.issues[0]
  throw answerWith(problem('invalid', `${issue?.path.join('.') || 'body'}: ${issue?.message ?? 'invalid'}`))
}

function bodyProblem(what: BodyProblem, limit: number): Response {
  if (what === 'too-large') return problem('too-large', `a body has at most ${limit} bytes`)
  if (what === 'crowded')
    return problem('unavailable', bodyWords.crowded, { retryAfterSeconds: crowdedRetrySeconds })
  return problem('malformed', bodyWords[what])
}

/** What is wrong with a body, for the people who have to mend it. */
export const bodyWords: { [what in Exclude<BodyProblem, 'too-large'>]: string } = {
  'not-utf8': 'the body is no UTF-8',
  'not-json': 'the body is no JSON',
  'repeated-key':
    'an object in the body has one key twice: readers of JSON differ in which of the two values they take, so nothing is taken',
  'too-deep': 'the body is nested deeper than 100',
  'cut-short': 'the body ended before it was complete',
  crowded: 'too many large bodies are being read at this moment; send it again later',
}

/** Is the content of one of these media types, as it came (parameters aside, not encoded)? */
export function isMediaType(c: HttpContext, types: readonly string[]): boolean {
  const encoding = c.req.header('content-encoding') ?? 'identity'
  const type = c.req.header('content-type')?.split(';')[0]?.trim().toLowerCase()
  return encoding === 'identity' && type !== undefined && types.includes(type)
}

/** The body as JSON, or what is wrong with it. `limit` in bytes. */
async function readJsonBody(
  c: HttpContext,
  limit: number,
): Promise<{ value: unknown } | { problem: BodyProblem }> {
  const parts = await readBody(c, limit)
  if (typeof parts === 'string') return { problem: parts }
  let text: string
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(parts))
  } catch {
    return { problem: 'not-utf8' }
  }
  return parsePlainJson(text)
}

/** As many bytes above a limit, or four times the limit, are read and thrown away. */
const politeBytes = 64 * 1024 * 1024

/**
 * The body in the parts in which it came, or what is wrong with it. `limit` in bytes. What is not taken is read and thrown
 * away for a while, because many clients only listen to the answer when they have sent everything.
 */
export async function readBody(c: HttpContext, limit: number): Promise<Uint8Array[] | BodyProblem> {
  const { headers, body } = c.req.raw
  const polite = Math.max(4 * limit, politeBytes)
  if (Number(headers.get('content-length') ?? 0) > polite) return 'too-large'
  const hold = c.get('holdBody')
  let parts: Uint8Array[] = []
  let problem: 'too-large' | 'crowded' | undefined
  let size = 0
  try {
    for await (const part of body ?? []) {
      size += part.length
      if (size > limit) problem = 'too-large'
      else if (!problem && !hold(part.length)) problem = 'crowded'
      if (problem) parts = []
      else parts.push(part)
      if (size > polite) break
    }
  } catch {
    return 'cut-short'
  }
  return problem ?? parts
}
