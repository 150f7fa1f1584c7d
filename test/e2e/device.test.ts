import { describe, expect, test } from 'vitest'
import { appOnCluster } from '../support/app.ts'
import {
  addAllergy,
  allergyRow,
  demoPassword,
  findAndOpen,
  recordVitals,
  savedIn,
  searchField,
  section,
  signIn,
  vitalsRow,
} from '../support/story.ts'

/** What the app keeps on its device: in a browser, on the real cluster. */

const { newContext, openPage, openWindow, openChart, physician, substance, control } = appOnCluster()

describe('a device that keeps what was typed', () => {
  test('RE230 a change outlives the window that was killed before any region had it, and climbs when one answers', async () => {
    const context = await newContext()
    const open = async () => {
      // The page comes from London; whoever works in it works with Nairobi.
      const page = await openPage(context, 'london')
      await signIn(page, physician('nairobi'), 'Nairobi')
      return page
    }
    const first = await open()
    await findAndOpen(first, 'bakari')
    await control('/regions/nairobi/stop', { what: 'server' })
    try {
      const drug = substance()
      await addAllergy(first, { substance: drug })
      await allergyRow(first, drug).getByText('on this device').waitFor()
      // Without a word to the page.
      await first.close({ runBeforeUnload: false })

      const second = await open()
      await second.getByText(/^Nairobi does not answer since/).waitFor()
      await second.getByRole('button', { name: '1 change on the way' }).waitFor()
      await findAndOpen(second, 'bakari')
      await allergyRow(second, drug).getByText('on this device').waitFor()
      await second.getByText(/^This device’s copy, confirmed/).waitFor()
      await second.screenshot({ path: 'test-results/offline-copy.png' })
      await control('/regions/nairobi/start', { what: 'server' })
      await savedIn(allergyRow(second, drug), 'Nairobi')
      await allergyRow(second, drug).getByText('also in Frankfurt, London').waitFor()
      await second.getByText(/^This device’s copy, confirmed/).waitFor({ state: 'detached' })
      await second.screenshot({ path: 'test-results/ladder-top.png' })
    } finally {
      await control('/reset')
      await control('/regions/nairobi/start', { what: 'server' })
    }
  })

  test('RE234 how far a change got takes no room from the values beside it', async () => {
    const page = await openChart('nairobi', 'bakari')
    await recordVitals(page, { systolic: '118', diastolic: '66', weight: '71' })
    await vitalsRow(page, '118/66').getByText('also in Frankfurt, London').waitFor()
    const hidden = await section(page, 'Vitals')
      .getByRole('table')
      .evaluate((table) => table.scrollWidth - (table.parentElement?.clientWidth ?? 0))
    expect(hidden).toBeLessThanOrEqual(0)
    await page.screenshot({ path: 'test-results/rung-in-vitals.png' })
  })

  test('RE231 without a region nobody comes in but whom this device knows, by the password of the last time', async () => {
    const page = await openWindow('london')
    await control('/regions/nairobi/stop', { what: 'server' })
    try {
      await page.getByLabel('Username').fill('nurse.nairobi')
      await page.getByLabel('Password', { exact: true }).fill(demoPassword)
      await page.getByRole('combobox', { name: 'Region' }).click()
      await page.getByRole('option', { name: 'Nairobi' }).click()
      await page.getByRole('button', { name: 'Sign in', exact: true }).click()
      await page.getByRole('alert').getByText('Nairobi does not answer').waitFor()
    } finally {
      await control('/regions/nairobi/start', { what: 'server' })
    }
  })

  test('RE232 a password that is new to this device asks for the earlier one, once, and nothing is lost', async () => {
    const page = await openWindow('frankfurt')
    const account = { username: 'nurse.frankfurt', password: demoPassword }
    await signIn(page, account)
    // From now on the region takes any password, as after a change that was made elsewhere.
    await page.route('**/v1/session', async (route) => {
      const asked = { ...account, password: demoPassword }
      await route.fulfill({ response: await route.fetch({ postData: JSON.stringify(asked) }) })
    })
    const signOut = async () => {
      await page.getByRole('button', { name: /^User menu/ }).click()
      await page.getByRole('menuitem', { name: 'Sign out' }).click()
    }
    await signOut()
    await page.getByLabel('Username').fill(account.username)
    await page.getByLabel('Password', { exact: true }).fill('changed-2026')
    const enter = page.getByRole('button', { name: 'Sign in', exact: true })
    await enter.click()
    await page.getByRole('alert').getByText('Your password is new to this device').waitFor()
    await page.screenshot({ path: 'test-results/earlier-password.png' })
    const earlier = page.getByLabel('Earlier password', { exact: true })
    await earlier.fill('guess')
    await enter.click()
    await page.getByRole('alert').getByText('Your password is new to this device').waitFor()
    await earlier.fill(demoPassword)
    await enter.click()
    await searchField(page).waitFor()
    await signOut()
    await signIn(page, { ...account, password: 'changed-2026' })
  })

  test('RE233 a device without room says so, saves nothing by halves, keeps what is typed and what was there, and goes on when there is room', async () => {
    const page = await openChart('frankfurt', 'grossmann')
    const kept = substance()
    await addAllergy(page, { substance: kept })
    await savedIn(allergyRow(page, kept), 'Frankfurt')
    // What a browser says whose disk is full: its own limit cannot be lowered in a window of its own.
    await page.evaluate(() => {
      const store = IDBObjectStore.prototype
      const { add, put } = store
      const full = () => {
        throw new DOMException('no room', 'QuotaExceededError')
      }
      Object.assign(store, { add: full, put: full })
      Object.assign(window, { makeRoom: () => Object.assign(store, { add, put }) })
    })
    const drug = substance()
    await page.getByRole('button', { name: 'Add allergy' }).click()
    const panel = page.getByRole('dialog', { name: 'Add an allergy' })
    await panel.getByRole('combobox', { name: 'Substance' }).fill(drug)
    await page.keyboard.press('Tab')
    await panel.getByRole('button', { name: 'Save allergy' }).click()
    await panel.getByText('This device has no room left: nothing was saved.').waitFor()
    await page.screenshot({ path: 'test-results/no-room.png' })
    expect(await panel.getByRole('combobox', { name: 'Substance' }).inputValue()).toBe(drug)
    expect(await allergyRow(page, drug).count()).toBe(0)
    await allergyRow(page, kept).waitFor()
    await page.evaluate('makeRoom()')
    await panel.getByRole('button', { name: 'Save allergy' }).click()
    await savedIn(allergyRow(page, drug), 'Frankfurt')
  })
})
