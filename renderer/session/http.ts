import { z } from 'zod'

/**
 * Calls to a region's HTTP interface. A call that did not work is a value: the screens say why and what to do.
 *
 * - `silent`: no answer within the time limit, or no connection
 * - `refused`: an answer with an error; `title` and `detail` are the region's words (RFC 9457)
 * - `unreadable`: an answer that is not what interfaces.md says
 */
export type CallProblem =
  | { problem: 'silent' }
  | { problem: 'refused'; status: number; title: string; detail: string; retryAfterSeconds?: number }
  | { problem: 'unreadable' }

export type Answer<T> = { ok: true; value: T } | ({ ok: false } & CallProblem)

export type CallOptions = { method?: 'GET' | 'POST'; body?: unknown; token?: string; timeoutMs?: number }

const problemShape = z.object({
  title: z.string().catch(''),
  detail: z.string().catch(''),
  retryAfterSeconds: z.number().optional().catch(undefined),
})

export type Call = <T>(url: string, shape: z.ZodType<T>, options?: CallOptions) => Promise<Answer<T>>

/** One call: JSON in, JSON out, read by `shape`. The time limit is 8 s unless given. Never throws. */
export function createCall(deps: { fetch: typeof fetch }): Call {
  return async (url, shape, { method = 'GET', body, token, timeoutMs = 8000 } = {}) => {
    let answer: Response
    try {
      answer = await deps.fetch(url, {
        method,
        cache: 'no-store',
        signal: AbortSignal.timeout(timeoutMs),
        headers: {
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
          ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      })
    } catch {
      return { ok: false, problem: 'silent' }
    }
    const json: unknown = await answer.json().catch(() => undefined)
    if (!answer.ok) {
      const said = problemShape.safeParse(json ?? {})
      const words = said.success ? said.data : { title: '', detail: '' }
      return {
        ok: false,
        problem: 'refused',
        status: answer.status,
        title: words.title,
        detail: words.detail,
        ...(said.success && said.data.retryAfterSeconds !== undefined
          ? { retryAfterSeconds: said.data.retryAfterSeconds }
          : {}),
      }
    }
    const parsed = shape.safeParse(json)
    return parsed.success ? { ok: true, value: parsed.data } : { ok: false, problem: 'unreadable' }
  }
}
