import { Hono } from 'hono'
import { z } from 'zod'
import { createImporter, type ImportReport } from '../documents/importer.ts'
import type { Identity } from '../identity/tokens.ts'
import { type BodyProblem, bodyWords, crowdedRetrySeconds, isMediaType, readJsonBody } from './body.ts'
import type { HttpDeps, HttpEnv } from './context.ts'
import { failed, fhirJson, fhirResponse, type Issue, outcomeOf } from './fhir/outcome.ts'

/** Each parameter comes as a list: one that stands twice means two things. */
const once = (most: number) => z.tuple([z.string().min(1).max(most)]).optional()
const query = z.strictObject({ source: once(128), homeGroup: once(64) })

/** `POST /v1/import`: a FHIR Bundle or resource from outside. All answers but 401 are OperationOutcomes. */
export function importRoutes({ config, store, metrics, now }: HttpDeps) {
  const routes = new Hono<HttpEnv>()
  const importer = createImporter({ store, metrics, now })
  const groups = new Set(config.homeGroups.map((group) => group.name))

  routes.post('/import', async (c) => {
    const identity = c.get('identity')
    const asked = query.safeParse(c.req.queries())
    if (!asked.success)
      return failed(400, 'invalid', 'an import takes the parameters source and homeGroup, once each')
    const source = asked.data.source?.[0] ?? identity.user
    if (!mayImport(identity, source))
      return failed(403, 'forbidden', 'this account may not speak for that source')
    const homeGroup = asked.data.homeGroup?.[0] ?? identity.homeGroups.find((group) => groups.has(group))
    if (homeGroup === undefined || !groups.has(homeGroup))
      return failed(400, 'value', 'there is no such home group; GET /v1/authority lists them')
    if (!isMediaType(c, [fhirJson, 'application/json']))
      return failed(415, 'not-supported', `send FHIR R4 as ${fhirJson}, not compressed`)
    const body = await readJsonBody(c, config.limits.importBytes)
    if ('problem' in body) return unreadable(body.problem, config.limits.importBytes)
    const report = await importer.import(body.value, { source, homeGroup, identity })
    return 'problem' in report ? failed(400, 'structure', report.problem) : answer(report)
  })

  return routes
}

function mayImport({ sources, user }: Identity, source: string): boolean {
  return sources === 'any' || source === user || sources.includes(source)
}

function unreadable(problem: BodyProblem, limit: number): Response {
  if (problem === 'too-large')
    return failed(413, 'too-long', `an import has at most ${limit} bytes; send it in several Bundles`)
  if (problem === 'crowded')
    return failed(503, 'transient', bodyWords.crowded, { 'retry-after': String(crowdedRetrySeconds) })
  return failed(400, 'structure', bodyWords[problem])
}

function answer(report: ImportReport): Response {
  const outcome = outcomeOf(issuesOf(report))
  // Something is not durable: the answer must not look like success, and the same import again adds what is missing.
  if (report.unsaved.some((u) => u.outcome === 'indeterminate')) return fhirResponse(outcome, 504)
  if (report.unsaved.length > 0) return fhirResponse(outcome, 503, { 'retry-after': '5' })
  const kept = [...report.types.values()].some(({ taken, unchanged }) => taken + unchanged > 0)
  return fhirResponse(outcome, kept ? 200 : 422)
}

function issuesOf(report: ImportReport): Issue[] {
  const counts = [...report.types].map(
    ([type, { taken, unchanged, leftAside, refused }]): Issue =>
      information(
        `${type}: ${taken} taken, ${unchanged} unchanged, ${leftAside} left aside, ${refused} refused`,
      ),
  )
  const renamed = report.renamed.map(
    ({ place, from, to }): Issue => ({
      ...information(`${from} is kept as ${to}`),
      expression: [place],
    }),
  )
  const refused = report.refused.map(
    ({ place, detail }): Issue => ({
      severity: 'error',
      code: 'invalid',
      diagnostics: detail,
      expression: [place],
    }),
  )
  const unsaved = report.unsaved.map(
    ({ place, outcome }): Issue => ({
      severity: 'error',
      code: outcome === 'indeterminate' ? 'timeout' : 'transient',
      diagnostics: 'this was not saved, or nobody knows; send the same import again',
      expression: [place],
    }),
  )
  const all = [...counts, ...renamed, ...refused, ...unsaved]
  return all.length > 0 ? all : [information('there was nothing in it')]
}

function information(diagnostics: string): Issue {
  return { severity: 'information', code: 'informational', diagnostics }
}
