import { randomUUID } from 'node:crypto'
import { request } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type SampleRegion, startSampleRegion } from '../gateway/sample-region.ts'
import type { Draft } from '../store/ports.ts'

let region: SampleRegion
beforeEach(async () => {
  region = await startSampleRegion()
})
afterEach(() => region.close())

/** A Bundle that is too large to be read on the spot, because of a resource that is not kept. */
function largeBundle(patientId: string, conditions: number) {
  const resources = [
    { resourceType: 'Binary', id: 'b', data: 'x'.repeat(64 * 1024) },
    { resourceType: 'Patient', id: patientId, name: [{ family: 'Muster' }] },
    ...Array.from({ length: conditions }, () => ({
      resourceType: 'Condition',
      id: randomUUID(),
      subject: { reference: `Patient/${patientId}` },
      code: { text: 'Asthma' },
    })),
  ]
  return JSON.stringify({
    resourceType: 'Bundle',
    type: 'collection',
    entry: resources.map((resource) => ({ resource })),
  })
}

const headers = { 'content-type': 'application/fhir+json' }
const post = (body: string) => region.request('/v1/import', { method: 'POST', body, headers })

/** Holds back every commit until it is opened. */
function gate() {
  const { commit } = region.store.entries
  let open: () => void = () => undefined
  const opened = new Promise<void>((resolve) => {
    open = resolve
  })
  Object.assign(region.store.entries, {
    commit: async (drafts: readonly Draft[]) => {
      await opened
      return commit(drafts)
    },
  })
  return open
}

async function underWay() {
  const { values } = await region.metrics.importsUnderWay.get()
  return Object.fromEntries(values.map(({ labels, value }) => [labels.stage, value]))
}

async function until(holds: () => Promise<boolean>): Promise<void> {
  while (!(await holds())) await sleep(5)
}

describe('a large import', () => {
  test('IM25 when too many are under way the next is answered with 503 and when to come again', async () => {
    const open = gate()
    const answers = Array.from({ length: 36 }, () => post(largeBundle(randomUUID(), 1)))
    await until(async () => (await underWay())['waiting'] === 32)
    expect(await underWay()).toEqual({ working: 4, waiting: 32 })
    const refused = await post(largeBundle(randomUUID(), 1))
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '5'])
    expect(await refused.json()).toMatchObject({
      resourceType: 'OperationOutcome',
      issue: [{ code: 'transient' }],
    })
    const small = JSON.stringify({ resourceType: 'Patient', id: randomUUID() })
    const others = [post(small), region.request('/health')]
    expect((await others[1])?.status).toBe(200)
    open()
    expect((await Promise.all([...answers, others[0]!])).map((answer) => answer.status)).toEqual(
      Array(37).fill(200),
    )
    expect(await underWay()).toEqual({ working: 0, waiting: 0 })
  })

  test('IM22 a client that goes away in the middle ends its import, and can send it again', async () => {
    const id = randomUUID()
    const body = largeBundle(id, 300)
    const authorization = `Bearer ${await region.tokenOf()}`
    const sent = request(`${region.http}/v1/import`, {
      method: 'POST',
      headers: { ...headers, authorization },
    })
    const closed = new Promise((resolve) => sent.on('error', resolve))
    const stop = region.store.entries.onFlushed(() => sent.destroy())
    region.store.delay(5)
    sent.end(body)
    await closed
    stop()
    await until(async () => (await underWay())['working'] === 0)
    const kept = await region.store.entries.entriesOf(`chart/${id}`)
    expect(kept.length).toBeLessThan(301)
    await sleep(20)
    expect(await region.store.entries.entriesOf(`chart/${id}`)).toHaveLength(kept.length)
    const again = await post(body)
    expect(await again.text()).toContain(
      `Condition: ${301 - kept.length} taken, ${kept.length - 1} unchanged`,
    )
    expect(region.lines.join()).not.toContain('"level":"error"')
  })

  test('IM15 a Bundle of too many entries, and a resource of too many values, are told as too long', async () => {
    const of = (entry: unknown[]) =>
      post(JSON.stringify({ resourceType: 'Bundle', type: 'collection', entry }))
    for (const answer of [
      await of(Array(250_001).fill(1)),
      await of([{ resource: Array(400_001).fill(1) }]),
    ]) {
      expect(answer.status).toBe(413)
      expect(await answer.json()).toMatchObject({ issue: [{ severity: 'error', code: 'too-long' }] })
    }
  })
})
