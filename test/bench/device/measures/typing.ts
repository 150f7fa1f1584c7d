import type { Page } from 'playwright'
import { allergyEntry, commitAll, type RegionApi } from '../../../support/region-api.ts'
import { banner, findAndOpen } from '../../../support/story.ts'
import { type Line, spread } from '../line.ts'
import { breakConnection, keysOf } from '../probe.ts'
import type { Stage } from '../stage.ts'
import { typeAndClear, typeInSearch } from './bench-account.ts'

/** Documents that change elsewhere, and are fetched, while somebody types. */
const changing = 200
const breakEveryMs = 3000
const wantedMs = 16

/** From the press of a key to its letter, and to the list that answers it, painted. */
export async function typing(stage: Stage, page: Page, rounds: number): Promise<Line[]> {
  const bare = await typedInBarePage(stage, rounds)
  await keysOf(page)
  await typeInSearch(page, rounds)
  const calm = await keysOf(page)
  const busy = await whileSyncing(stage, page, async () => {
    await typeInSearch(page, rounds)
    return keysOf(page)
  })
  await page.keyboard.press('Escape')
  await findAndOpen(page, 'BEN-2000003')
  const panel = await whileSyncing(stage, page, () => typedInPanel(page, rounds))
  await page.getByRole('link', { name: 'Patients' }).click()
  await banner(page).waitFor({ state: 'detached' })
  const extra = { wanted: wantedMs, peer: bare }
  return [
    ...spread('a', 'key to paint, search field', paintedOf(calm), extra),
    ...spread('a', 'key to the list’s answer', answeredOf(calm), { wanted: wantedMs }),
    ...spread('a', `key to paint, search field, ${changing} documents sync`, paintedOf(busy), extra),
    ...spread('a', '  key to the list’s answer', answeredOf(busy), { wanted: wantedMs }),
    ...spread('a', `key to paint, panel’s field, ${changing} documents sync`, paintedOf(panel), extra),
  ]
}

type Keys = Awaited<ReturnType<typeof keysOf>>
const paintedOf = (keys: Keys) => keys.map(({ painted }) => painted)
const answeredOf = (keys: Keys) => keys.flatMap(({ answered }) => answered ?? [])

async function typedInPanel(page: Page, rounds: number): Promise<Keys> {
  await page.getByRole('button', { name: 'Add allergy' }).click()
  const field = page.getByRole('dialog').getByRole('textbox', { name: 'Note' })
  await field.click()
  await keysOf(page)
  for (let round = 0; round < rounds; round++) await typeAndClear(page, 'seen by night')
  const keys = await keysOf(page)
  await page.getByRole('dialog').getByRole('button', { name: 'Cancel' }).click()
  return keys
}

/** Another clinician writes into 200 charts again and again, and the connection of this one breaks. */
async function whileSyncing<T>(stage: Stage, page: Page, act: () => Promise<T>): Promise<T> {
  const api = await stage.api()
  const { body } = await api.get('/v1/worklist')
  const ids = idsIn(body['patients']).slice(-changing)
  let done = false
  const syncing = (async () => {
    for (let turn = 1; !done; turn++) {
      await write(api, ids, turn)
      await breakConnection(page)
      await page.waitForTimeout(breakEveryMs)
    }
  })()
  try {
    return await act()
  } finally {
    done = true
    await syncing
  }
}

async function write(api: RegionApi, ids: readonly string[], turn: number): Promise<void> {
  const entries = ids.map((id) => allergyEntry(api, id, 1_000_000 + turn))
  for (let at = 0; at < entries.length; at += 50) await commitAll(api, entries.slice(at, at + 50))
}

function idsIn(patients: unknown): string[] {
  return Array.isArray(patients) ? patients.flatMap((one: { id?: unknown }) => String(one.id)) : []
}

/** The same keys in a page that holds nothing but a field. */
async function typedInBarePage(stage: Stage, rounds: number): Promise<number[]> {
  const page = await stage.anotherPage()
  // An address for which no service worker has a page.
  await page.goto(`${stage.http}/health`)
  await page.evaluate(() => {
    document.body.innerHTML = '<input>'
  })
  await page.locator('input').click()
  for (let round = 0; round < rounds; round++) await typeAndClear(page, 'bergmann')
  const keys = await keysOf(page)
  await page.close()
  return paintedOf(keys)
}
