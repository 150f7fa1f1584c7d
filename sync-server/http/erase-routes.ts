import { Hono } from 'hono'
import { z } from 'zod'
import { idPattern } from '../../domain/documents/document-name.ts'
import type { ErasureState } from '../store/ports.ts'
import { readJson } from './body.ts'
import type { HttpContext, HttpDeps, HttpEnv } from './context.ts'
import { problem } from './problem.ts'

/** What has become of an erasure, in every region of the cluster. */
export type ErasureAnswer = {
  patient: string
  /** Absent while nobody has asked for it, or where this region may not read when. */
  requestedAt?: string
  regions: { [region: string]: { carriedOut: boolean } }
}

const order = z.strictObject({ reason: z.string().min(1).max(4096) })
const retryAfterSeconds = 5

/** `/v1/patients/<id>/erase`: having a patient erased, and looking how far it has come. For operators only. */
export function eraseRoutes({ config, store, peers, replicated }: HttpDeps) {
  const routes = new Hono<HttpEnv>()

  routes.post('/patients/:id/erase', async (c) => {
    if (!isOperator(c)) return forbidden()
    const { reason } = await readJson(c, order)
    const patient = c.req.param('id')
    if (!idPattern.test(patient)) return unknown()
    const answer = await store.erased.erase({ patientId: patient, reason, author: c.get('identity').user })
    switch (answer.outcome) {
      case 'erased':
        return c.json(stateOf(patient, await store.erased.find(patient)), 202)
      case 'unknown':
        return unknown()
      case 'unavailable':
        return problem('unavailable', answer.detail, { retryAfterSeconds })
      case 'indeterminate':
        return problem('indeterminate', `${answer.detail}; GET this address tells`, { retryAfterSeconds })
    }
  })

  routes.get('/patients/:id/erase', async (c) => {
    if (!isOperator(c)) return forbidden()
    const patient = c.req.param('id')
    const erasure = await store.erased.find(patient)
    return erasure || store.patients.get(patient) ? c.json(stateOf(patient, erasure)) : unknown()
  })

  function stateOf(patient: string, erasure: ErasureState | undefined): ErasureAnswer {
    const flushed = replicated.current()
    const hasFlushed = (region: string) =>
      erasure?.tombstones.some(({ origin, seq }) => (flushed[region]?.[origin] ?? 0) >= seq) ?? false
    const regions = {
      [config.region]: { carriedOut: erasure !== undefined },
      ...Object.fromEntries(
        peers().map(({ region }) => [region, { carriedOut: hasFlushed(region) }] as const),
      ),
    }
    return { patient, ...(erasure?.requestedAt ? { requestedAt: erasure.requestedAt } : {}), regions }
  }

  return routes
}

function isOperator(c: HttpContext): boolean {
  return c.get('identity').role === 'operator'
}

function forbidden(): Response {
  return problem('forbidden', 'only an operator can have a patient erased')
}

function unknown(): Response {
  return problem('not-found', 'this region knows no such patient')
}
