import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { asFile, goToOutbox, openFile, outboxRow } from '../support/outbox.ts'
import { addAllergy, findAndOpen } from '../support/story.ts'
import { desktopLeftOut } from './launch.ts'
import { desktopOnCluster } from './on-cluster.ts'

/** A file of changes out of one desktop app and into another, on a real Electron. */

const leftOut = await desktopLeftOut()
const { open, servers } = desktopOnCluster(leftOut)
const folder = mkdtempSync(join(tmpdir(), 'meridian-saved-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe.skipIf(leftOut !== null)('files of the outbox', () => {
  test('EL36 the app saves a sealed file of changes where its user says, and takes it in again', async () => {
    const drug = 'Testolamine Y'
    const passphrase = 'four words or more'
    const { app, page } = await open('nairobi')
    await findAndOpen(page, 'bakari')
    await servers('stop')
    try {
      await addAllergy(page, { substance: drug })
      await goToOutbox(page)
      await outboxRow(page, drug).waitFor()
      // The user's answer to the save dialog.
      const saved = join(folder, 'saved.meridian')
      await app.evaluate(({ session }, path) => {
        session.defaultSession.on('will-download', (_event, item) => item.setSavePath(path))
      }, saved)
      await page.getByRole('button', { name: 'Export all…' }).click()
      const dialog = page.getByRole('dialog', { name: 'Export 1 change' })
      await dialog.getByLabel('Passphrase', { exact: true }).fill(passphrase)
      await dialog.getByLabel('Passphrase again').fill(passphrase)
      await dialog.getByRole('button', { name: 'Save the file' }).click()
      await dialog.getByText('The file was handed over').waitFor()
      await dialog.getByRole('button', { name: 'Close' }).last().click()
      await expect.poll(() => existsSync(saved) && readFileSync(saved).length > 300).toBe(true)
      const bytes = readFileSync(saved)
      expect(bytes.includes(drug)).toBe(false)
      const again = await openFile(page, asFile(bytes), passphrase)
      await again.getByText('1 that this device has already').waitFor()
      await page.screenshot({ path: 'test-results/desktop-outbox.png' })
    } finally {
      await servers('start')
    }
  })
})
