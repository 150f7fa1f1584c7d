import { describe, expect, test } from 'vitest'
import { createMetrics } from '../observability/metrics.ts'
import { createImportReaders } from './import-readers.ts'
import type { ImportThread } from './import-thread.ts'
import type { Ask } from './import-worker.ts'

/** Readers with threads that are none: they note what they are asked. */
function sample(limits = { smallBytes: 10, threads: 2, waiting: 2, idleMs: 10_000 }) {
  const threads: { asked: Ask[]; ended: boolean }[] = []
  const startThread = (): ImportThread => {
    const thread = { asked: [] as Ask[], ended: false }
    threads.push(thread)
    return {
      ask: async (message) => {
        if (thread.ended) throw new Error('ended')
        thread.asked.push(message)
        return '{}'
      },
      ended: () => thread.ended,
      rest: () => undefined,
      end: () => {
        thread.ended = true
      },
    }
  }
  const metrics = createMetrics({ processMetrics: false })
  const readers = createImportReaders({ metrics, startThread, limits })
  /** A large import that lasts until it is let go. */
  const occupy = (signal?: AbortSignal) => {
    let letGo: (() => void) | undefined
    const held = new Promise<void>((resolve) => {
      letGo = resolve
    })
    let began = false
    const result = readers.lend(10, signal, async (reader) => {
      began = true
      await reader.portion(0, 0)
      await held
      return 'done'
    })
    result.catch(() => undefined)
    return { result, began: () => began, letGo: () => letGo?.() }
  }
  const underWay = async () =>
    Object.fromEntries(
      (await metrics.importsUnderWay.get()).values.map(({ labels, value }) => [labels.stage, value]),
    )
  return { readers, threads, occupy, underWay, metrics }
}

const settled = () => new Promise((resolve) => setImmediate(resolve))

describe('who reads imports', () => {
  test('IM17 few large imports are worked on at a time, some wait in order, and more are to come again later', async () => {
    const { occupy, underWay, threads, metrics } = sample()
    const imports = Array.from({ length: 5 }, () => occupy())
    await settled()
    expect(imports.map((one) => one.began())).toEqual([true, true, false, false, false])
    expect(await imports[4]!.result).toBe('busy')
    expect((await metrics.importsTurnedAway.get()).values[0]?.value).toBe(1)
    expect(await underWay()).toEqual({ working: 2, waiting: 2 })
    imports[1]!.letGo()
    expect(await imports[1]!.result).toBe('done')
    await settled()
    expect(imports.map((one) => one.began())).toEqual([true, true, true, false, false])
    for (const one of imports) one.letGo()
    expect(await Promise.all(imports.map((one) => one.result))).toEqual([
      'done',
      'done',
      'done',
      'done',
      'busy',
    ])
    expect(await underWay()).toEqual({ working: 0, waiting: 0 })
    expect(threads).toHaveLength(2)
  })

  test('IM17 a small import waits for nobody', async () => {
    const { readers, occupy, threads } = sample()
    const imports = [occupy(), occupy(), occupy(), occupy()]
    const body = Buffer.from('[]')
    const opened = await readers.lend(body.length, undefined, (reader) => reader.open([body], 'lab'))
    expect(opened).toHaveProperty('problem')
    expect(threads).toHaveLength(2)
    for (const one of imports) one.letGo()
  })

  test('IM18 who goes away while waiting gives up the place; in the middle, the thread ends with what it was asked', async () => {
    const { occupy, underWay, threads } = sample()
    const [one, two] = [new AbortController(), new AbortController()]
    const first = occupy(one.signal)
    const second = occupy()
    const third = occupy(two.signal)
    const fourth = occupy()
    await settled()
    two.abort(new Error('gone'))
    await expect(third.result).rejects.toThrow('gone')
    expect(await underWay()).toEqual({ working: 2, waiting: 1 })
    one.abort(new Error('gone'))
    expect(threads.map((thread) => thread.ended)).toEqual([true, false])
    first.letGo()
    await first.result
    await settled()
    expect([third.began(), fourth.began()]).toEqual([false, true])
    expect(threads.map((thread) => thread.ended)).toEqual([true, false, false])
    for (const rest of [second, fourth]) rest.letGo()
    await Promise.all([second.result, fourth.result])
    expect(await underWay()).toEqual({ working: 0, waiting: 0 })
  })

  test('IM18 a thread is used again, and forgets what it has read', async () => {
    const { occupy, threads } = sample()
    for (let turn = 0; turn < 3; turn++) {
      const one = occupy()
      one.letGo()
      await one.result
    }
    expect(threads).toHaveLength(1)
    expect(threads[0]?.asked.map(({ ask }) => ask)).toEqual(Array(3).fill(['portion', 'close']).flat())
  })
})
