import { type Context, Hono } from 'hono'
import { z } from 'zod'
import type { LinkSettings } from './link.ts'
import type { Part } from './region.ts'

/**
 * The control port of a development cluster: looks at its processes and links, and harms them. Every POST is answered
 * with the state after it, in the form of `GET /state`; errors are RFC 9457 problems. Never part of a
 * production server.
 */

export type ClusterState = {
  regions: { [region: string]: { [part in Part]: { pid: number | null; state: string } } }
  links: { [link: string]: LinkSettings }
}

/** What the control port does it with. `start` rejects, with words for the caller, if the region does not get ready. */
export type ClusterControls = {
  regions: readonly string[]
  /** Where devices reach the regions: what a window needs to start with. */
  addresses: { [region: string]: { http: string; sync: string } }
  state(): ClusterState
  setLink(from: string, to: string, settings: LinkSettings): void
  isolate(region: string): void
  rejoin(region: string): void
  start(region: string, what: readonly Part[]): Promise<void>
  stop(region: string, what: readonly Part[]): Promise<void>
  kill(region: string, what: readonly Part[]): Promise<void>
  pause(region: string, what: readonly Part[]): void
  resume(region: string, what: readonly Part[]): void
  /** Links open, everything that was paused, stopped or killed runs again. */
  reset(): Promise<void>
}

const mostMs = 60_000

const linkBody = z.strictObject({
  state: z.enum(['open', 'cut', 'blackhole']).default('open'),
  latencyMs: z.number().min(0).max(mostMs).default(0),
  jitterMs: z.number().min(0).max(mostMs).default(0),
  bandwidthKBps: z.number().min(0).max(10_000_000).default(0),
})

const whatBody = z.strictObject({ what: z.enum(['all', 'server', 'postgres', 'etcd']).default('all') })
const emptyBody = z.strictObject({})

/** Ends of a link that the contract names and a later issue brings. */
const laterEnds = new Set(['devices', 'partners'])

export function createControlPort(controls: ClusterControls): Hono {
  const app = new Hono()
  const state = (c: Context) => c.json(controls.state())

  app.get('/state', state)
  app.get('/regions', (c) => c.json(controls.addresses))

  app.post('/links/:from/:to', async (c) => {
    const { from, to } = c.req.param()
    for (const end of [from, to])
      if (laterEnds.has(end)) throw notBuilt(`links of ${end} are not built yet; regions have links`)
    for (const end of [from, to]) requireRegion(controls, end)
    if (from === to) throw new Problem(400, 'no-link', 'A link has two ends', `${from} has no link to itself`)
    controls.setLink(from, to, await readBody(c, linkBody))
    return state(c)
  })

  for (const act of ['isolate', 'rejoin'] as const)
    app.post(`/regions/:region/${act}`, async (c) => {
      const { region } = c.req.param()
      requireRegion(controls, region)
      await readBody(c, emptyBody)
      controls[act](region)
      return state(c)
    })

  for (const act of ['start', 'stop', 'kill', 'pause', 'resume'] as const)
    app.post(`/regions/:region/${act}`, async (c) => {
      const { region } = c.req.param()
      requireRegion(controls, region)
      const { what } = await readBody(c, whatBody)
      if (what === 'etcd') throw notBuilt('etcd comes with --mode quorum, which is not built yet')
      const chosen: Part[] = what === 'all' ? ['server', 'postgres'] : [what]
      await controls[act](region, chosen)
      return state(c)
    })

  app.post('/reset', async (c) => {
    await readBody(c, emptyBody)
    await controls.reset()
    return state(c)
  })

  app.notFound((c) =>
    answer(
      c,
      new Problem(
        404,
        'no-such-call',
        'No such call',
        `${c.req.method} ${c.req.path} is no call of the control port`,
      ),
    ),
  )
  app.onError((error, c) =>
    answer(
      c,
      error instanceof Problem ? error : new Problem(500, 'failed', 'It did not succeed', error.message),
    ),
  )
  return app
}

class Problem extends Error {
  readonly status: 400 | 404 | 500 | 501
  readonly slug: string
  readonly title: string

  constructor(status: 400 | 404 | 500 | 501, slug: string, title: string, detail: string) {
    super(detail)
    this.status = status
    this.slug = slug
    this.title = title
  }
}

function answer(c: Context, problem: Problem): Response {
  const { slug, title, status, message } = problem
  const body = JSON.stringify({ type: `urn:meridian:problem:${slug}`, title, status, detail: message })
  return c.body(body, status, { 'content-type': 'application/problem+json' })
}

function notBuilt(detail: string): Problem {
  return new Problem(501, 'not-built', 'Not built yet', detail)
}

function requireRegion(controls: ClusterControls, name: string): void {
  if (!controls.regions.includes(name))
    throw new Problem(
      404,
      'no-such-region',
      'No such region',
      `${name} is no region of this cluster; it has ${controls.regions.join(', ')}`,
    )
}

/** An absent body is an empty one. */
async function readBody<T>(c: Context, shape: z.ZodType<T>): Promise<T> {
  const text = await c.req.text()
  let raw: unknown
  try {
    raw = text.trim() === '' ? {} : JSON.parse(text)
  } catch (error) {
    throw new Problem(400, 'bad-body', 'The body is no JSON', (error as Error).message)
  }
  const parsed = shape.safeParse(raw)
  if (parsed.success) return parsed.data
  const mistakes = parsed.error.issues.map((issue) => `${issue.path.join('.') || 'body'}: ${issue.message}`)
  throw new Problem(400, 'bad-body', 'The body cannot be used', mistakes.join('; '))
}
