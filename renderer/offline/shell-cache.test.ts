import { expect, test } from 'vitest'
import { createShellCache } from './shell-cache.ts'

const base = 'http://region/'

/** Caches of a browser, and a region that answers, answers with an error, or does not answer. */
function scene(version = '1', stores = new Map<string, Map<string, Response>>()) {
  const region = { is: 'up' as 'up' | 'down' | 'silent' | 'failing', asked: [] as string[] }
  const fetch = async (url: string): Promise<Response> => {
    region.asked.push(url)
    if (region.is === 'down') throw new TypeError('no connection')
    if (region.is === 'silent') return new Promise(() => undefined)
    if (region.is === 'failing') return new Response('', { status: 502 })
    return new Response(`${url} of the region`)
  }
  const open = async (name: string) => {
    const store = stores.get(name) ?? new Map<string, Response>()
    stores.set(name, store)
    return {
      match: async (url: string) => store.get(url)?.clone(),
      put: async (url: string, answer: Response) => void store.set(url, answer),
      addAll: async (urls: string[]) => {
        for (const url of urls) store.set(url, await fetch(url))
      },
    } as unknown as Cache
  }
  const caches = {
    open,
    keys: async () => [...stores.keys()],
    delete: async (name: string) => stores.delete(name),
  }
  const shell = createShellCache({
    caches,
    fetch,
    after: (_, then) => void setTimeout(then, 5),
    base,
    version,
    files: ['assets/app-1.js', 'meridian.svg'],
  })
  const ask = async (path: string, isPage = false) => {
    const answer = shell.answer({ method: 'GET', url: `${base}${path}`, isPage })
    return answer && (await answer).text()
  }
  return { shell, region, stores, ask }
}

test('DV90 without a region the page and its files are those that this device keeps, and so is the list of regions', async () => {
  const { shell, region, ask } = scene()
  await shell.install()
  for (const state of ['down', 'silent', 'failing'] as const) {
    region.is = state
    expect(await ask('', true)).toBe('http://region/ of the region')
    expect(await ask('assets/app-1.js')).toBe('http://region/assets/app-1.js of the region')
    expect(await ask('v1/session/regions')).toBe('http://region/v1/session/regions of the region')
  }
})

test('DV91 nothing of a patient, and nothing of another address, is answered or kept', async () => {
  const { shell, stores, ask } = scene()
  await shell.install()
  for (const path of ['v1/worklist', 'fhir/R4/Patient/1', 'health', 'assets/unknown.js'])
    expect(await ask(path)).toBeUndefined()
  expect(shell.answer({ method: 'POST', url: `${base}v1/session`, isPage: false })).toBeUndefined()
  expect(shell.answer({ method: 'GET', url: 'http://elsewhere/', isPage: true })).toBeUndefined()
  expect([...stores.values()].flatMap((store) => [...store.keys()]).sort()).toEqual([
    'http://region/',
    'http://region/assets/app-1.js',
    'http://region/meridian.svg',
    'http://region/v1/session/regions',
  ])
})

test('DV92 a new version keeps its own files and lets go of the old ones when it begins; the list of regions stays', async () => {
  const first = scene('1')
  await first.shell.install()
  const second = scene('2', first.stores)
  await second.shell.install()
  expect([...first.stores.keys()]).toEqual(['meridian-shell-1', 'meridian-regions', 'meridian-shell-2'])
  await second.shell.activate()
  expect([...first.stores.keys()]).toEqual(['meridian-regions', 'meridian-shell-2'])
})

test('DV93 with a region the page is always the region’s own', async () => {
  const { shell, region, ask } = scene()
  await shell.install()
  region.asked.length = 0
  await ask('', true)
  await ask('assets/app-1.js')
  expect(region.asked).toEqual(['http://region/'])
})

test('DV94 caches that take nothing, or cannot be read, do not stand between the app and a region', async () => {
  const fetch = async (url: string) => new Response(`${url} of the region`)
  const full = {
    match: async () => undefined,
    put: () => Promise.reject(new DOMException('', 'QuotaExceededError')),
  } as unknown as Cache
  for (const open of [async () => full, () => Promise.reject(new DOMException('', 'UnknownError'))]) {
    const caches = { open, keys: async () => [], delete: async () => true }
    const files = ['assets/app-1.js']
    const shell = createShellCache({ caches, fetch, after: () => undefined, base, version: '1', files })
    for (const path of ['v1/session/regions', 'assets/app-1.js'])
      expect((await shell.answer({ method: 'GET', url: base + path, isPage: false }))?.ok).toBe(true)
  }
})
