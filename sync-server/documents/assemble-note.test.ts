import { describe, expect, test } from 'vitest'
import * as Y from 'yjs'
import { createLogger } from '../observability/logger.ts'
import { createMetrics } from '../observability/metrics.ts'
import { createMemoryStore } from '../store/memory-store.ts'
import type { NoteMember } from './note.ts'
import { createNotes } from './notes.ts'

const document = 'note/n1'
const nonsense = new Uint8Array([1, 2, 3, 4, 5])

/** What a client wrote, word by word, as updates. */
function written(...words: string[]): { doc: Y.Doc; updates: Uint8Array[] } {
  const doc = new Y.Doc()
  const updates: Uint8Array[] = []
  doc.on('update', (update: Uint8Array) => void updates.push(update))
  for (const word of words) doc.getText('text').insert(doc.getText('text').length, word)
  return { doc, updates }
}

function open() {
  const store = createMemoryStore()
  const notes = createNotes({
    store,
    logger: createLogger({ region: 'frankfurt', level: 'silent' }),
    metrics: createMetrics({ processMetrics: false }),
    monotonic: () => performance.now(),
    idleNotes: 1,
  })
  const resyncs: Uint8Array[] = []
  const member: NoteMember = {
    person: { id: 'nurse', name: 'Nurse' },
    update: () => undefined,
    awareness: () => undefined,
    resync: (stateVector) => void resyncs.push(stateVector),
    lost: () => undefined,
  }
  const text = async () => {
    const note = await notes.join(document, member)
    const doc = new Y.Doc()
    Y.applyUpdate(doc, await note.answer(new Uint8Array([0])))
    return doc.getText('text').toString()
  }
  return { store, notes, member, resyncs, text }
}

describe('a note with rows that Yjs cannot digest', () => {
  test('QU10 shows the rest, takes writes, and is in quarantine', async () => {
    const { store, notes, member, text } = open()
    const { updates } = written('Bed 4 ')
    store.receiveNotes([{ document, update: updates[0]!, author: 'a' }])
    for (let i = 0; i < 20; i++) store.receiveNotes([{ document, update: nonsense, author: 'a' }])
    store.receiveNotes([{ document, update: written('Bed 5 ').updates[0]!, author: 'b' }])
    expect((await text()).split(' ').sort()).toEqual(['', '4', '5', 'Bed', 'Bed'].sort())
    const [held] = store.quarantine.documents()
    expect(held?.document).toBe(document)
    expect(held?.rows.map(({ reason }) => reason)).toEqual(Array(20).fill('breaks-note'))
    const note = await notes.join(document, member)
    expect(await note.apply(written('more').updates[0]!, member)).toEqual({ outcome: 'applied' })
    await expect.poll(async () => (await store.notes.updatesOf(document)).length).toBe(23)
    notes.close()
  })

  test('QU11 what such a row held is asked of whoever has it, and then is there', async () => {
    const { store, notes, member, text } = open()
    const { doc, updates } = written('one ', 'two ', 'three')
    const stored = [updates[0]!, nonsense, updates[2]!]
    store.receiveNotes(stored.map((update) => ({ document, update, author: 'a' })))
    expect(await text()).toBe('one ')
    const note = await notes.join(document, member)
    // The client answers the region's sync step 1 with what the region lacks.
    await note.apply(Y.encodeStateAsUpdate(doc, await note.stateVector()), member)
    expect(await text()).toBe('one two three')
    notes.close()
  })

  test('QU12 an update of another region that breaks the note in memory is left out of it', async () => {
    const { store, notes, resyncs, text } = open()
    store.receiveNotes([{ document, update: written('Bed 4').updates[0]!, author: 'a' }])
    expect(await text()).toBe('Bed 4')
    store.receiveNotes([{ document, update: nonsense, author: 'a' }])
    await expect.poll(() => resyncs.length).toBe(1)
    expect(await text()).toBe('Bed 4')
    expect(store.quarantine.size()).toBe(1)
    notes.close()
  })

  test('QU13 leaves quarantine when it loads whole again', async () => {
    const { store, notes, text } = open()
    store.receiveNotes([{ document, update: nonsense, author: 'a' }])
    expect(await text()).toBe('')
    expect(store.quarantine.size()).toBe(1)
    notes.close()
    // A later version digests it, or the row was mended: the next load finds nothing wrong.
    store.noteSnapshots.set(document, {
      covers: new Map([['london.1', 1]]),
      state: Y.encodeStateAsUpdate(new Y.Doc()),
    })
    expect(await text()).toBe('')
    expect(store.quarantine.size()).toBe(0)
    notes.close()
  })
})
