import type { z } from 'zod'
import type { HttpContext } from './context.ts'
import { answerWith, problem } from './problem.ts'

/** Largest body of a `/v1` call that is no import, in bytes: 1,000 entries of ordinary size. */
const bodyLimit = 16 * 1024 * 1024

export type BodyProblem = 'too-large' | 'not-utf8' | 'not-json'

/** Reads a JSON body by its schema. Ends the request with 400, 413 or 415 if it is another one. */
export async function readJson<T>(c: HttpContext, schema: z.ZodType<T>): Promise<T> {
  if (!isMediaType(c, ['application/json']))
    throw answerWith(problem('unsupported-media-type', 'send JSON with content type application/json'))
  const body = await readJsonBody(c, bodyLimit)
  if ('problem' in body) throw answerWith(bodyProblem(body.problem))
  const parsed = schema.safeParse(body.value)
  if (parsed.success) return parsed.data
  const issue = parsed.error.issues[0]
  throw answerWith(problem('invalid', `${issue?.path.join('.') || 'body'}: ${issue?.message ?? 'invalid'}`))
}

function bodyProblem(what: BodyProblem): Response {
  return what === 'too-large'
    ? problem('too-large', `a body has at most ${bodyLimit} bytes`)
    : problem('malformed', what === 'not-utf8' ? 'the body is no UTF-8' : 'the body is no JSON')
}

/** Is the content of one of these media types, as it came (parameters aside, not encoded)? */
export function isMediaType(c: HttpContext, types: readonly string[]): boolean {
  const encoding = c.req.header('content-encoding') ?? 'identity'
  const type = c.req.header('content-type')?.split(';')[0]?.trim().toLowerCase()
  return encoding === 'identity' && type !== undefined && types.includes(type)
}

/** The body as JSON, or what is wrong with it. `limit` in bytes. */
export async function readJsonBody(
  c: HttpContext,
  limit: number,
): Promise<{ value: unknown } | { problem: BodyProblem }> {
  const bytes = await readLimited(c.req.raw, limit)
  if (!bytes) return { problem: 'too-large' }
  let text: string
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    return { problem: 'not-utf8' }
  }
  try {
    return { value: JSON.parse(text) }
  } catch {
    return { problem: 'not-json' }
  }
}

/**
 * What lies above the limit is read and thrown away, up to four times the limit, because many clients only listen to
 * the answer when they have sent everything.
 */
async function readLimited(request: Request, limit: number): Promise<Uint8Array | undefined> {
  const announced = Number(request.headers.get('content-length') ?? 0)
  if (announced > 4 * limit) return undefined
  const parts: Uint8Array[] = []
  let size = 0
  for await (const part of request.body ?? []) {
    size += part.length
    if (size <= limit) parts.push(part)
    else parts.length = 0
    if (size > 4 * limit) break
  }
  return size > limit ? undefined : Buffer.concat(parts)
}
