import { readFileSync } from 'node:fs'
import type { Locator, Page } from 'playwright'

/** The steps around the outbox, as a person takes them. */

export const goToOutbox = async (page: Page): Promise<void> => {
  await page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: 'Outbox' }).click()
  await page.getByRole('heading', { name: 'Outbox' }).waitFor()
}

export const group = (page: Page, heading: 'Not accepted' | 'On the way'): Locator =>
  page.getByRole('region', { name: heading, exact: true })

export const outboxRow = (page: Page, about: string): Locator =>
  page.getByRole('main').getByRole('listitem').filter({ hasText: about })

/** Fills the dialog that is open and gives the saved file, its name and its bytes. */
export async function exportWith(
  page: Page,
  passphrase: string,
): Promise<{ name: string; bytes: Buffer; path: string }> {
  const dialog = page.getByRole('dialog', { name: /^Export \d+ change/ })
  await dialog.getByLabel('Passphrase', { exact: true }).fill(passphrase)
  await dialog.getByLabel('Passphrase again').fill(passphrase)
  const downloading = page.waitForEvent('download')
  await dialog.getByRole('button', { name: 'Save the file' }).click()
  const download = await downloading
  await dialog.getByText('The file was handed over').waitFor()
  await dialog.getByRole('button', { name: 'Close' }).last().click()
  const path = await download.path()
  return { name: download.suggestedFilename(), bytes: readFileSync(path), path }
}

export type GivenFile = { name: string; mimeType: string; buffer: Buffer }

export const asFile = (buffer: Buffer, name = 'changes.meridian'): GivenFile => ({
  name,
  mimeType: 'application/octet-stream',
  buffer,
})

/** Chooses a file and opens it. Ends with the dialog as it then is: a preview, or why there is none. */
export async function openFile(page: Page, file: GivenFile, passphrase: string): Promise<Locator> {
  await page.getByRole('button', { name: 'Import…' }).click()
  const dialog = page.getByRole('dialog', { name: 'Import changes from a file' })
  await dialog.locator('input[type=file]').setInputFiles(file)
  await dialog.getByLabel('Passphrase of the file').fill(passphrase)
  await dialog.getByRole('button', { name: 'Open' }).click()
  return dialog
}

export async function signOut(page: Page): Promise<void> {
  await page.getByRole('button', { name: /^User menu/ }).click()
  await page.getByRole('menuitem', { name: 'Sign out' }).click()
}
