import * as Y from 'yjs'

/** Characters that somebody types in one go before the cursor goes somewhere else, at the same places every time. */
const run = 5
/** Edits that share one update message, and so one row of a log. */
const perUpdate = 100

/** The updates of somebody who typed a text of so many characters, one by one, here and there. */
export function typedUpdates(characters: number): Uint8Array[] {
  const random = createRandom(1)
  const doc = new Y.Doc()
  doc.clientID = 5_000_000
  const text = doc.getText('text')
  const updates: Uint8Array[] = []
  doc.on('update', (update: Uint8Array) => updates.push(update))
  let at = 0
  for (let typed = 0; typed < characters; )
    doc.transact(() => {
      for (const end = Math.min(typed + perUpdate, characters); typed < end; typed++) {
        if (typed % run === 0) at = Math.floor(random() * (typed + 1))
        text.insert(at++, String.fromCharCode(97 + (typed % 26)))
      }
    })
  return updates
}

/** Numbers from 0 to 1 that are the same every time (a linear congruential generator). */
function createRandom(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return state / 2 ** 32
  }
}
