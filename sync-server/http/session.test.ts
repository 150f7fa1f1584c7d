import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type SampleRegion, startSampleRegion } from '../gateway/sample-region.ts'

let region: SampleRegion
beforeAll(async () => {
  region = await startSampleRegion()
})
afterAll(() => region.close())

const asJson = { 'content-type': 'application/json' }
const body = async (response: Response) => (await response.json()) as { [field: string]: unknown }

describe('session and problems', () => {
  test('ID10 POST /v1/session opens a session, the refresh token another one', async () => {
    const opened = await region.postJson(
      '/v1/session',
      { username: 'physician.frankfurt', password: 'meridian' },
      { as: null },
    )
    expect(opened.status).toBe(200)
    expect(opened.headers.get('cache-control')).toBe('no-store')
    const session = await body(opened)
    expect(Object.keys(session).sort()).toEqual(['expiresInSeconds', 'refreshToken', 'token', 'user'])
    const again = await region.postJson(
      '/v1/session/refresh',
      { refreshToken: session['refreshToken'] },
      { as: null },
    )
    expect(await body(again)).toMatchObject({ expiresInSeconds: 900, user: { id: 'physician.frankfurt' } })
    const authority = await fetch(`${region.http}/v1/authority`, {
      headers: { authorization: `Bearer ${session['token']}` },
    })
    expect(authority.status).toBe(200)
  })

  test('ID11 a wrong password and an unknown name are answered alike, with 401', async () => {
    const answers = await Promise.all(
      ['physician.frankfurt', 'nobody'].map(async (username) => {
        const answer = await region.postJson('/v1/session', { username, password: 'wrong' }, { as: null })
        return [answer.status, answer.headers.get('content-type'), await answer.text()]
      }),
    )
    expect(answers[0]).toEqual(answers[1])
    expect(answers[0]?.[0]).toBe(401)
    expect(answers[0]?.[1]).toBe('application/problem+json')
  })

  test('ID12 apps learn where the regions are before anybody signs in', async () => {
    const regions = await region.request('/v1/session/regions', { as: null })
    expect(await body(regions)).toEqual({ region: 'frankfurt', regions: region.config.directory })
  })

  test('HT26 while the store is out of reach the answer is 503, worth another try', async () => {
    const { statementsAbout, find } = region.store.entries
    const gone = async () => {
      throw Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' })
    }
    Object.assign(region.store.entries, { statementsAbout: gone, find: gone })
    const call = await region.request(`/v1/entries/${'a'.repeat(43)}`)
    expect([call.status, call.headers.get('retry-after')]).toEqual([503, '5'])
    expect(await body(call)).toMatchObject({ status: 503, retryAfterSeconds: 5 })
    const patient = { resourceType: 'Patient', id: randomUUID() }
    for (const answer of [
      await region.request(`/fhir/R4/Patient/${patient.id}`),
      await region.request('/v1/import', {
        method: 'POST',
        headers: { 'content-type': 'application/fhir+json' },
        body: JSON.stringify(patient),
      }),
    ]) {
      expect([answer.status, answer.headers.get('retry-after')]).toEqual([503, '5'])
      expect(await body(answer)).toMatchObject({ resourceType: 'OperationOutcome' })
    }
    Object.assign(region.store.entries, { statementsAbout, find })
  })

  test('HT1 without a valid token all but health, session and metrics is 401, in the manner of the interface', async () => {
    for (const path of ['/v1/worklist', '/v1/authority', '/v1/patients/x', '/v1/nothing']) {
      const answer = await region.request(path, { as: null })
      expect([path, answer.status]).toEqual([path, 401])
      expect(await body(answer)).toMatchObject({ type: 'urn:meridian:problem:unauthorized', status: 401 })
    }
    const fhir = await region.request('/fhir/R4/metadata', { as: null })
    expect(fhir.status).toBe(401)
    expect(fhir.headers.get('content-type')).toMatch(/^application\/fhir\+json/)
    expect(await body(fhir)).toMatchObject({ resourceType: 'OperationOutcome', issue: [{ code: 'login' }] })
    for (const header of ['Bearer x.y.z', 'Basic abc', 'Bearer'])
      expect(
        (await region.request('/v1/worklist', { as: null, headers: { authorization: header } })).status,
      ).toBe(401)
    for (const path of ['/health', '/metrics', '/v1/session/regions'])
      expect((await region.request(path, { as: null })).status).toBe(200)
  })

  test('HT2 what a call does not take is refused as a problem, and not repeated', async () => {
    const post = (body: string | Uint8Array<ArrayBuffer>, headers: { [name: string]: string } = asJson) =>
      region.request('/v1/session', { as: null, method: 'POST', body, headers })
    const unknownField = await post('{"username":"a","password":"b","secret-field":1}')
    expect(unknownField.status).toBe(400)
    expect(await body(unknownField)).toMatchObject({ type: 'urn:meridian:problem:invalid', status: 400 })
    const malformed = await post('{"username":"s3cret"')
    expect(malformed.status).toBe(400)
    expect(await malformed.text()).not.toContain('s3cret')
    expect((await post('{}', { 'content-type': 'text/plain' })).status).toBe(415)
    expect((await post('{}', { ...asJson, 'content-encoding': 'gzip' })).status).toBe(415)
    expect((await post(new Uint8Array([0x22, 0xff, 0x22]))).status).toBe(400)
    expect((await post('"text"')).status).toBe(400)
    expect((await post(' '.repeat(17 * 1024 * 1024))).status).toBe(413)
  })

  test('HT3 an address where nothing is is 404, a method that is not served 405 with Allow', async () => {
    const nowhere = await region.request('/v1/nothing')
    expect(nowhere.status).toBe(404)
    expect(await body(nowhere)).toMatchObject({ type: 'urn:meridian:problem:not-found' })
    const wrong = await region.request('/v1/worklist', { method: 'DELETE' })
    expect(wrong.status).toBe(405)
    expect(wrong.headers.get('allow')).toContain('GET')
    expect(await body(wrong)).toMatchObject({ type: 'urn:meridian:problem:method-not-allowed' })
    expect((await region.request('/elsewhere')).status).toBe(404)
  })

  test('HT4 other origins are the regions and the desktop app, and send no cookies', async () => {
    const preflight = (origin: string) =>
      fetch(`${region.http}/v1/worklist`, {
        method: 'OPTIONS',
        headers: {
          origin,
          'access-control-request-method': 'GET',
          'access-control-request-headers': 'authorization',
        },
      })
    for (const origin of ['app://meridian', 'http://127.0.0.1:9020']) {
      const answer = await preflight(origin)
      expect(answer.headers.get('access-control-allow-origin')).toBe(origin)
      expect(answer.headers.get('access-control-allow-headers')).toContain('authorization')
      expect(answer.headers.get('access-control-allow-credentials')).toBeNull()
    }
    expect((await preflight('http://evil.example')).headers.get('access-control-allow-origin')).toBeNull()
    const refused = await region.request('/v1/worklist', { as: null, headers: { origin: 'app://meridian' } })
    expect(refused.headers.get('access-control-allow-origin')).toBe('app://meridian')
  })

  test('HT5 logs hold neither tokens nor paths nor what was sent', async () => {
    const token = await region.tokenOf()
    region.store.entries.documentsOf = () => Promise.reject(new Error('the disk is gone'))
    const patientId = '4ab0c1de-0000-4000-8000-000000000001'
    region.store.patients.get = (id) => ({ id, homeGroup: 'frankfurt-general', resource: {} })
    const answer = await fetch(`${region.http}/v1/patients/${patientId}?secret=1`, {
      headers: { authorization: `Bearer ${token}` },
    })
    expect(answer.status).toBe(500)
    expect(await body(answer)).toMatchObject({ type: 'urn:meridian:problem:internal' })
    const log = region.lines.join('')
    expect(log).toContain('the disk is gone')
    expect(log).toContain('/v1/patients/:id')
    for (const secret of [token, patientId, 'secret']) expect(log).not.toContain(secret)
  })
})
