import { AxeBuilder } from '@axe-core/playwright'
import type { Page } from 'playwright'
import { describe, expect, test } from 'vitest'
import { appOnCluster } from '../support/app.ts'
import { banner, chartArrived, patientLinks, searchField, signIn } from '../support/story.ts'

/** The list of patients: a long one, the age of each copy, and what stands in the place of a list. On the real cluster. */

const { newContext, openPage, openWindow, physician, control, servers } = appOnCluster()

const many = 1000
/** `PATIENT00007700`: in order, and no two like each other but for one letter. */
const familyOf = (i: number) => `PATIENT${String(i).padStart(4, '0').replaceAll(/\d/g, '$&$&')}`
const manyPatients = Array.from({ length: many }, (_, i) => ({
  id: `test-${i}`,
  name: `${familyOf(i)}, ${['Ada', 'Jürgen', 'Wanjirũ'][i % 3]}`,
  born: `${1930 + (i % 90)}-${String(1 + (i % 12)).padStart(2, '0')}-04`,
  gender: 'female',
  identifier: `BEN-${700_000 + i}`,
  homeGroup: 'london-royal',
  home: 'london',
  timeZone: 'Europe/London',
}))

/** From now on the region's list is this one. */
async function listIs(page: Page, patients: readonly object[]): Promise<void> {
  await page.unroute('**/v1/worklist')
  await page.route('**/v1/worklist', (route) => route.fulfill({ json: { patients } }))
}

const row = (page: Page, name: string) => page.getByRole('row').filter({ hasText: name })
const drawn = (page: Page) => page.locator('main tbody tr[data-index]').count()
const focusedText = (page: Page) => page.evaluate('document.activeElement.textContent')

describe('a list of 1,000', () => {
  test('RE286 of a long list the rows in sight are drawn, and all are told of, found, and reached by keys', async () => {
    const page = await openWindow('london')
    await listIs(page, manyPatients)
    await signIn(page, physician('london'))
    await page.getByText('1000 patients').waitFor()
    await patientLinks(page).first().waitFor()
    expect(await drawn(page)).toBeLessThan(60)
    expect(await page.getByRole('table').getAttribute('aria-rowcount')).toBe('1001')
    await page.screenshot({ path: 'test-results/thousand.png' })

    await searchField(page).press('ArrowDown')
    await expect.poll(() => focusedText(page)).toBe('PATIENT00000000, Ada')
    for (let i = 0; i < 70; i++) await page.keyboard.press(i % 2 ? 'ArrowDown' : 'Tab')
    await expect.poll(() => focusedText(page)).toBe('PATIENT00007700, Jürgen')
    expect(await row(page, 'PATIENT00007700').getAttribute('aria-rowindex')).toBe('72')
    // What has the focus stays, wherever one scrolls.
    await page.getByRole('main').evaluate((main) => main.scrollTo(0, main.scrollHeight))
    await row(page, 'PATIENT00999999').waitFor()
    expect(await focusedText(page)).toBe('PATIENT00007700, Jürgen')
    await page.keyboard.press('Shift+Tab')
    await expect.poll(() => focusedText(page)).toBe('PATIENT00006699, Ada')
    await page.keyboard.press('End')
    await expect.poll(() => focusedText(page)).toBe('PATIENT00999999, Ada')
    await expect.poll(() => inSight(page)).toBe(true)
    await page.keyboard.press('Home')
    await expect.poll(() => focusedText(page)).toBe('PATIENT00000000, Ada')
    await expect.poll(() => inSight(page)).toBe(true)
    await page.keyboard.press('ArrowUp')
    expect(await searchField(page).evaluate((field) => field === document.activeElement)).toBe(true)

    for (const [query, found] of [
      ['patient00551122', 'PATIENT00551122'],
      ['700734', 'PATIENT00773344'],
      ['4-Mar-1932 wanjiru patient00990022', 'PATIENT00990022'],
    ] as const) {
      await searchField(page).fill(query)
      await expect.poll(() => patientLinks(page).allTextContents()).toEqual([expect.stringContaining(found)])
      await page.getByText('1 of 1000 found').waitFor()
    }
    // Who was far down sees the beginning of what is found.
    await searchField(page).fill('')
    await page.getByText('1000 patients').waitFor()
    await page.getByRole('main').evaluate((main) => main.scrollTo(0, main.scrollHeight))
    await row(page, 'PATIENT00999999').waitFor()
    await searchField(page).fill('wanj')
    await page.getByText('333 of 1000 found').waitFor()
    await expect.poll(() => patientLinks(page).first().textContent()).toBe('PATIENT00000022, Wanjirũ')
    await expect.poll(() => page.getByRole('main').evaluate((main) => main.scrollTop)).toBe(0)
  })

  test('RE287 a list that says the same is not written anew; one that changed is, and rows that did not stay', async () => {
    const page = await openWindow('london')
    await listIs(page, manyPatients)
    await signIn(page, physician('london'))
    // By then what catching up keeps is written too.
    await row(page, 'PATIENT00000033').getByText('Live').waitFor()
    await page.evaluate(() => {
      const { put } = IDBObjectStore.prototype
      const sizes: number[] = []
      Object.assign(window, { writtenSizes: sizes })
      IDBObjectStore.prototype.put = function (value, ...rest) {
        const { sealed } = value
        sizes.push(sealed?.length ?? 0)
        return put.call(this, value, ...rest)
      }
    })
    const large = () => page.evaluate('writtenSizes.filter((size) => size > 50000).length')
    const all = () => page.evaluate('writtenSizes.length')
    const askedFor = async () => {
      const before = Number(await all())
      const answered = page.waitForResponse('**/v1/worklist')
      await page.evaluate(() => window.dispatchEvent(new Event('focus')))
      await answered
      await expect.poll(async () => Number(await all())).toBeGreaterThan(before)
    }
    // The first answer may still be on its way to the disk.
    await askedFor()
    const before = await large()
    await askedFor()
    await askedFor()
    expect(await large()).toBe(before)
    await page.evaluate(() => document.querySelector('[data-index="4"]')?.setAttribute('data-kept', 'yes'))
    await listIs(
      page,
      manyPatients.map((one, i) => (i === 3 ? { ...one, identifier: 'BEN-NEW' } : one)),
    )
    await askedFor()
    await row(page, 'PATIENT00000033').getByText('BEN-NEW').waitFor()
    await expect.poll(large).toBe(Number(before) + 1)
    expect(await page.locator('[data-kept]').textContent()).toContain('PATIENT00000044')
  })
})

describe('the age of the copy on this device', () => {
  test('RE288 each row says live, or when its copy was confirmed, also after a start without a region', async () => {
    const context = await newContext()
    const open = async () => {
      const page = await openPage(context, 'london')
      await signIn(page, physician('nairobi'), 'Nairobi')
      return page
    }
    const page = await open()
    await row(page, 'MWINYI, Bakari').getByText('Live').waitFor()
    await page.screenshot({ path: 'test-results/copies-live.png' })
    await page.evaluate(async () => void (await navigator.serviceWorker.ready))
    await servers('stop')
    try {
      await row(page, 'MWINYI, Bakari')
        .getByText(/^Confirmed \d\d:\d\d$/)
        .waitFor()
      await page.close()
      const second = await open()
      await row(second, 'MWINYI, Bakari')
        .getByText(/^Confirmed \d\d:\d\d$/)
        .waitFor()
      await second.getByText(/^This list is from \d\d:\d\d: \w+ does not answer/).waitFor()
      await second.screenshot({ path: 'test-results/copies-confirmed.png' })
      // A day later it says the day as well.
      await second.clock.setFixedTime(Date.now() + 86_400_000)
      await second.getByText(/^This list is from \d\d-[A-Z][a-z][a-z] \d\d:\d\d: \w+/).waitFor()
      await row(second, 'MWINYI, Bakari')
        .getByText(/^Confirmed \d\d-[A-Z][a-z][a-z] \d\d:\d\d$/)
        .waitFor()
    } finally {
      await servers('start')
    }
  })

  test('RE289 a chart that is not on this device says so in the list and, without a region, in its own place, and opens when one answers', async () => {
    const page = await openWindow('frankfurt')
    // Nothing is fetched ahead: the connection that would do it does not answer.
    let isAnswered = false
    await page.routeWebSocket(/\/sync$/, (socket) => {
      if (isAnswered) socket.connectToServer()
    })
    await signIn(page, physician('frankfurt'))
    await row(page, 'GROSSMANN').getByText('Not on this device').waitFor()
    await page.screenshot({ path: 'test-results/copies-absent.png' })
    await servers('stop')
    try {
      await page.getByText(/^Frankfurt does not answer since/).waitFor()
      await searchField(page).fill('grossmann')
      await searchField(page).press('Enter')
      const missing = page.getByRole('alert').filter({ hasText: 'This chart is not on this device' })
      await missing.getByText('GROSSMANN, Jürgen Alfred').waitFor()
      await missing.getByText('Born 12-Mar-1948').waitFor()
      expect(await page.getByRole('button', { name: 'Add allergy' }).count()).toBe(0)
      expect(await violations(page)).toEqual([])
      await page.screenshot({ path: 'test-results/not-on-device.png' })
      isAnswered = true
      await control('/regions/frankfurt/start', { what: 'server' })
      await chartArrived(page)
      await missing.waitFor({ state: 'detached' })
      await banner(page).getByText('GROSSMANN, Jürgen Alfred').waitFor()
    } finally {
      await servers('start')
    }
  })
})

describe('in the place of a list', () => {
  test.each(['light', 'dark'] as const)(
    'RE290 loading, failure, nobody, no match: each says what it is, %s',
    async (colorScheme) => {
      const page = await openWindow('london', { colorScheme })
      let answer = () => {}
      const held = new Promise<void>((done) => {
        answer = done
      })
      await page.route('**/v1/worklist', async (route) => {
        await held
        await route.fulfill({ status: 500, json: { title: 'out of order', detail: '' } })
      })
      await signIn(page, physician('london'))
      await page.getByRole('status', { name: 'Loading' }).waitFor()
      expect(await violations(page)).toEqual([])
      answer()
      await page.getByRole('heading', { name: 'The list could not be loaded' }).waitFor()
      await page.getByText('London refused: out of order').waitFor()
      expect(await violations(page)).toEqual([])
      await listIs(page, [])
      await page.getByRole('button', { name: 'Try again' }).click()
      await page.getByRole('heading', { name: 'No patients on your list' }).waitFor()
      expect(await violations(page)).toEqual([])
      await listIs(page, manyPatients)
      await page.evaluate(() => window.dispatchEvent(new Event('focus')))
      await row(page, 'PATIENT00000000').waitFor()
      expect(await violations(page)).toEqual([])
      await searchField(page).fill('zzzz')
      await page.getByRole('heading', { name: 'No patient matches “zzzz”' }).waitFor()
      expect(await violations(page)).toEqual([])
      // A list that is there stays when the next one is refused, and says why it is old.
      await page.unroute('**/v1/worklist')
      await page.route('**/v1/worklist', (route) => route.fulfill({ status: 500, json: { title: 'no' } }))
      await page.evaluate(() => window.dispatchEvent(new Event('focus')))
      await page.getByText(/^This list is from \d\d:\d\d: London refused a newer one/).waitFor()
      await searchField(page).fill('')
      await row(page, 'PATIENT00000000').waitFor()
    },
  )

  test('RE291 at 200 % zoom a long list is cards of which nothing is cut off, and each is reached by keys', async () => {
    const page = await openWindow('london', { viewport: { width: 640, height: 400 } })
    await listIs(page, manyPatients)
    await signIn(page, physician('london'))
    await row(page, 'PATIENT00000000').waitFor()
    const overflow = () => page.getByRole('main').evaluate((main) => main.scrollWidth - main.clientWidth)
    expect(await overflow()).toBeLessThanOrEqual(0)
    await searchField(page).press('ArrowDown')
    for (let i = 1; i < 40; i++) {
      await page.keyboard.press('ArrowDown')
      await expect.poll(() => focusedText(page)).toContain(familyOf(i))
      expect(await inSight(page)).toBe(true)
    }
    const narrowest = await page
      .locator('main tbody tr[data-index]')
      .evaluateAll((rows) => Math.min(...rows.map((one) => one.clientWidth)))
    expect(narrowest).toBeGreaterThan(500)
    await page.screenshot({ path: 'test-results/thousand-narrow.png' })
    expect(await violations(page)).toEqual([])
  })
})

/** Is what has the focus in sight, not behind the field above? */
async function inSight(page: Page): Promise<boolean> {
  return page.evaluate(() => {
    const focused = document.activeElement
    if (!focused) return false
    const { left, top, height } = focused.getBoundingClientRect()
    const seen = document.elementFromPoint(left + 4, top + height / 2)
    return seen !== null && (seen === focused || focused.contains(seen))
  })
}

async function violations(page: Page): Promise<string[]> {
  const { violations: found } = await new AxeBuilder({ page }).analyze()
  return found.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`)
}
