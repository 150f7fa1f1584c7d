import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { answerFromFiles, locate } from './app-files.ts'

const root = '/srv/renderer'

describe('locate', () => {
  it('EL2 takes a path with an extension for a file', () => {
    expect(locate(root, 'app://meridian/assets/a%20b.js?v=1#x')).toEqual({
      kind: 'file',
      path: '/srv/renderer/assets/a b.js',
    })
  })

  it.each(['', 'patients', 'patients/42', 'patients/', 'v1.2/patients', 'reports/v1.2/'])(
    'EL2 takes /%s for a route of the page',
    (path) => {
      expect(locate(root, `app://meridian/${path}`)).toEqual({ kind: 'route' })
    },
  )

  it.each([
    ['..%2fpackage.json', 403],
    ['%2e%2e%2fpackage.json', 403],
    ['assets/..%2f..%2fpackage.json', 403],
    ['..%2frenderer-of-another/index.html', 403],
    ['..%2f', 403],
    ['assets/..%5c..%5cpackage.json', 403],
    ['C:%5cWindows%5cwin.ini', 403],
    ['index.html%00.js', 403],
    ['%zz.js', 400],
    ['%c0%ae%c0%ae/package.json', 400],
  ])('EL3 refuses /%s with %i', (path, status) => {
    expect(locate(root, `app://meridian/${path}`)).toEqual({ kind: 'refused', status })
  })

  it.each(['app://elsewhere/a.js', 'app://meridian:1/a.js', 'https://meridian/a.js', 'file:///a.js', 'a.js'])(
    'EL3 refuses the foreign address %s',
    (address) => {
      expect(locate(root, address)).toEqual({ kind: 'refused', status: 403 })
    },
  )
})

describe('answerFromFiles', () => {
  let folder: string
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'meridian-app-files-'))
    await writeFile(join(folder, 'data.bin'), 'x')
  })
  afterAll(() => rm(folder, { recursive: true, force: true }))

  it('EL2 only reads', async () => {
    expect(await answerFromFiles(folder, 'POST', 'app://meridian/data.bin')).toMatchObject({ status: 405 })
  })

  it('EL2 serves an unknown kind of file as bytes that no browser guesses at', async () => {
    expect(await answerFromFiles(folder, 'GET', 'app://meridian/data.bin')).toMatchObject({
      status: 200,
      headers: { 'Content-Type': 'application/octet-stream', 'X-Content-Type-Options': 'nosniff' },
    })
  })

  it('EL2 says how to build the page when it is missing', async () => {
    const answer = await answerFromFiles(folder, 'GET', 'app://meridian/')
    expect(answer.status).toBe(404)
    expect(answer.body.toString()).toContain("Build it with 'npx vite build'")
  })
})
