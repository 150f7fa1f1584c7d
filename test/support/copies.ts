import type { Page } from 'playwright'
import { expect } from 'vitest'

/** Resolves when the device has copied the list's charts: nothing more arrives for a while. */
export async function copiesComplete(page: Page): Promise<void> {
  let before = -1
  await expect
    .poll(
      async () => {
        const now = await page.evaluate(countUpdates)
        const settled = now > 50 && now === before
        before = now
        return settled
      },
      { timeout: 30_000, interval: 1500 },
    )
    .toBe(true)
}

/** Runs in the page: rows of copies in its database. */
async function countUpdates(): Promise<number> {
  const [known] = await indexedDB.databases()
  if (!known?.name) return 0
  const request = indexedDB.open(known.name)
  const database = await new Promise<IDBDatabase>((resolve, reject) => {
    request.onsuccess = () => resolve(request.result)
    request.onerror = () => reject(request.error)
  })
  const counting = database.transaction('updates').objectStore('updates').count()
  const count = await new Promise<number>((resolve) => {
    counting.onsuccess = () => resolve(counting.result)
  })
  database.close()
  return count
}
