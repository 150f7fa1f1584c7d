import { beforeEach, expect, test } from 'vitest'
import { type ClusterControls, createControlPort } from './control-port.ts'
import { openLink } from './link.ts'

let calls: unknown[] = []
const note =
  (name: string) =>
  (...args: unknown[]) => {
    calls.push([name, ...args])
  }
const noteLater =
  (name: string) =>
  async (...args: unknown[]) =>
    note(name)(...args)

const controls: ClusterControls = {
  regions: ['frankfurt', 'london'],
  addresses: { frankfurt: { http: 'http://127.0.0.1:9010', sync: 'ws://127.0.0.1:9010/sync' } },
  state: () => ({
    regions: { frankfurt: { server: { pid: 1, state: 'running' }, postgres: { pid: null, state: 'dead' } } },
    links: { 'frankfurt>london': openLink },
  }),
  setLink: note('link'),
  isolate: note('isolate'),
  rejoin: note('rejoin'),
  start: noteLater('start'),
  stop: noteLater('stop'),
  kill: noteLater('kill'),
  pause: note('pause'),
  resume: note('resume'),
  reset: noteLater('reset'),
}
const post = async (path: string, body?: string, other: Partial<ClusterControls> = {}) => {
  const app = createControlPort({ ...controls, ...other })
  const response = await app.request(path, { method: 'POST', ...(body === undefined ? {} : { body }) })
  return { status: response.status, type: response.headers.get('content-type'), body: await response.json() }
}

beforeEach(() => {
  calls = []
})

test('CL20 the state is told as it is, and is the answer to every change', async () => {
  const response = await createControlPort(controls).request('/state')
  expect(response.headers.get('content-type')).toContain('application/json')
  expect(await response.json()).toEqual(controls.state())
  expect((await post('/reset')).body).toEqual(controls.state())
})

test('CL20 a window learns from it where the regions are', async () => {
  const response = await createControlPort(controls).request('/regions')
  expect(await response.json()).toEqual(controls.addresses)
})

test('CL21 a link is replaced: what a body leaves out is the default', async () => {
  expect((await post('/links/frankfurt/london', '{"latencyMs":300}')).status).toBe(200)
  await post('/links/london/frankfurt', '{"state":"cut","latencyMs":1.5,"jitterMs":2,"bandwidthKBps":3}')
  await post('/links/london/frankfurt')
  expect(calls).toEqual([
    ['link', 'frankfurt', 'london', { ...openLink, latencyMs: 300 }],
    ['link', 'london', 'frankfurt', { state: 'cut', latencyMs: 1.5, jitterMs: 2, bandwidthKBps: 3 }],
    ['link', 'london', 'frankfurt', openLink],
  ])
})

test('CL22 processes are addressed one by one or all', async () => {
  for (const act of ['start', 'stop', 'kill', 'pause', 'resume'])
    expect(
      (await post(`/regions/london/${act}`, act === 'kill' ? '{"what":"postgres"}' : undefined)).status,
    ).toBe(200)
  await post('/regions/london/isolate')
  await post('/regions/london/rejoin', '{}')
  expect(calls).toEqual([
    ['start', 'london', ['server', 'postgres']],
    ['stop', 'london', ['server', 'postgres']],
    ['kill', 'london', ['postgres']],
    ['pause', 'london', ['server', 'postgres']],
    ['resume', 'london', ['server', 'postgres']],
    ['isolate', 'london'],
    ['rejoin', 'london'],
  ])
})

test.each([
  ['/regions/paris/kill', undefined, 404],
  ['/links/paris/london', '{}', 404],
  ['/links/london/london', '{}', 400],
  ['/links/london/frankfurt', '{', 400],
  ['/links/london/frankfurt', '{"state":"slow"}', 400],
  ['/links/london/frankfurt', '{"latencyMs":-1}', 400],
  ['/links/london/frankfurt', '{"latencyMs":"1"}', 400],
  ['/links/london/frankfurt', '{"latency":1}', 400],
  ['/links/london/frankfurt', '[]', 400],
  ['/regions/london/kill', '{"what":"gateway"}', 400],
  ['/regions/london/isolate', '{"what":"all"}', 400],
  ['/regions/london/kill', '{"what":"etcd"}', 501],
  ['/links/devices/london', '{}', 501],
  ['/links/london/partners', '{}', 501],
  ['/regions/london/explode', undefined, 404],
  ['/state', undefined, 404],
])('CL23 POST %s %s is refused with a problem', async (path, body, status) => {
  const answer = await post(path, body)
  expect(answer).toMatchObject({
    status,
    type: 'application/problem+json',
    body: { status, type: expect.any(String), title: expect.any(String), detail: expect.any(String) },
  })
  expect(calls).toEqual([])
})

test('CL23 a region that does not get ready is a problem in its own words', async () => {
  const start = () => Promise.reject(new Error('the database of london ended while starting'))
  expect(await post('/regions/london/start', undefined, { start })).toMatchObject({
    status: 500,
    body: { detail: 'the database of london ended while starting' },
  })
})
