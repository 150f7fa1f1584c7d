import { randomUUID } from 'node:crypto'
import { request } from 'node:http'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type SampleRegion, startSampleRegion } from '../../sync-server/gateway/sample-region.ts'
import { createDrafts } from '../../sync-server/store/sample-drafts.ts'

let region: SampleRegion
beforeAll(async () => {
  region = await startSampleRegion()
})
afterAll(() => region.close())

/** An invented Bundle of so many patients, each with conditions of some kilobytes, and the number of its conditions. */
function inventBundle(patients: number, conditionsOfEach: number, noteLength: number) {
  const entry = Array.from({ length: patients }, (_, number) => {
    const id = randomUUID()
    const patient = { resourceType: 'Patient', id, name: [{ family: `Muster${number}`, given: ['Ada'] }] }
    const conditions = Array.from({ length: conditionsOfEach }, (_, n) => ({
      resourceType: 'Condition',
      id: randomUUID(),
      subject: { reference: `Patient/${id}` },
      code: { coding: [{ system: 'http://snomed.info/sct', code: '38341003' }] },
      note: Array.from({ length: 20 }, (_, line) => ({
        text: `${n}.${line} ${'seen on the ward '.repeat(noteLength / 340)}`,
      })),
    }))
    return [patient, ...conditions].map((resource) => ({ resource }))
  }).flat()
  return {
    text: JSON.stringify({ resourceType: 'Bundle', type: 'collection', entry }),
    conditions: patients * conditionsOfEach,
  }
}

/** Sends a body, and tells when all of it has left. */
function send(path: string, token: string, text: string) {
  const call = request(`${region.http}${path}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/fhir+json' },
  })
  const answer = new Promise<{ status: number | undefined; text: string }>((resolve, reject) => {
    call.on('error', reject)
    call.on('response', async (response) => {
      let answered = ''
      for await (const part of response.setEncoding('utf8')) answered += part
      resolve({ status: response.statusCode, text: answered })
    })
  })
  const sent = new Promise<void>((resolve) => call.on('finish', resolve))
  call.end(text)
  return { sent, answer }
}

describe('a clinician beside an import', () => {
  test('IM26 is answered while a Bundle of more than 20 MB is read, and while it is written', async () => {
    const { text, conditions } = inventBundle(50, 80, 5000)
    expect(Buffer.byteLength(text)).toBeGreaterThan(20_000_000)
    const chart = createDrafts('frankfurt-general', region.authorOf()).newPatient()
    const propose = async (entry: object) => {
      const answer = await region.postJson('/v1/entries', { entries: [entry] })
      return ((await answer.json()) as { committed: unknown[] }).committed.length
    }
    expect(await propose(chart.patient.entry)).toBe(1)

    const steps = { written: 0, over: false }
    const stop = region.store.entries.onFlushed((rows) => {
      steps.written += rows.filter((row) => row.entry.source === 'export').length
    })
    const delay = monitorEventLoopDelay({ resolution: 5 })
    delay.enable()
    const { sent, answer } = send('/v1/import?source=export', await region.tokenOf(), text)
    answer.then(
      () => {
        steps.over = true
      },
      () => {
        steps.over = true
      },
    )
    await sent
    const answered = { reading: 0, writing: 0 }
    while (!steps.over) {
      const phase = steps.written === 0 ? 'reading' : 'writing'
      expect(await propose(chart.allergy().entry)).toBe(1)
      expect((await region.request('/health')).status).toBe(200)
      // What ended in the phase in which it began was answered within it.
      if (!steps.over && (steps.written === 0) === (phase === 'reading')) answered[phase] += 1
    }
    delay.disable()
    stop()

    expect(await answer).toEqual({
      status: 200,
      text: expect.stringContaining(`Condition: ${conditions} taken, 0 unchanged`),
    })
    expect(steps.written).toBe(conditions + 50)
    expect(answered.reading).toBeGreaterThanOrEqual(5)
    expect(answered.writing).toBeGreaterThanOrEqual(20)
    console.log(
      `IM26 answered ${answered.reading} times while it was read and ${answered.writing} while it was written; ` +
        `event loop p99 ${(delay.percentile(99) / 1e6).toFixed(0)} ms, longest ${(delay.max / 1e6).toFixed(0)} ms`,
    )
  })
})
