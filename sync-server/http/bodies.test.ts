import { randomUUID } from 'node:crypto'
import { connect, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type SampleRegion, startSampleRegion } from '../gateway/sample-region.ts'
import { createDrafts } from '../store/sample-drafts.ts'

let region: SampleRegion
beforeAll(async () => {
  region = await startSampleRegion({ over: { limits: { importBytes: 1024 * 1024 } } })
})
afterAll(() => region.close())

const post = (path: string, body: string, type = 'application/json') =>
  region.request(path, { method: 'POST', body, headers: { 'content-type': type } })

/** The text of an object with one more member in front, which JSON.parse would drop for the later one. */
const withTwice = (value: object, key: string) => JSON.stringify(value).replace('{', `{"${key}":"other",`)

describe('bodies', () => {
  test('HO5 a body with a repeated key is refused with 400, in words, and nothing of it is stored', async () => {
    const { patient } = createDrafts('frankfurt-general', region.authorOf()).newPatient()
    const fhir = { resourceType: 'Patient', id: randomUUID(), name: [{ family: 'Muster' }] }
    const bundle = { resourceType: 'Bundle', type: 'collection', entry: [{ resource: fhir }] }
    const innermost = JSON.stringify(bundle).replace('"family"', '"family":"Other","family"')
    const answers = [
      await post('/v1/entries', `{"entries":[${withTwice(patient.entry, 'subject')}]}`),
      await post('/v1/entries', `{"entries":[],"entries":[${JSON.stringify(patient.entry)}]}`),
      await post('/v1/import', withTwice(fhir, 'id'), 'application/fhir+json'),
      await post('/v1/import', innermost, 'application/fhir+json'),
      await region.request('/v1/session', {
        as: null,
        method: 'POST',
        body: '{"username":"a","username":"b","password":"c"}',
        headers: { 'content-type': 'application/json' },
      }),
    ]
    for (const answer of answers) {
      expect(answer.status).toBe(400)
      const text = await answer.text()
      expect(text).toContain('one key twice')
      for (const value of ['Muster', 'other', patient.id]) expect(text).not.toContain(value)
    }
    expect((await region.store.vectors()).flushed).toEqual({})
    expect((await post('/v1/entries', JSON.stringify({ entries: [patient.entry] }))).status).toBe(200)
  })

  test('HO6 a body that is nested too deeply is refused with 400, whoever reads it', async () => {
    const deep = `${'['.repeat(200_000)}${']'.repeat(200_000)}`
    for (const [path, type] of [
      ['/v1/entries', 'application/json'],
      ['/v1/import', 'application/fhir+json'],
    ] as const) {
      const answer = await post(path, `{"resourceType":"Patient","entries":${deep}}`, type)
      expect([path, answer.status]).toEqual([path, 400])
      expect(await answer.text()).toContain('deeper')
    }
  })

  test('HO7 without a token nobody makes this region hold more than 32 KiB', async () => {
    const body = JSON.stringify({ username: 'x'.repeat(40_000), password: 'y' })
    const answer = await region.request('/v1/session', {
      as: null,
      method: 'POST',
      body,
      headers: { 'content-type': 'application/json' },
    })
    expect(answer.status).toBe(413)
  })

  test('HO8 large bodies that lie in memory together are bounded: one more is answered 503, small ones pass', async () => {
    const token = await region.tokenOf()
    // Each import says that it is as large as it may be, and never sends its last byte.
    const large = 1024 * 1024
    const open = await Promise.all(Array.from({ length: 3 }, () => slowImport(token, large)))
    await sleep(100)
    const crowded = await post('/v1/import', ' '.repeat(large), 'application/fhir+json')
    expect([crowded.status, crowded.headers.get('retry-after')]).toEqual([503, '5'])
    expect(await crowded.json()).toMatchObject({ issue: [{ code: 'transient' }] })
    const { patient } = createDrafts('frankfurt-general', region.authorOf()).newPatient()
    expect((await post('/v1/entries', JSON.stringify({ entries: [patient.entry] }))).status).toBe(200)
    for (const socket of open) socket.destroy()
    await sleep(100)
    expect((await post('/v1/import', ' '.repeat(large), 'application/fhir+json')).status).toBe(400)
  })

  test('HO9 a client that goes away in the middle of a body is no trouble of this region, and is not told as one', async () => {
    const counted = async (status: number) => {
      const text = await (await region.request('/metrics', { as: null })).text()
      const line = `request_seconds_count{method="POST",route="/v1/import",status="${status}"}`
      return Number(text.slice(text.indexOf(line)).split(/\s/)[1] ?? 0)
    }
    const before = [await counted(400), await counted(503)]
    const lines = region.lines.length
    const socket = await slowImport(await region.tokenOf(), 1000)
    socket.destroy()
    while ((await counted(400)) === before[0] && (await counted(503)) === before[1]) await sleep(5)
    expect([await counted(400), await counted(503)]).toEqual([before[0]! + 1, before[1]])
    expect(region.lines.slice(lines).filter((line) => JSON.parse(line).level >= 40)).toEqual([])
  })

  test('HO10 a parameter of an import that stands twice is refused with 400', async () => {
    for (const query of ['source=a&source=b', 'source=a&source=a', 'homeGroup=x&source=a&homeGroup=y']) {
      const answer = await post(`/v1/import?${query}`, '{}', 'application/fhir+json')
      expect([query, answer.status]).toEqual([query, 400])
      expect(await answer.text()).toContain('once each')
    }
  })

  /** An import of which all but the last byte is sent. */
  function slowImport(token: string, bytes: number): Promise<Socket> {
    return new Promise((resolve) => {
      const socket = connect(Number(new URL(region.http).port), '127.0.0.1', () => {
        socket.write(
          `POST /v1/import HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${token}\r\ncontent-type: application/fhir+json\r\ncontent-length: ${bytes}\r\n\r\n`,
        )
        socket.write(' '.repeat(bytes - 1), () => resolve(socket))
      })
      socket.on('error', () => undefined)
    })
  }
})
