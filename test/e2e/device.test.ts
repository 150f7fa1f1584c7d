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

const { newContext, openPage, openWindow, openChart, physician, substance, control, servers } = appOnCluster()

describe('a device that keeps what was typed', () => {
  test('RE230 a change outlives the window that was killed before any region had it, and climbs when one answers', async () => {
    const context = await newContext()
    const first = await openPage(context, 'nairobi')
    await signIn(first, physician('nairobi'))
    await findAndOpen(first, 'bakari')
    await first.evaluate(async () => void (await navigator.serviceWorker.ready))
    await servers('stop')
    try {
      const drug = substance()
      await addAllergy(first, { substance: drug })
      await allergyRow(first, drug).getByText('on this device').waitFor()
      // Without a word to the page.
      await first.close({ runBeforeUnload: false })

      // The page comes from this device, too.
      const second = await openPage(context, 'nairobi')
      await signIn(second, physician('nairobi'))
      await second.getByText(/^Nairobi does not answer since/).waitFor()
      await second.getByRole('button', { name: '1 change on the way' }).waitFor()
      await findAndOpen(second, 'bakari')
      await allergyRow(second, drug).getByText('on this device').waitFor()
      await second.getByText(/^This device’s copy, confirmed/).waitFor()
      await second.screenshot({ path: 'test-results/offline-copy.png' })
      await control('/regions/nairobi/start', { what: 'server' })
      await savedIn(allergyRow(second, drug), 'Nairobi')
      await servers('start')
      await allergyRow(second, drug).getByText('also in Frankfurt, London').waitFor()
      await second.getByText(/^This device’s copy, confirmed/).waitFor({ state: 'detached' })
      await second.screenshot({ path: 'test-results/ladder-top.png' })
    } finally {
      await servers('start')
    }
  })

  test('RE235 a region that falls silent while somebody types is changed for another one: nothing typed is lost, and what is saved is saved once', async () => {
    const page = await openChart('frankfurt', 'grossmann')
    const drug = substance()
    await page.getByRole('button', { name: 'Add allergy' }).click()
    const panel = page.getByRole('dialog', { name: 'Add an allergy' })
    await panel.getByRole('combobox', { name: 'Substance' }).fill(drug)
    await page.keyboard.press('Tab')
    await control('/regions/frankfurt/stop', { what: 'server' })
    try {
      await page.getByText(/^Frankfurt does not answer since/).waitFor()
      await page.getByText(/^You work with (?:London|Nairobi) meanwhile/).waitFor()
      expect(await panel.getByRole('combobox', { name: 'Substance' }).inputValue()).toBe(drug)
      await page.screenshot({ path: 'test-results/moved.png' })
      await panel.getByRole('button', { name: 'Save allergy' }).click()
      await allergyRow(page, drug)
        .getByText(/^saved in (?:London|Nairobi)/)
        .waitFor()
      await page.getByText(/^This device’s copy, confirmed/).waitFor({ state: 'detached' })
    } finally {
      await control('/regions/frankfurt/start', { what: 'server' })
    }
    await allergyRow(page, drug)
      .getByText(/also in .*Frankfurt/)
      .waitFor()
    expect(await allergyRow(page, drug).count()).toBe(1)
    // It is taken back once it has been steady for a while; a person need not wait for that.
    await page.getByRole('button', { name: /^(?:London|Nairobi) / }).click()
    await page.screenshot({ path: 'test-results/regions.png' })
    await page.getByRole('button', { name: 'Use Frankfurt' }).click()
    await page.getByRole('button', { name: /^Frankfurt / }).waitFor()
    const next = substance()
    await addAllergy(page, { substance: next })
    await savedIn(allergyRow(page, next), 'Frankfurt')
  })

  test('RE236 two windows share what one device keeps: each sees the other’s changes at once, and the one that stays brings them to the regions', async () => {
    const context = await newContext()
    const [first, second] = [await openPage(context, 'nairobi'), await openPage(context, 'nairobi')]
    for (const page of [first, second]) {
      await signIn(page, physician('nairobi'))
      await findAndOpen(page, 'bakari')
    }
    const [online, offline] = [substance(), substance()]
    await addAllergy(second, { substance: online })
    await savedIn(allergyRow(second, online), 'Nairobi')
    await savedIn(allergyRow(first, online), 'Nairobi')
    await servers('stop')
    try {
      await second.getByText(/^Nor does another region/).waitFor()
      await addAllergy(second, { substance: offline })
      await allergyRow(first, offline).getByText('on this device').waitFor()
      // The one that spoke with the region goes; the other one takes its place.
      await first.close({ runBeforeUnload: false })
    } finally {
      await servers('start')
    }
    // In whichever region answers first.
    await allergyRow(second, offline)
      .getByText(/^saved in .*also in \w+, \w+/)
      .waitFor()
    expect(await allergyRow(second, offline).count()).toBe(1)
  })

  test('RE238 the first visit is kept already: without a region somebody signs out and in again, and opens what they had not opened', async () => {
    const page = await openWindow('nairobi')
    await signIn(page, physician('nairobi'))
    await findAndOpen(page, 'bakari')
    await page.waitForFunction(() => navigator.serviceWorker.controller !== null)
    await servers('stop')
    try {
      await page.getByText(/^Nor does another region/).waitFor()
      // A DO NOT GIVE order does not read as an order in its panel.
      const ban = section(page, 'Medications').getByRole('listitem').filter({ hasText: 'DO NOT GIVE' })
      await ban.getByRole('button', { name: /^Change: / }).click()
      const panel = page.getByRole('dialog', { name: 'Change a medication' })
      await panel.getByText(/^DO NOT GIVE ./).waitFor()
      expect(await panel.getByText('Dose not recorded').count()).toBe(0)
      await panel.getByText('Stopped', { exact: true }).click()
      await panel.getByRole('textbox', { name: 'Reason', exact: true }).fill('Scan shows no bleeding')
      await panel.getByRole('button', { name: 'Save change' }).click()
      // It has gone behind a line, and how far it got stands there.
      await section(page, 'Medications').getByText('on this device', { exact: true }).waitFor()
      await page.screenshot({ path: 'test-results/folded-rung.png' })
      await page.getByRole('link', { name: /^Print pack/ }).click()
      await page.getByRole('button', { name: /^Make the pages/ }).waitFor()
      await page.getByRole('button', { name: /^User menu/ }).click()
      await page.getByRole('menuitem', { name: 'Sign out' }).click()
      await page.getByRole('dialog').getByRole('button', { name: 'Sign out' }).click()
      await page.getByLabel('Username').fill('physician.nairobi')
      await page.getByLabel('Password', { exact: true }).fill(demoPassword)
      await page.getByRole('button', { name: 'Sign in', exact: true }).click()
      await page.getByRole('button', { name: '1 change on the way' }).waitFor()
    } finally {
      await servers('start')
    }
    await page.getByRole('button', { name: 'All changes saved' }).waitFor()
  })

  test('RE239 a change that only one region has is told as such until another one has it', async () => {
    const page = await openChart('nairobi', 'bakari')
    await control('/regions/nairobi/isolate', {})
    try {
      const drug = substance()
      await addAllergy(page, { substance: drug })
      await savedIn(allergyRow(page, drug), 'Nairobi')
      await page.getByRole('button', { name: '1 change saved in one region only' }).waitFor()
      await page.screenshot({ path: 'test-results/saved-once.png' })
    } finally {
      await control('/regions/nairobi/rejoin', {})
    }
    await page.getByRole('button', { name: 'All changes saved' }).waitFor()
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
