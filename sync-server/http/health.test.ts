import { afterEach, expect, test } from 'vitest'
import { startSampleRegion } from '../gateway/sample-region.ts'
import { type HistoriesState, historiesState } from '../replication/alarms.ts'

let region: Awaited<ReturnType<typeof startSampleRegion>> | undefined
afterEach(async () => {
  await region?.close()
  region = undefined
})

async function told(histories: HistoriesState) {
  region = await startSampleRegion({ histories })
  const health = await region.request('/health', { as: null })
  const metrics = await (await region.request('/metrics', { as: null })).text()
  return {
    status: health.status,
    health: (await health.json()) as { status: string; alarms?: string[] },
    metrics,
  }
}

const ended = { last: 99, settling: false, setAside: 20, waiting: 0 }

test('RP25 two histories of one origin are told by health and metrics until every region has set its own aside', async () => {
  const found = historiesState('london', new Map([['frankfurt.1', ['frankfurt', 'nairobi']]]), new Map())
  const first = await told(found)
  expect(first.status).toBe(200)
  expect(first.health.status).toBe('degraded')
  expect(first.health.alarms).toEqual([
    'two histories of frankfurt.1 are about, frankfurt and nairobi holding the other one: it is being looked for where they part',
  ])
  expect(first.metrics).toMatch(/^meridian_histories_differ\{origin="frankfurt.1"\} 1$/m)
  await region?.close()

  const under = historiesState(
    'london',
    new Map([['frankfurt.1', ['nairobi']]]),
    new Map([['frankfurt.1', { ...ended, settling: true }]]),
  )
  const second = await told(under)
  expect(second.health.alarms).toEqual([
    'two histories of frankfurt.1 were found and it ended behind row 99: what stood behind is committed again, london and nairobi not having finished',
  ])
  await region?.close()

  const over = await told(
    historiesState(
      'london',
      new Map(),
      new Map([
        ['frankfurt.1', ended],
        ['frankfurt.1/notes', { ...ended, setAside: 3 }],
      ]),
    ),
  )
  expect(over.health.status).toBe('ok')
  expect(over.health.alarms).toBeUndefined()
  expect(over.metrics).not.toMatch(/^meridian_histories_differ\{/m)
  expect(over.metrics).toMatch(/^meridian_rows_set_aside\{origin="frankfurt.1"\} 23$/m)
})

test('RP26 rows that are set aside and wait for their key are told as long as they do', async () => {
  const { health } = await told(
    historiesState('london', new Map(), new Map([['frankfurt.1', { ...ended, waiting: 4 }]])),
  )
  expect(health.status).toBe('degraded')
  expect(health.alarms).toEqual([
    '4 rows behind the end of frankfurt.1 wait for their key, or for a newer version, to be committed again',
  ])
})
