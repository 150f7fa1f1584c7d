import type { Page } from 'playwright'
import { z } from 'zod'
import { banner, findAndOpen } from '../../../support/story.ts'
import { type Line, spread } from '../line.ts'
import { between, watchFor } from '../probe.ts'
import type { Stage } from '../stage.ts'

const wantedMs = 50

/** From the click on Save to *on this device*, painted. The bare one: as many bytes, unsealed, put strictly. */
export async function saving(stage: Stage, page: Page, rounds: number): Promise<Line[]> {
  await findAndOpen(page, 'BEN-2000004')
  const values: number[] = []
  for (let round = 0; round < rounds; round++) {
    const substance = `Benchamine ${Date.now().toString(36)}`
    await page.getByRole('button', { name: 'Add allergy' }).click()
    const panel = page.getByRole('dialog', { name: 'Add an allergy' })
    await panel.getByRole('combobox', { name: 'Substance' }).fill(substance)
    await page.keyboard.press('Tab')
    await watchFor(
      page,
      'saved',
      `[...document.querySelectorAll('main li')].some(({ textContent: text }) =>
        text.includes(${JSON.stringify(substance)}) && /on this device|saved in|also in/.test(text))`,
    )
    await panel.getByRole('button', { name: 'Save allergy' }).click()
    values.push(await between(page, 'click', 'saved'))
    await panel.waitFor({ state: 'detached' })
  }
  await page.getByRole('link', { name: 'Patients' }).click()
  await banner(page).waitFor({ state: 'detached' })
  return spread('b', 'Save to “on this device”', values, {
    wanted: wantedMs,
    peer: await barePuts(stage, rounds),
  })
}

async function barePuts(stage: Stage, rounds: number): Promise<number[]> {
  const page = await stage.anotherPage()
  await page.goto(`${stage.http}/health`)
  const times = await page.evaluate(async (times) => {
    const opening = indexedDB.open('bench bare', 1)
    opening.onupgradeneeded = () => opening.result.createObjectStore('rows')
    await new Promise((done) => {
      opening.onsuccess = done
    })
    const taken: number[] = []
    for (let i = 0; i < times; i++) {
      const began = performance.now()
      const transaction = opening.result.transaction('rows', 'readwrite', { durability: 'strict' })
      transaction.objectStore('rows').put(crypto.getRandomValues(new Uint8Array(1024)), i)
      await new Promise((done) => {
        transaction.oncomplete = done
      })
      taken.push(performance.now() - began)
    }
    opening.result.close()
    indexedDB.deleteDatabase('bench bare')
    return taken
  }, rounds)
  await page.close()
  return z.array(z.number()).parse(times)
}
