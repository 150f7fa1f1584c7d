import { readFileSync } from 'node:fs'
import AxeBuilder from '@axe-core/playwright'
import type { Page } from 'playwright'
import { describe, expect, test } from 'vitest'
import { committed } from '../../domain/testing/committed.ts'
import { sealChanges } from '../../renderer/outbox/change-file.ts'
import type { StoredChange } from '../../renderer/replica/stored-change.ts'
import { appOnCluster } from '../support/app.ts'
import { asFile, exportWith, goToOutbox, group, openFile, outboxRow, signOut } from '../support/outbox.ts'
import { type Fate, standBetween } from '../support/refusing-region.ts'
import {
  addAllergy,
  allergyRow,
  demoPassword,
  findAndOpen,
  patientLinks,
  savedIn,
  searchField,
  signIn,
} from '../support/story.ts'

/** Work that has not arrived: on the real cluster, with a hand between the window and its region. */

const { newContext, openPage, physician, substance, complaints } = appOnCluster()
const nurse = { username: 'nurse.nairobi', password: demoPassword }
const passphrase = 'four words or more'

async function newWindow(fate: Fate, options: Parameters<typeof newContext>[0] = {}) {
  const context = await newContext(options)
  const region = await standBetween(context, fate)
  const page = await openPage(context, 'nairobi')
  return { context, region, page }
}

/** A window of Nairobi’s physician in whose outbox one change waits: held, or refused. */
async function withChange(fate: Fate, options: Parameters<typeof newContext>[0] = {}) {
  const window = await newWindow(fate, options)
  await signIn(window.page, physician('nairobi'))
  await findAndOpen(window.page, 'bakari')
  if (fate !== 'hold') return { ...window, drug: await refuseOne(window.page, 1) }
  const drug = substance()
  await addAllergy(window.page, { substance: drug })
  await window.page.getByRole('button', { name: '1 change on the way' }).waitFor()
  return { ...window, drug }
}

/** Enters one that is refused at once, so that it never stands in the chart; `count` are refused then. */
async function refuseOne(page: Page, count: number): Promise<string> {
  const drug = substance()
  await page.getByRole('button', { name: 'Add allergy' }).click()
  await page.getByRole('combobox', { name: 'Substance' }).fill(drug)
  await page.keyboard.press('Tab')
  await page.getByRole('button', { name: 'Save allergy' }).click()
  await page.getByRole('button', { name: `${count} not accepted` }).waitFor()
  return drug
}

/** Changes that were made elsewhere, for a file. */
function changesOf(user: string, count: number): StoredChange[] {
  return Array.from({ length: count }, (_, at) => {
    const { id, entry } = committed({
      aspects: { code: { text: `Madeupol ${at}` } },
      document: 'chart/somebody',
      author: { user, role: 'physician', organisation: 'Nairobi' },
      deviceSeq: at,
      recordedAt: new Date(Date.UTC(2026, 10, 20) + at * 60_000).toISOString(),
    })
    const about = `Allergy to Madeupol ${at}`
    const refused = { at: 'refused', code: 'forbidden', detail: 'no' } as const
    return { id, entry, patientId: 'somebody', about, at: Date.UTC(2026, 10, 21), rung: refused }
  })
}

async function sealed(changes: StoredChange[]) {
  const file = await sealChanges(changes, passphrase, { now: Date.now() })
  if (file.outcome !== 'sealed') throw new Error(file.outcome)
  return asFile(Buffer.from(file.bytes))
}

describe('the outbox', () => {
  test('RE270 a refused change says whose it is, why, and what to do; it is edited at its chart, and tried again it goes', async () => {
    const { page, region, drug } = await withChange('forbidden')
    const notice = page.getByRole('region', { name: '1 change was not accepted' })
    await notice.getByText('you may not write to this chart').waitFor()
    await notice.getByRole('link', { name: 'Open the outbox' }).click()
    const row = group(page, 'Not accepted').getByRole('listitem')
    const text = (await row.textContent()) ?? ''
    for (const part of [
      drug,
      'MWINYI',
      'Born',
      'by the device’s clock',
      'you may not write to this chart',
      'Ask',
    ])
      expect(text).toContain(part)
    await notice.waitFor({ state: 'detached' })
    const id = (await row.getByRole('link', { name: /^Edit/ }).getAttribute('href')) ?? ''
    expect(id).toMatch(/#\/patients\/[\w.-]+\?edit=[\w-]{43}$|#\/patients\/[\w.-]+\?edit=%22[\w-]{43}%22$/)
    region.let('pass')
    await row.getByRole('button', { name: /^Retry/ }).dblclick()
    await page.getByText('Nothing waits here').waitFor()
    await page.goBack()
    await allergyRow(page, drug).getByText('also in Frankfurt, London').waitFor()
    expect(complaints).toEqual([])
  })

  test('RE271 putting a change aside asks first and names it; then it is gone, after the next start too', async () => {
    const { page, drug } = await withChange('immutable')
    await goToOutbox(page)
    const ask = () =>
      outboxRow(page, drug)
        .getByRole('button', { name: /^Put aside/ })
        .click()
    const dialog = page.getByRole('dialog', { name: 'Put 1 change aside?' })
    await ask()
    await dialog.getByText(`Allergy to ${drug}`).waitFor()
    await dialog.getByText('cannot be brought back').waitFor()
    // Enter does no harm.
    await page.keyboard.press('Enter')
    await dialog.waitFor({ state: 'detached' })
    await outboxRow(page, drug).waitFor()
    await ask()
    await dialog.getByRole('button', { name: 'Put aside' }).click()
    await page.getByText('Nothing waits here').waitFor()
    await page.reload()
    await page.getByLabel('Username').waitFor()
    await signInAgain(page)
    await page.getByText('Nothing waits here').waitFor()
  })

  test('RE272 changes leave as a sealed file and go on from another device, and a second import adds nothing', async () => {
    const first = await withChange('read-only')
    first.region.let('hold')
    const held = substance()
    await addAllergy(first.page, { substance: held })
    await goToOutbox(first.page)
    await first.page.getByRole('button', { name: 'Export all…' }).click()
    const file = await exportWith(first.page, passphrase)
    expect(file.name).toMatch(/^meridian-changes-\d{8}-\d{4}\.meridian$/)
    for (const secret of [first.drug, held, 'Testolamine', 'MWINYI', 'physician'])
      expect(file.bytes.includes(secret)).toBe(false)
    await first.context.close()

    const { page } = await newWindow('pass')
    await signIn(page, physician('nairobi'))
    await goToOutbox(page)
    const dialog = await openFile(page, asFile(file.bytes, file.name), passphrase)
    await dialog.getByText('2 new changes').waitFor()
    await dialog.getByText(`Allergy to ${held}`).waitFor()
    await dialog.getByRole('button', { name: 'Import 2 changes' }).click()
    await dialog.getByText('2 changes were imported').waitFor()
    await dialog.getByRole('button', { name: 'Close' }).last().click()
    await outboxRow(page, first.drug)
      .getByRole('button', { name: /^Retry/ })
      .click()
    await outboxRow(page, first.drug)
      .getByRole('button', { name: /^Retry/ })
      .waitFor({ state: 'detached' })

    await page.reload()
    await signInAgain(page)
    await page.getByText('Nothing waits here').waitFor()
    const again = await openFile(page, asFile(file.bytes), passphrase)
    await again.getByText('2 that this device has already').waitFor()
    await again.getByText('There is nothing to import.').waitFor()
    expect(await again.getByRole('button', { name: /^Import \d/ }).count()).toBe(0)
    await page.keyboard.press('Escape')
    await page.keyboard.press('g')
    await page.keyboard.press('p')
    await findAndOpen(page, 'bakari')
    for (const drug of [first.drug, held]) expect(await allergyRow(page, drug).count()).toBe(1)
  })

  test('RE273 a file that is none, is damaged, has another passphrase, or is somebody else’s imports nothing and says why', async () => {
    const { page } = await newWindow('hold')
    await signIn(page, nurse)
    await goToOutbox(page)
    const file = await sealed([...changesOf('physician.nairobi', 2), ...changesOf('nurse.nairobi', 1)])
    const dialog = await openFile(page, file, 'four words or less')
    await dialog.getByText('The passphrase does not open this file').waitFor()
    await page.screenshot({ path: 'test-results/outbox-passphrase.png' })
    await dialog.getByLabel('Passphrase of the file').fill(passphrase)
    await dialog.getByRole('button', { name: 'Open' }).click()
    await dialog.getByText('1 new change').waitFor()
    await dialog.getByText('2 made by somebody else').waitFor()
    await page.screenshot({ path: 'test-results/outbox-preview.png' })
    await page.keyboard.press('Escape')
    const altered = Buffer.from(file.buffer)
    altered[300] = (altered[300] ?? 0) ^ 1
    const tries: [Buffer, string][] = [
      [altered, 'This file is damaged'],
      [file.buffer.subarray(0, 200), 'This file is damaged'],
    ]
    for (const [bytes, words] of tries) {
      await (await openFile(page, asFile(bytes), passphrase)).getByText(words).waitFor()
      await page.keyboard.press('Escape')
    }
    // Dropped anywhere on the page.
    await page.evaluate(() => {
      const data = new DataTransfer()
      data.items.add(new File(['{"resourceType":"Bundle"}\n'], 'bundle.json'))
      document.body.dispatchEvent(
        new DragEvent('drop', { dataTransfer: data, bubbles: true, cancelable: true }),
      )
    })
    await page.getByText('This is no file of exported changes').waitFor()
    await page.keyboard.press('Escape')
    await page.getByText('Nothing waits here').waitFor()
  })

  test('RE274 who signs out with unsent work is told what stays; it goes on when they come back, not before', async () => {
    const { page, region, drug } = await withChange('hold')
    await signOut(page)
    const dialog = page.getByRole('dialog', { name: '1 change stays on this device' })
    await dialog.getByText('sealed with your password').waitFor()
    await page.screenshot({ path: 'test-results/sign-out-unsent.png' })
    await dialog.getByRole('button', { name: 'Export…' }).click()
    await page.getByRole('dialog', { name: 'Export 1 change' }).waitFor()
    await page.keyboard.press('Escape')
    await page.getByRole('dialog').waitFor({ state: 'detached' })
    await signOut(page)
    await dialog.getByRole('button', { name: 'Sign out' }).click()
    await page.getByLabel('Username').waitFor()
    region.let('pass')
    await signIn(page, physician('nairobi'))
    await findAndOpen(page, 'bakari')
    await savedIn(allergyRow(page, drug), 'Nairobi')
  })

  test('RE275 who waits in the question at signing out sees that everything has gone', async () => {
    const { page, region } = await withChange('hold')
    await signOut(page)
    region.let('pass')
    const dialog = page.getByRole('dialog')
    await dialog.getByText('stays on this device').waitFor()
    await dialog.getByText('Nothing waits on this device any more.').waitFor({ timeout: 60_000 })
    await dialog.getByRole('button', { name: 'Sign out' }).click()
    await page.getByLabel('Username').waitFor()
  })

  test('RE276 the next person at a device finds nothing of the one before: no change, no count, no address, no name', async () => {
    const { page, drug } = await withChange('hold')
    await signOut(page)
    await page.getByRole('dialog').getByRole('button', { name: 'Sign out' }).click()
    await page.getByLabel('Username').waitFor()
    await expect.poll(() => page.evaluate(() => location.hash)).toMatch(/^(#\/)?$/)
    expect(await page.title()).toBe('Meridian')
    expect(await page.locator('body').textContent()).not.toMatch(/change|MWINYI|Bakari/)
    await signIn(page, nurse)
    await patientLinks(page).first().waitFor()
    await page.getByRole('button', { name: 'No changes yet' }).waitFor()
    await page.getByRole('link', { name: 'Outbox', exact: true }).waitFor()
    await page.goBack()
    await searchField(page).waitFor()
    await goToOutbox(page)
    await page.getByText('Nothing waits here').waitFor()
    await page.goForward()
    await signOut(page)
    await page.getByLabel('Username').waitFor()
    await signIn(page, physician('nairobi'))
    await page.getByRole('button', { name: '1 change on the way' }).waitFor()
    await goToOutbox(page)
    await outboxRow(page, drug).waitFor()
  })

  test('RE277 a page that is loaded again shows its chart to whom it showed it before, and to nobody else', async () => {
    const { page } = await newWindow('pass')
    await signIn(page, physician('nairobi'))
    await findAndOpen(page, 'bakari')
    await page.reload()
    await enter(page)
    await page.getByRole('region', { name: 'Patient' }).getByText('MWINYI').waitFor()
    await page.reload()
    await signIn(page, nurse)
    await patientLinks(page).first().waitFor()
    expect(await page.getByRole('region', { name: 'Patient' }).count()).toBe(0)
  })

  test('RE278 a row that cannot be read is told, kept and handed out', async () => {
    const { page, drug } = await withChange('hold')
    await page.evaluate(tearOutbox)
    await page.reload()
    await enter(page)
    await page.getByRole('region', { name: '1 change on this device cannot be read' }).waitFor()
    await page.screenshot({ path: 'test-results/outbox-damaged-notice.png' })
    await page.getByRole('link', { name: 'Open the outbox' }).click()
    const downloading = page.waitForEvent('download')
    await page.getByRole('button', { name: 'Export the unreadable rows' }).click()
    const download = await downloading
    expect(download.suggestedFilename()).toMatch(/^meridian-damaged-[\d-]+\.json$/)
    const text = readFileSync(await download.path(), 'utf8')
    expect(JSON.parse(text).rows).toHaveLength(1)
    expect(text).not.toContain(drug)
    await signOut(page)
    await page.getByRole('dialog', { name: '1 change on this device cannot be read' }).waitFor()
    await page.getByRole('dialog').getByRole('button', { name: 'Sign out' }).click()
    await enter(page)
    await page.getByRole('region', { name: '1 change on this device cannot be read' }).waitFor()
  })

  test('RE253 while a change cannot be read the strip says so, and not that all is saved', async () => {
    const { page } = await withChange('hold')
    await page.evaluate(tearOutbox)
    await page.reload()
    await enter(page)
    const strip = page.locator('header').first()
    await strip.getByRole('button', { name: '1 cannot be read' }).waitFor()
    expect(await strip.getByText(/All changes saved|No changes yet/).count()).toBe(0)
    await page.screenshot({ path: 'test-results/strip-damaged.png' })
  })

  test('RE279 on a device without room refused changes are still tried again, exported and put aside', async () => {
    const { page, region, drug } = await withChange('erased')
    const other = await refuseOne(page, 2)
    await goToOutbox(page)
    await page.evaluate(fillDisk)
    const file = await sealed(changesOf('physician.nairobi', 1))
    const dialog = await openFile(page, file, passphrase)
    await dialog.getByRole('button', { name: 'Import 1 change' }).click()
    await dialog.getByText('This device has no room left').waitFor()
    await page.keyboard.press('Escape')
    await outboxRow(page, drug)
      .getByRole('button', { name: /^Export/ })
      .click()
    expect((await exportWith(page, passphrase)).bytes.length).toBeGreaterThan(300)
    await outboxRow(page, drug)
      .getByRole('button', { name: /^Retry/ })
      .click()
    await group(page, 'Not accepted').getByText('this patient was erased').first().waitFor()
    region.let('pass')
    await outboxRow(page, other)
      .getByRole('button', { name: /^Put aside/ })
      .click()
    await page.getByRole('dialog').getByRole('button', { name: 'Put aside' }).click()
    await outboxRow(page, other).waitFor({ state: 'detached' })
    await outboxRow(page, drug)
      .getByRole('button', { name: /^Retry/ })
      .click()
    await page.getByText('Nothing waits here').waitFor()
  })

  test('RE280 hundreds of changes are chosen by keyboard, exported and put aside together', async () => {
    const { page } = await newWindow('hold')
    await signIn(page, physician('nairobi'))
    await page.keyboard.press('Escape')
    await page.getByRole('heading', { name: 'Patients' }).click()
    await page.keyboard.press('g')
    await page.keyboard.press('o')
    const dialog = await openFile(page, await sealed(changesOf('physician.nairobi', 350)), passphrase)
    await dialog.getByRole('button', { name: 'Import 350 changes' }).click()
    await dialog.getByText('350 changes were imported').waitFor()
    await dialog.getByRole('button', { name: 'Close' }).last().click()
    const refused = group(page, 'Not accepted')
    expect(await refused.getByRole('listitem').count()).toBe(100)
    // The latest stands first.
    await refused.getByRole('listitem').first().getByText('Allergy to Madeupol 349').waitFor()
    await refused.getByRole('listitem').first().getByRole('checkbox').focus()
    await page.keyboard.press('Space')
    for (const _ of [1, 2, 3]) await page.keyboard.press('ArrowDown')
    await page.keyboard.press('Shift+Space')
    await page.getByRole('toolbar', { name: '4 selected' }).waitFor()
    await page.keyboard.press('Control+a')
    const bar = page.getByRole('toolbar', { name: '350 selected' })
    await bar.getByRole('button', { name: 'Export…' }).click()
    expect((await exportWith(page, passphrase)).bytes.length).toBeGreaterThan(350 * 300)
    await refused.getByRole('button', { name: 'Show 100 more' }).click()
    await expect.poll(() => refused.getByRole('listitem').count()).toBe(200)
    await bar.getByRole('button', { name: 'Put aside…' }).click()
    await page.getByRole('dialog').getByText('and 344 more').waitFor()
    await page.getByRole('dialog').getByRole('button', { name: 'Put aside' }).click()
    await page.getByText('Nothing waits here').waitFor()
  })

  test.each(['light', 'dark'] as const)(
    'RE281 axe finds nothing in the outbox and its dialogs, and in a narrow window nothing is cut off, %s',
    async (colorScheme) => {
      const { page, region } = await withChange('lamport', { colorScheme })
      region.let('hold')
      await addAllergy(page, { substance: substance() })
      await goToOutbox(page)
      await group(page, 'On the way').getByRole('listitem').waitFor()
      await group(page, 'Not accepted').getByRole('checkbox').first().check()
      expect(await violations(page)).toEqual([])
      await page.screenshot({ path: `test-results/outbox-${colorScheme}-1280.png` })
      await page.setViewportSize({ width: 1920, height: 1080 })
      await page.screenshot({ path: `test-results/outbox-${colorScheme}-1920.png` })
      await page.setViewportSize({ width: 640, height: 400 })
      const wide = () => page.evaluate(() => document.documentElement.scrollWidth)
      expect(await wide()).toBeLessThanOrEqual(640)
      await page.screenshot({ path: `test-results/outbox-${colorScheme}-640.png` })
      await page.setViewportSize({ width: 1280, height: 800 })
      const openings = ['Export all…', 'Import…', 'Put aside…']
      for (const name of openings) {
        await page.getByRole('button', { name, exact: true }).click()
        await page.getByRole('dialog').waitFor()
        expect(await violations(page)).toEqual([])
        await page.screenshot({ path: `test-results/outbox-${colorScheme}-${name.slice(0, 6)}.png` })
        await page.keyboard.press('Escape')
        await page.getByRole('dialog').waitFor({ state: 'detached' })
      }
      await signOut(page)
      await page.getByRole('dialog').waitFor()
      expect(await violations(page)).toEqual([])
      await page.screenshot({ path: `test-results/outbox-${colorScheme}-sign-out.png` })
    },
  )
})

async function violations(page: Page): Promise<string[]> {
  const tags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa']
  const { violations: found } = await new AxeBuilder({ page }).withTags(tags).analyze()
  return found.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html).join('\n')}`)
}

/** Signs Nairobi’s physician in where the page comes back to the outbox, not to the patients. */
async function signInAgain(page: Page): Promise<void> {
  await enter(page)
  await page.getByRole('heading', { name: 'Outbox' }).waitFor()
}

/** The same, wherever the page then is. */
async function enter(page: Page): Promise<void> {
  await page.getByLabel('Username').fill(physician('nairobi').username)
  await page.getByLabel('Password', { exact: true }).fill(demoPassword)
  await page.getByRole('button', { name: 'Sign in', exact: true }).click()
}

/** Runs in the page: turns one bit of what lies in the outbox. */
async function tearOutbox(): Promise<void> {
  const [known] = await indexedDB.databases()
  if (!known?.name) throw new Error('no database')
  const request = indexedDB.open(known.name)
  const database = await new Promise<IDBDatabase>((resolve, reject) => {
    request.onsuccess = () => resolve(request.result)
    request.onerror = () => reject(request.error)
  })
  const store = database.transaction('outbox', 'readwrite').objectStore('outbox')
  await new Promise<void>((resolve, reject) => {
    const asking = store.openCursor()
    asking.onerror = () => reject(asking.error)
    asking.onsuccess = () => {
      const row: unknown = asking.result?.value
      if (typeof row !== 'object' || row === null || !('sealed' in row)) return reject(new Error('no row'))
      if (row.sealed instanceof Uint8Array) row.sealed[20] = (row.sealed[20] ?? 0) ^ 1
      store.put(row).onsuccess = () => resolve()
    }
  })
  database.close()
}

/** Runs in the page: from now on nothing can be written. */
function fillDisk(): void {
  const full = () => {
    throw new DOMException('no room', 'QuotaExceededError')
  }
  Object.assign(IDBObjectStore.prototype, { add: full, put: full })
}
