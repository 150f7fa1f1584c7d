import { setTimeout as sleep } from 'node:timers/promises'
import type { Page } from 'playwright'

/** Resolves when the device has copied the list's charts: nothing more arrives for a while. Rejects after 30 s. */
export async function copiesComplete(page: Page): Promise<void> {
  let before = -1
  for (let looks = 0; looks < 20; looks++) {
    const now = await page.evaluate(countUpdates)
    if (now > 50 && now === before) return
    before = now
    await sleep(1500)
  }
  throw new Error('the copies did not come to rest within 30 s')
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
