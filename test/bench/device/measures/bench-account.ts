import type { Page } from 'playwright'
import { demoPassword, searchField } from '../../../support/story.ts'

/** Whoever sits at the benchmark's device. */
const account = { username: 'physician.frankfurt', password: demoPassword }

/** Fills in the sign-in page and sends it off; what comes then is for the caller to wait for. */
export async function enter(page: Page): Promise<void> {
  await page.getByLabel('Username').fill(account.username)
  await page.getByLabel('Password', { exact: true }).fill(account.password)
  await page.getByRole('button', { name: 'Sign in', exact: true }).click()
}

/** Types as fast as people do, a letter each 80 ms, and takes it away again. */
export async function typeAndClear(page: Page, text: string): Promise<void> {
  for (const letter of text) {
    await page.keyboard.press(letter === ' ' ? 'Space' : letter)
    await page.waitForTimeout(80)
  }
  for (const _ of text) {
    await page.keyboard.press('Backspace')
    await page.waitForTimeout(40)
  }
}

/** What somebody looks for: names, parts of them, a birth date, an identifier. */
export const queries = ['berg', 'sorensen', 'njeri', '4.3.1985', '2000', 'haverkamp', 'jurgen', 'zimm']

export async function typeInSearch(page: Page, rounds: number): Promise<void> {
  await searchField(page).click()
  for (let round = 0; round < rounds; round++) await typeAndClear(page, queries[round % queries.length]!)
}
