import { Hono } from 'hono'
import { z } from 'zod'
import { createImportReaders } from '../documents/import-readers.ts'
import type { ImportReport } from '../documents/import-report.ts'
import { importLimits, type Unreadable } from '../documents/import-text.ts'
import { createImporter } from '../documents/importer.ts'
import { createPace, type Pace } from '../documents/pace.ts'
import type { Identity } from '../identity/tokens.ts'
import { type BodyProblem, bodyWords, crowdedRetrySeconds, isMediaType, readBody } from './body.ts'
import type { HttpDeps, HttpEnv } from './context.ts'
import { failed, fhirJson, fhirTextResponse, type Issue } from './fhir/outcome.ts'

/** Each parameter comes as a list: one that stands twice means two things. */
const once = (most: number) => z.tuple([z.string().min(1).max(most)]).optional()
const query = z.strictObject({ source: once(128), homeGroup: once(64) })

/** `POST /v1/import`: a FHIR Bundle or resource from outside. All answers but 401 are OperationOutcomes. */
export function importRoutes({ config, store, metrics, now, monotonic }: HttpDeps) {
  const routes = new Hono<HttpEnv>()
  const pace = createPace({ monotonic })
  const importer = createImporter({ store, metrics, now, pace, readers: createImportReaders({ metrics }) })
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
    const { importBytes } = config.limits
    const body = await readBody(c, importBytes)
    if (typeof body === 'string') return unreadable(body, importBytes)
    const { signal } = c.req.raw
    try {
      const report = await importer.import(body, { source, homeGroup, identity }, signal)
      if (report === 'busy') return later(busyWords)
      if ('unreadable' in report) return unreadable(report.unreadable, importBytes)
      return 'problem' in report ? failed(400, 'structure', report.problem) : await answer(report, pace)
    } catch (error) {
      if (signal.aborted) return later(leftWords)
      throw error
    }
  })

  return routes
}

const busyWords = 'too many large imports are under way; send this one again later'
/** For the metrics: whoever it is for has gone. */
const leftWords =
  'the client went away; what was taken until then is kept, and the same import again adds the rest'

function later(words: string): Response {
  return failed(503, 'transient', words, { 'retry-after': String(crowdedRetrySeconds) })
}

function mayImport({ sources, user }: Identity, source: string): boolean {
  return sources === 'any' || source === user || sources.includes(source)
}

function unreadable(problem: BodyProblem | Unreadable, limit: number): Response {
  switch (problem) {
    case 'too-large':
      return failed(413, 'too-long', `an import has at most ${limit} bytes; send it in several Bundles`)
    case 'too-many-entries':
      return failed(
        413,
        'too-long',
        `a Bundle has at most ${importLimits.entries} entries; send it in several`,
      )
    case 'too-many-values':
      return failed(413, 'too-long', `a resource has at most ${importLimits.values} values`)
    case 'crowded':
      return later(bodyWords.crowded)
    default:
      return failed(400, 'structure', bodyWords[problem])
  }
}

async function answer(report: ImportReport, pace: Pace): Promise<Response> {
  const outcome = await outcomeText(issuesOf(report), pace)
  // Something is not durable: the answer must not look like success, and the same import again adds what is missing.
  if (report.unsaved.some((u) => u.outcome === 'indeterminate')) return fhirTextResponse(outcome, 504)
  if (report.unsaved.length > 0) return fhirTextResponse(outcome, 503, { 'retry-after': '5' })
  const kept = [...report.types.values()].some(({ taken, unchanged }) => taken + unchanged > 0)
  return fhirTextResponse(outcome, kept ? 200 : 422)
}

/** An OperationOutcome as JSON, written piece by piece: an import may have as many issues as it has resources. */
async function outcomeText(issues: Iterable<Issue>, pace: Pace): Promise<string> {
  const pieces: string[] = []
  for (const issue of issues) {
    await pace.piece()
    pieces.push(JSON.stringify(issue))
  }
  if (pieces.length === 0) pieces.push(JSON.stringify(information('there was nothing in it')))
  return `{"resourceType":"OperationOutcome","issue":[${pieces.join()}]}`
}

function* issuesOf(report: ImportReport): Generator<Issue> {
  const types = [...report.types].sort(([a], [b]) => (a < b ? -1 : 1))
  for (const [type, { taken, unchanged, leftAside, refused }] of types)
    yield information(
      `${type}: ${taken} taken, ${unchanged} unchanged, ${leftAside} left aside, ${refused} refused`,
    )
  for (const one of report.renamed)
    if (one) yield { ...information(`${one.from} is kept as ${one.to}`), expression: [one.place] }
  for (const one of report.refused)
    if (one) yield { severity: 'error', code: 'invalid', diagnostics: one.detail, expression: [one.place] }
  for (const { place, outcome } of report.unsaved)
    yield {
      severity: 'error',
      code: outcome === 'indeterminate' ? 'timeout' : 'transient',
      diagnostics: 'this was not saved, or nobody knows; send the same import again',
      expression: [place],
    }
}

function information(diagnostics: string): Issue {
  return { severity: 'information', code: 'informational', diagnostics }
}
