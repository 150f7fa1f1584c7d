import { Hono } from 'hono'
import { idPattern } from '../../../domain/documents/document-name.ts'
import { etagOf } from '../../../domain/fhir/etag.ts'
import { isKeptType, keptTypes } from '../../../domain/fhir/kept.ts'
import { asObject, asText, type FhirResource } from '../../../domain/fhir/resource.ts'
import { recordOf, resourceNamed } from '../../documents/patient-record.ts'
import type { HttpContext, HttpDeps, HttpEnv } from '../context.ts'
import { capabilityStatement } from './capability.ts'
import { failed, fhirResponse, mustBeUpgraded } from './outcome.ts'
import { countOf, pageOfRecord, searchset } from './paging.ts'
import { searchPatients } from './patient-search.ts'

/** Entries on a page of `$everything` if nobody asks for fewer: all, up to this many. */
const everythingCount = 10_000
const searchCount = { usual: 50, most: 1000 }

/** Reading the record as FHIR R4. What is not declared in `metadata` is not supported, and says so. */
export function fhirRoutes({ store }: Pick<HttpDeps, 'store'>) {
  const routes = new Hono<HttpEnv>()

  routes.get('/metadata', (c) => fhirResponse(capabilityStatement(baseOf(c))))

  routes.get('/Patient', (c) => {
    const count = countOf(c.req.query('_count'), searchCount.usual, searchCount.most)
    if (count === undefined) return failed(400, 'value', '_count is a whole number from 0')
    const found = searchPatients(store.patients.all(), new URL(c.req.url).searchParams, strict(c))
    if ('problem' in found) return failed(400, 'not-supported', found.problem)
    return fhirResponse(
      searchset({ ...found, count, base: baseOf(c), self: new URL(c.req.url), mode: 'match' }),
    )
  })

  routes.get('/Patient/:id/:operation', async (c) => {
    if (c.req.param('operation') !== '$everything')
      return failed(404, 'not-supported', 'the operation on a Patient is $everything')
    const count = countOf(c.req.query('_count'), everythingCount, everythingCount)
    if (count === undefined) return failed(400, 'value', '_count is a whole number from 0')
    const id = c.req.param('id')
    if (store.erased.has(id)) return erased()
    if (!store.patients.get(id)) return unknown()
    const record = await recordOf(store.entries, id)
    if (record.resources.length + record.unread.length === 0) return unknown()
    return fhirResponse(pageOfRecord(record, { count, base: baseOf(c), self: new URL(c.req.url) }))
  })

  routes.get('/:type/:id', async (c) => {
    const { type, id } = c.req.param()
    if (!isKeptType(type)) return failed(404, 'not-supported', 'resources of this type are not kept here')
    if (type === 'Patient' && store.erased.has(id)) return erased()
    const resource = idPattern.test(id) ? await resourceNamed(store.entries, `${type}/${id}`) : undefined
    if (resource === 'unread') return failed(503, 'not-supported', mustBeUpgraded)
    return resource ? asRead(c, resource) : unknown()
  })

  routes.get('/:type', (c) =>
    isKeptType(c.req.param('type'))
      ? failed(
          400,
          'not-supported',
          'only Patient can be searched; read others by id, or a patient by $everything',
        )
      : failed(404, 'not-supported', 'resources of this type are not kept here'),
  )

  const notYet = () =>
    failed(405, 'not-supported', 'this version takes no single writes; send a Bundle to /v1/import', {
      allow: 'GET',
    })
  routes.on(['POST', 'PUT', 'PATCH', 'DELETE'], [`/:type{${keptTypes.join('|')}}`, '/:type/:id'], notYet)

  return routes
}

function asRead(c: HttpContext, resource: FhirResource): Response {
  const meta = asObject(resource['meta'])
  const etag = etagOf(asText(meta?.['versionId']) ?? '')
  const changed = new Date(asText(meta?.['lastUpdated']) ?? 0).toUTCString()
  const headers = { etag, 'last-modified': changed, 'cache-control': 'private, no-cache' }
  if (c.req.header('if-none-match') === etag) return new Response(null, { status: 304, headers })
  return fhirResponse(resource, 200, headers)
}

function unknown(): Response {
  return failed(404, 'not-found', 'this region holds no such resource')
}

function erased(): Response {
  return failed(410, 'deleted', 'this patient was erased: nothing about them is kept any more')
}

/** `Prefer: handling=strict` turns parameters that are not supported into errors; else they are left out of account. */
function strict(c: HttpContext): boolean {
  return /(?:^|[;,\s])handling=strict(?:$|[;,\s])/.test(c.req.header('prefer') ?? '')
}

/** The address under which the client sees this interface. */
function baseOf(c: HttpContext): string {
  return `${new URL(c.req.url).origin}/fhir/R4`
}
