import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { copiesComplete } from '../support/copies.ts'
import { pagesIn } from '../support/pdf.ts'
import { desktopLeftOut, type RunningApp } from './launch.ts'
import { desktopOnCluster } from './on-cluster.ts'

/** The downtime pack as a file, at a desktop app on a real Electron, without any region. */

const leftOut = await desktopLeftOut()
const { open, servers } = desktopOnCluster(leftOut)
const folder = mkdtempSync(join(tmpdir(), 'meridian-pack-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** What somebody answers when they are asked where; null: they cancel. Tells what was suggested. */
async function answerDialog({ app }: RunningApp, filePath: string | null): Promise<void> {
  await app.evaluate(({ dialog }, filePath) => {
    const asked: string[] = []
    Object.assign(globalThis, { asked })
    Object.assign(dialog, {
      showSaveDialog: async (...given: { defaultPath?: string }[]) => {
        asked.push(given.at(-1)?.defaultPath ?? '')
        return filePath === null ? { canceled: true, filePath: '' } : { canceled: false, filePath }
      },
    })
  }, filePath)
}

async function suggested({ app }: RunningApp): Promise<string[]> {
  return app.evaluate(() => (globalThis as { asked?: string[] }).asked ?? [])
}

async function openFromMenu({ app, page }: RunningApp): Promise<void> {
  await app.evaluate(({ Menu }) => {
    const file = Menu.getApplicationMenu()?.items.find(({ label }) => label === 'File')
    file?.submenu?.items.find(({ label }) => label.startsWith('Downtime Pack'))?.click()
  })
  await page.getByRole('heading', { name: 'Downtime pack' }).waitFor()
}

describe.skipIf(leftOut !== null)('the downtime pack on the desktop', () => {
  test('EL34 with every server stopped the menu opens the pack, and it is saved as a PDF for its owner only, after what that means was said; a failure is told and leaves nothing', async () => {
    const running = await open('nairobi')
    const { page } = running
    await copiesComplete(page)
    await servers('stop')
    try {
      await openFromMenu(running)
      await page.getByRole('button', { name: /^Make the pages of/ }).click()
      const sheets = page.getByRole('region', { name: /^Page \d+: / })
      await page
        .locator('p[role="status"]')
        .filter({ hasText: /^\d+ pages, / })
        .waitFor()
      await page.screenshot({ path: 'test-results/desktop-pack.png' })

      const path = join(folder, 'pack.pdf')
      const save = async () => {
        await page.getByRole('button', { name: 'Save as PDF…' }).click()
        const asking = page.getByRole('dialog', { name: 'The file is not sealed' })
        await asking.waitFor()
        await page.screenshot({ path: 'test-results/desktop-pack-save.png' })
        await asking.getByRole('button', { name: 'Choose where…' }).click()
        await asking.waitFor({ state: 'detached' })
        await page.getByRole('button', { name: 'Save as PDF…' }).waitFor()
      }
      await answerDialog(running, null)
      await save()
      expect(readdirSync(folder)).toEqual([])
      expect(await page.getByText('No file was saved').count()).toBe(0)

      await answerDialog(running, join(folder, 'gone', 'pack.pdf'))
      await save()
      await page.getByText('No file was saved').waitFor()
      await page.getByText('That folder is not there any more.').waitFor()
      expect(readdirSync(folder)).toEqual([])

      await answerDialog(running, path)
      await save()
      await page.getByText('Saved as pack.pdf').waitFor()
      await page.screenshot({ path: 'test-results/desktop-pack-saved.png' })
      const pdf = readFileSync(path)
      expect(pdf.subarray(0, 5).toString('latin1')).toBe('%PDF-')
      expect(pagesIn(pdf)).toBe(await sheets.count())
      if (process.platform !== 'win32') expect(statSync(path).mode & 0o777).toBe(0o600)
      expect(readdirSync(folder)).toEqual(['pack.pdf'])
      const [name] = await suggested(running)
      expect(name).toMatch(/[\\/]meridian-downtime-\d{4}-\d\d-\d\d-\d{4}\.pdf$/)
    } finally {
      await servers('start')
      await running.close()
    }
  })

  test('EL35 the shell answers no other request than that for a pack, asks nobody then, and saves one file at a time', async () => {
    const running = await open('london')
    const { page } = running
    const ask = (request: unknown) =>
      page.evaluate(
        (request) =>
          (window as unknown as { meridian: { savePdf(request: unknown): unknown } }).meridian.savePdf(
            request,
          ),
        request,
      )
    await answerDialog(running, join(folder, 'other.pdf'))
    const refused = { outcome: 'failed', why: 'other', code: 'refused' }
    expect(await ask({ name: '../../etc/passwd', paper: 'A4' })).toEqual(refused)
    expect(await ask({ name: 'SMITH.pdf', paper: 'A4' })).toEqual(refused)
    expect(await ask(undefined)).toEqual(refused)
    expect(await suggested(running)).toEqual([])

    const good = { name: 'meridian-downtime-2026-11-24-0312.pdf', paper: 'A4' }
    const both = await Promise.all([ask(good), ask(good)])
    expect(both).toContainEqual({ outcome: 'saved', name: 'other.pdf' })
    expect(both).toContainEqual({ outcome: 'failed', why: 'busy', code: 'busy' })
    expect(await suggested(running)).toHaveLength(1)
    await running.close()
  })
})
