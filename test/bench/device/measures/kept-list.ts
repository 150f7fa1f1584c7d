import { z } from 'zod'
import { type Line, spread } from '../line.ts'
import type { Stage } from '../stage.ts'

/** How a list is best kept: sealed as one value, or each patient's row by itself. In a page with nothing else in it. */
export async function keptList(stage: Stage, rounds: number): Promise<Line[]> {
  const api = await stage.api()
  const { body } = await api.get('/v1/worklist')
  const page = await stage.anotherPage()
  await page.goto(`${stage.http}/health`)
  const taken = await page.evaluate(
    async ({ rows, times }) => {
      const key = await crypto.subtle.generateKey({ name: 'AES-GCM', length: 256 }, false, [
        'encrypt',
        'decrypt',
      ])
      const seal = async (value: unknown) => {
        const iv = crypto.getRandomValues(new Uint8Array(12))
        const text = new TextEncoder().encode(JSON.stringify(value))
        return { iv, sealed: await crypto.subtle.encrypt({ name: 'AES-GCM', iv }, key, text) }
      }
      const open = async ({
        iv,
        sealed,
      }: {
        iv: Uint8Array<ArrayBuffer>
        sealed: ArrayBuffer
      }): Promise<unknown> =>
        JSON.parse(
          new TextDecoder().decode(await crypto.subtle.decrypt({ name: 'AES-GCM', iv }, key, sealed)),
        )
      const opening = indexedDB.open('bench list', 1)
      opening.onupgradeneeded = () => opening.result.createObjectStore('rows')
      await new Promise((done) => {
        opening.onsuccess = done
      })
      const put = (all: unknown[], from: number) => {
        const transaction = opening.result.transaction('rows', 'readwrite', { durability: 'strict' })
        for (const [at, value] of all.entries()) transaction.objectStore('rows').put(value, from + at)
        return new Promise((done) => {
          transaction.oncomplete = done
        })
      }
      const getAll = (least: number) => {
        const asked = opening.result
          .transaction('rows')
          .objectStore('rows')
          .getAll(IDBKeyRange.lowerBound(least))
        return new Promise<Awaited<ReturnType<typeof seal>>[]>((done) => {
          asked.onsuccess = () => done(asked.result)
        })
      }
      const timed = async (act: () => Promise<unknown>) => {
        const began = performance.now()
        await act()
        return performance.now() - began
      }
      const result: { [what: string]: number[] } = { writeOne: [], readOne: [], writeEach: [], readEach: [] }
      for (let i = 0; i < times; i++) {
        opening.result.transaction('rows', 'readwrite').objectStore('rows').clear()
        result['writeOne']?.push(await timed(async () => put([await seal(rows)], 0)))
        result['readOne']?.push(await timed(async () => Promise.all((await getAll(0)).map(open))))
        opening.result.transaction('rows', 'readwrite').objectStore('rows').clear()
        result['writeEach']?.push(await timed(async () => put(await Promise.all(rows.map(seal)), 1)))
        result['readEach']?.push(await timed(async () => Promise.all((await getAll(1)).map(open))))
      }
      opening.result.close()
      indexedDB.deleteDatabase('bench list')
      return result
    },
    { rows: z.array(z.unknown()).parse(body['patients']), times: rounds },
  )
  await page.close()
  const { writeOne, readOne, writeEach, readEach } = z
    .object({
      writeOne: z.array(z.number()),
      readOne: z.array(z.number()),
      writeEach: z.array(z.number()),
      readEach: z.array(z.number()),
    })
    .parse(taken)
  return [
    ...spread('g', 'the kept list, a row for each patient: read', readEach, { peer: readOne }),
    ...spread('g', '  written (bare: as one value)', writeEach, { peer: writeOne }),
  ]
}
