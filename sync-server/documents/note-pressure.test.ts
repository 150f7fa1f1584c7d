import { expect, test } from 'vitest'
import * as Y from 'yjs'
import { createLogger } from '../observability/logger.ts'
import { createMetrics } from '../observability/metrics.ts'
import { createMemoryStore } from '../store/memory-store.ts'
import { createNotes } from './notes.ts'

test('HO69 what is written into a note faster than the log takes it waits, in its order, and all of it is kept', async () => {
  const store = createMemoryStore()
  const notes = createNotes({
    store,
    logger: createLogger({ region: 'frankfurt', level: 'silent' }),
    metrics: createMetrics({ processMetrics: false }),
    monotonic: () => 0,
  })
  const member = {
    person: { id: 'nurse', name: 'Nurse' },
    update: () => undefined,
    awareness: () => undefined,
    resync: () => undefined,
    lost: () => undefined,
  }
  const note = await notes.join('note/n1', member)
  const pen = new Y.Doc()
  const updates: Uint8Array[] = []
  pen.on('update', (update: Uint8Array) => updates.push(update))
  const page = 'x'.repeat(3 * 1024 * 1024)
  for (let pages = 0; pages < 6; pages++) pen.getText('text').insert(0, page)

  store.delay(100)
  let applied = 0
  const all = updates.map((update) =>
    note.apply(update, member).then((result) => {
      applied += 1
      return result.outcome
    }),
  )
  await new Promise((resolve) => setTimeout(resolve, 40))
  // The bound is 8 MiB: with the third it is passed.
  expect(applied).toBeLessThan(6)
  expect(applied).toBeGreaterThan(0)
  store.delay(0)
  expect(await Promise.all(all)).toEqual(updates.map(() => 'applied'))
  const read = new Y.Doc()
  Y.applyUpdate(read, await note.answer(new Uint8Array([0])))
  expect(read.getText('text').length).toBe(6 * page.length)
  notes.close()
})
