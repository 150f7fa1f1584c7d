import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type SampleRegion, startSampleRegion } from '../gateway/sample-region.ts'

let region: SampleRegion
const folder = mkdtempSync(join(tmpdir(), 'meridian-web-'))
const web = join(folder, 'web')

beforeAll(async () => {
  mkdirSync(join(web, 'assets'), { recursive: true })
  mkdirSync(join(web, 'v1'))
  writeFileSync(join(folder, 'secret.txt'), 'secret')
  writeFileSync(join(web, 'index.html'), '<!doctype html><title>Meridian</title>')
  writeFileSync(join(web, 'assets', 'app-1a2b.js'), 'export {}')
  writeFileSync(join(web, 'v1', 'worklist'), 'hidden')
  region = await startSampleRegion({ over: { web } })
})
afterAll(async () => {
  await region.close()
  rmSync(folder, { recursive: true })
})

const get = (path: string) => region.request(path, { as: null })

describe('the web edition', () => {
  test('HT20 pages are the app, never kept; assets are kept for ever', async () => {
    for (const path of ['/', '/index.html', '/patients/4ab0', '/sign-in']) {
      const page = await get(path)
      expect([path, page.status]).toEqual([path, 200])
      expect(await page.text()).toContain('<title>Meridian</title>')
      expect(page.headers.get('cache-control')).toBe('no-cache')
    }
    const script = await get('/assets/app-1a2b.js')
    expect(script.headers.get('content-type')).toMatch(/javascript/)
    expect(script.headers.get('cache-control')).toContain('immutable')
    expect((await get('/assets/gone.js')).status).toBe(404)
  })

  test('HT21 the page may run its own scripts, talk to the regions, and nothing else', async () => {
    const policy = (await get('/')).headers.get('content-security-policy') ?? ''
    expect(policy).toContain("default-src 'none'")
    expect(policy).toContain("script-src 'self';")
    expect(policy).toContain('http://127.0.0.1:9020 ws://127.0.0.1:9020')
    expect(policy).toContain("frame-ancestors 'none'")
  })

  test('HT22 no file hides an interface, and none outside the folder is served', async () => {
    expect((await get('/v1/worklist')).status).toBe(401)
    expect((await get('/v1/session/nothing')).status).toBe(401)
    for (const path of ['/health', '/metrics', '/fhir/R4/metadata', '/sync', '/sync/chart/x', '/v1'])
      expect(await (await get(path)).text()).not.toContain('<title>')
    const wrong = await region.request('/v1/session')
    expect([wrong.status, wrong.headers.get('allow')]).toEqual([405, 'POST'])
    for (const path of ['/..%2fsecret.txt', '/%2e%2e/secret.txt', '/assets/..%2f..%2fsecret.txt'])
      expect(await (await get(path)).text()).not.toBe('secret')
  })
})
