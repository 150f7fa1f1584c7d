import AxeBuilder from '@axe-core/playwright'
import type { Page } from 'playwright'
import { describe, expect, test } from 'vitest'
import { appOnCluster } from '../support/app.ts'
import {
  addAllergy,
  allergyRow,
  banner,
  demoPassword,
  findAndOpen,
  patientLinks,
  recordVitals,
  savedIn,
  searchField,
  section,
  signIn,
  vitalsRow,
} from '../support/story.ts'

/** The stories of clinicians, in a browser on the real cluster. */

const { openWindow, openChart, physician, substance, complaints, control, servers } = appOnCluster()

describe('the story', () => {
  test('RE200 an allergy and a blood pressure of one region are seen in a window of another within a moment', async () => {
    const frankfurt = await openWindow('frankfurt')
    const nairobi = await openWindow('nairobi')
    await signIn(frankfurt, physician('frankfurt'))
    await signIn(nairobi, { username: 'nurse.nairobi', password: demoPassword })
    await Promise.all([findAndOpen(frankfurt, 'grossmann'), findAndOpen(nairobi, '12.3.48')])
    const drug = substance()

    await addAllergy(frankfurt, {
      substance: drug,
      reaction: 'Anaphylaxis',
      severity: 'Severe',
      criticality: 'High',
    })
    await savedIn(allergyRow(frankfurt, drug), 'Frankfurt')
    await allergyRow(nairobi, drug).waitFor({ timeout: 5000 })
    expect(await banner(nairobi).textContent()).toContain(drug)
    expect(await allergyRow(nairobi, drug).getByText('saved in').count()).toBe(0)

    await recordVitals(nairobi, { systolic: '131', diastolic: '77', temperature: '36,8' })
    await savedIn(vitalsRow(nairobi, '131/77'), 'Nairobi')
    await vitalsRow(frankfurt, '131/77').waitFor({ timeout: 5000 })
    expect(await vitalsRow(frankfurt, '131/77').textContent()).toContain('36.8')
    expect(complaints).toEqual([])
  })

  test('RE201 the search field has the focus, finds while one types, and Enter opens the first', async () => {
    const page = await openWindow('london')
    await signIn(page, physician('london'))
    await patientLinks(page).first().waitFor()
    await page.keyboard.type('schneider')
    await expect
      .poll(() => patientLinks(page).allTextContents())
      .toEqual(['SCHNEIDER, Christina (Frau)', 'SCHNEIDER, Christine (Frau)'])
    expect(await page.getByText('Similar name on this list').count()).toBe(2)
    await page.keyboard.press('ArrowDown')
    await page.keyboard.press('ArrowDown')
    await page.keyboard.press('Enter')
    await banner(page).getByText('SCHNEIDER, Christine').waitFor()
    await page.keyboard.press('g')
    await page.keyboard.press('p')
    await searchField(page).fill('nobody at all')
    await page.getByText('No patient matches').waitFor()
  })

  test('RE202 a wrong password is told without saying which part was wrong, and the window stays usable', async () => {
    const page = await openWindow('frankfurt')
    await page.getByLabel('Username').fill('physician.frankfurt')
    await page.getByLabel('Password', { exact: true }).fill('wrong')
    await page.getByRole('button', { name: 'Sign in', exact: true }).click()
    await page.getByRole('alert').getByText('Username or password is wrong').waitFor()
    await signIn(page, physician('frankfurt'), 'Nairobi')
    await page.getByRole('banner').getByText('Nairobi').waitFor()
  })

  test('RE203 that no region answers is said plainly; a change waits, marked, and is saved when one answers', async () => {
    const page = await openChart('london', 'aoife')
    await servers('stop')
    try {
      await page.getByText(/^London does not answer since \d\d:\d\d (?:GMT|BST)$/).waitFor()
      await page.getByText(/^Nor does another region/).waitFor()
      const drug = substance()
      await addAllergy(page, { substance: drug })
      await allergyRow(page, drug).getByText('on this device').waitFor()
      await page.getByRole('button', { name: '1 change on the way' }).waitFor()
      await page.getByRole('button', { name: /^User menu/ }).click()
      await page.getByRole('menuitem', { name: 'Sign out' }).click()
      await page.getByRole('dialog', { name: '1 change stays on this device' }).waitFor()
      await page.keyboard.press('Enter')
      await page.getByRole('dialog').waitFor({ state: 'detached' })
      await control('/regions/london/start', { what: 'server' })
      await savedIn(allergyRow(page, drug), 'London')
      await page.getByText(/^Nor does another region/).waitFor({ state: 'detached' })
    } finally {
      await control('/reset')
      await servers('start')
    }
  })

  test('RE204 an allergy that is known already is told while one types, and a second one needs a second yes', async () => {
    const page = await openChart('frankfurt', 'christina')
    await page.getByRole('button', { name: 'Add allergy' }).click()
    const panel = page.getByRole('dialog', { name: 'Add an allergy' })
    await panel.getByRole('combobox', { name: 'Substance' }).fill('penicillin')
    await panel.getByText('Penicillin is on the list already').waitFor()
    await page.keyboard.press('Tab')
    await panel.getByRole('button', { name: 'Save allergy' }).click()
    await panel.getByText('Confirm that a second entry is meant').waitFor()
    await page.keyboard.press('Escape')
    await panel.getByText('Discard what you have typed?').waitFor()
    await panel.getByRole('button', { name: 'Discard' }).click()
    await panel.waitFor({ state: 'detached' })
  })

  test('RE205 what cannot be is refused and what is rare needs a second look before vitals are saved', async () => {
    const page = await openChart('nairobi', 'bakari')
    await page.getByRole('button', { name: 'Record vitals' }).click()
    const panel = page.getByRole('dialog', { name: 'Record vitals' })
    await panel.getByRole('textbox', { name: 'Temperature' }).fill('368')
    await panel.getByRole('button', { name: 'Save vitals' }).click()
    await panel.getByText('Above 46 °C cannot be').waitFor()
    await panel.getByRole('textbox', { name: 'Temperature' }).fill('36.8')
    await panel.getByRole('textbox', { name: 'Heart rate' }).fill('190')
    await panel.getByText('Heart rate 190 /min is unusual.').waitFor()
    await panel.getByText(/Time in Africa\/Nairobi \(EAT\)/).waitFor()
    await panel.getByRole('checkbox', { name: 'I have checked: this is right' }).check()
    await panel.getByRole('button', { name: 'Save vitals' }).click()
    await savedIn(vitalsRow(page, '190'), 'Nairobi')
  })
})

describe('nothing is lost by the way', () => {
  test('RE206 what is typed in a panel is not thrown away without asking, whichever way one leaves', async () => {
    const page = await openChart('frankfurt', 'köhler')
    const chart = page.url()
    await page.getByRole('button', { name: 'Record vitals' }).click()
    const panel = page.getByRole('dialog', { name: 'Record vitals' })
    const heartRate = panel.getByRole('textbox', { name: 'Heart rate' })
    await heartRate.fill('83')
    const asked = panel.getByText('Discard what you have typed?')
    const ways = [
      () => panel.getByRole('button', { name: 'Cancel' }).click(),
      () => panel.getByRole('button', { name: 'Close' }).click(),
      () => page.keyboard.press('Escape'),
      () => page.goBack(),
      () => page.getByRole('link', { name: 'Patients' }).click(),
      () => page.getByRole('button', { name: 'Add allergy' }).click(),
    ]
    for (const leave of ways) {
      await leave()
      await asked.waitFor()
      await page.keyboard.press('Escape')
      await panel.getByRole('button', { name: 'Go on editing' }).click()
      await asked.waitFor({ state: 'detached' })
      expect(await heartRate.inputValue()).toBe('83')
    }
    expect(page.url()).toBe(chart)
    await page.getByRole('button', { name: /^User menu/ }).click()
    await page.getByRole('menuitem', { name: 'Sign out' }).click()
    await page.getByRole('dialog', { name: 'What you have typed has not been saved' }).waitFor()
    await page.keyboard.press('Enter')
    await page.getByRole('button', { name: 'Add allergy' }).click()
    await panel.getByRole('button', { name: 'Discard' }).click()
    await page.getByRole('dialog', { name: 'Add an allergy' }).waitFor()
    await expect
      .poll(() => page.evaluate(() => document.activeElement?.getAttribute('role')))
      .toBe('combobox')
  })

  test('RE207 a second click on Save saves nothing twice', async () => {
    const page = await openChart('nairobi', 'chebet')
    await page.getByRole('button', { name: 'Record vitals' }).click()
    const panel = page.getByRole('dialog', { name: 'Record vitals' })
    await panel.getByRole('textbox', { name: 'Heart rate' }).fill('63')
    await panel.getByRole('button', { name: 'Save vitals' }).dblclick()
    await savedIn(vitalsRow(page, '63'), 'Nairobi')
    await page.getByRole('button', { name: 'All changes saved' }).click()
    const changes = page.getByRole('list', { name: 'Your changes on this device' }).getByRole('listitem')
    await changes.first().waitFor()
    expect(await changes.count()).toBe(1)
  })

  test('RE208 the list of patients stays when no region answers, and says of when it is', async () => {
    const page = await openChart('london', 'aoife')
    await servers('stop')
    try {
      await page.getByText(/^Nor does another region/).waitFor()
      await page.getByRole('link', { name: 'Patients' }).click()
      await page.getByText(/^This list is from \d\d:\d\d: \w+ does not answer/).waitFor()
      expect(await patientLinks(page).count()).toBeGreaterThan(10)
    } finally {
      await servers('start')
    }
  })

  test('RE209 no address that the app asks for holds a token', async () => {
    const page = await openWindow('frankfurt')
    const addresses: string[] = []
    page.on('websocket', (socket) => addresses.push(socket.url()))
    page.on('request', (request) => addresses.push(request.url()))
    await signIn(page, physician('frankfurt'))
    await findAndOpen(page, 'köhler')
    expect(addresses.some((address) => address.endsWith('/sync'))).toBe(true)
    expect(addresses.filter((address) => /token|eyJ/.test(address))).toEqual([])
  })
})

describe('what a clinician must see', () => {
  test('RE211 beside each curve stands when its latest value was measured, and that an old one is old', async () => {
    const page = await openChart('london', 'llyr', { timezoneId: 'Europe/London' })
    await recordVitals(page, { systolic: '117', diastolic: '71' })
    const latest = section(page, 'Vitals').getByRole('list', { name: 'Latest values' }).getByRole('listitem')
    await latest.filter({ hasText: '117/71' }).waitFor()
    expect(await latest.filter({ hasText: '117/71' }).textContent()).toMatch(/mmHg\d\d:\d\d$/)
    const pulse = await latest.filter({ hasText: 'Heart rate' }).textContent()
    expect(pulse).toMatch(/\d+ (?:days?|months?|years?) old\d\d-[A-Z][a-z]{2}(?:-\d{4})? \d\d:\d\d$/)
  })

  test('RE212 a wrong clock is told, and vitals are then asked for their time', async () => {
    const page = await openWindow('frankfurt')
    await page.addInitScript(() => {
      const RealDate = Date
      globalThis.Date = class extends RealDate {
        constructor(...args: [] | [string]) {
          if (args.length === 0) super(RealDate.now() + 7 * 60_000)
          else super(...args)
        }
        static override now() {
          return RealDate.now() + 7 * 60_000
        }
      } as DateConstructor
    })
    await page.reload()
    await signIn(page, physician('frankfurt'))
    const notice = page.getByRole('region', { name: 'This device’s clock is 7 min ahead of Frankfurt’s' })
    await notice.waitFor()
    await findAndOpen(page, 'köhler')
    await page.getByRole('button', { name: 'Record vitals' }).click()
    const panel = page.getByRole('dialog', { name: 'Record vitals' })
    expect(await panel.getByRole('textbox', { name: 'Time' }).inputValue()).toBe('')
    await panel.getByRole('textbox', { name: 'Heart rate' }).fill('70')
    await panel.getByRole('button', { name: 'Save vitals' }).click()
    await panel.getByRole('button', { name: 'Now' }).click()
    const shown = await panel.getByRole('textbox', { name: 'Time' }).inputValue()
    const real = new Intl.DateTimeFormat('en-GB', { timeStyle: 'short', timeZone: 'Europe/Berlin' })
    expect([real.format(Date.now() - 60_000), real.format(Date.now())]).toContain(shown)
    await page.screenshot({ path: 'test-results/wrong-clock.png' })
  })

  test('PAB-0009 the banner stands at the top over the full width, whatever scrolls or opens', async () => {
    const page = await openChart('london', 'krishnamurthy')
    const top = async () => banner(page).boundingBox()
    const before = await top()
    expect(before).toMatchObject({ x: 0, width: 1280 })
    await page.getByRole('button', { name: 'Record vitals' }).click()
    await page.getByRole('textbox', { name: 'Weight' }).focus()
    await page.getByRole('dialog').getByRole('button', { name: 'Close' }).click()
    await section(page, 'Care team').scrollIntoViewIfNeeded()
    expect(await top()).toEqual(before)
    const covered = () =>
      banner(page).evaluate((element) => {
        const { left, top, width, height } = element.getBoundingClientRect()
        const across = [0.02, 0.2, 0.4, 0.6, 0.8, 0.98].map((part) => left + width * part)
        const points = across.flatMap((x) => [0.1, 0.5, 0.9].map((part) => [x, top + height * part] as const))
        return points.some(([x, y]) => !element.contains(document.elementFromPoint(x, y)))
      })
    expect(await covered()).toBe(false)
    await page.getByRole('button', { name: 'No changes yet' }).click()
    await page.getByText('What you add is listed here').waitFor()
    expect(await covered()).toBe(false)
    await page.getByRole('button', { name: /^User menu/ }).click()
    await page.getByRole('menuitem', { name: 'Sign out' }).waitFor()
    expect(await covered()).toBe(false)
  })

  test('PAB-0015 there is no patient banner where there are several patients', async () => {
    const page = await openChart('london', 'krishnamurthy')
    await page.getByRole('link', { name: 'Patients' }).click()
    await patientLinks(page).first().waitFor()
    expect(await banner(page).count()).toBe(0)
  })

  test('MEDi-051 a medication reads drug, dose, route, frequency; what must not be given says so and comes first', async () => {
    const page = await openChart('london', 'krishnamurthy')
    const medications = section(page, 'Medications').getByRole('listitem')
    expect(await medications.first().textContent()).toMatch(/^\s*DO NOT GIVE/)
    const apixaban = (await medications.filter({ hasText: 'Apixaban' }).first().textContent()) ?? ''
    expect(apixaban).toMatch(/Apixaban 2\.5 mg film-coated tablet.*DOSE 2\.5 mg.*Oral.*twice daily/)
    expect(await medications.allTextContents()).not.toContainEqual(expect.stringMatching(/\d\.0 (?:mg|g|mL)/))
  })

  test('D+Ta-0010 dates and times are those of the patient’s home, and the zone is named where the device stands elsewhere', async () => {
    const page = await openChart('nairobi', 'wanjiru')
    await page.getByText('times in EAT').waitFor()
    await section(page, 'Vitals').getByRole('rowheader').first().waitFor()
    const times = await section(page, 'Vitals').getByRole('rowheader').allTextContents()
    expect(times).toContainEqual(expect.stringMatching(/^\d\d:\d\d EAT/))
    expect(times).toContainEqual(expect.stringMatching(/^\d\d-[A-Z][a-z]{2}-\d{4}$/))
  })

  test('RE210 what was entered in error is struck through, with who and when', async () => {
    const page = await openChart('frankfurt', 'christine')
    const vitals = section(page, 'Vitals')
    await vitals.getByText('all', { exact: true }).click()
    const more = vitals.getByRole('button', { name: /^Show \d+ more$/ })
    if (await more.count()) await more.click()
    const row = vitals
      .getByRole('row')
      .filter({ hasText: 'Entered in error: marked by the source samples, received' })
    await row.first().waitFor()
    expect(await row.first().locator('s').count()).toBeGreaterThan(0)
  })
})

describe('for everybody', () => {
  const tags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa']
  const violations = async (page: Page) => {
    const { violations: found } = await new AxeBuilder({ page }).withTags(tags).analyze()
    return found.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html).join('\n')}`)
  }

  test.each(['light', 'dark'] as const)('RE220 axe finds nothing on any screen, %s', async (colorScheme) => {
    const page = await openWindow('london', { colorScheme })
    await page.getByLabel('Username').waitFor()
    expect(await violations(page)).toEqual([])
    await page.getByRole('button', { name: 'Sign in', exact: true }).click()
    expect(await violations(page)).toEqual([])
    await signIn(page, physician('london'))
    await patientLinks(page).first().waitFor()
    expect(await violations(page)).toEqual([])
    await searchField(page).fill('schneider')
    expect(await violations(page)).toEqual([])
    await findAndOpen(page, 'krishnamurthy')
    await section(page, 'Vitals').getByRole('table').waitFor()
    const folded = page.getByRole('main').locator('button[aria-expanded=false]:not([aria-haspopup])')
    while ((await folded.count()) > 0) await folded.first().click()
    expect(await violations(page)).toEqual([])
    await page.getByRole('button', { name: 'Add allergy' }).click()
    await page.getByRole('combobox', { name: 'Substance' }).fill('penicillin')
    expect(await violations(page)).toEqual([])
    await page.keyboard.press('Escape')
    await page.keyboard.press('Escape')
    await page.getByRole('button', { name: 'Discard' }).click()
    await page.getByRole('button', { name: 'Record vitals' }).click()
    await page.getByRole('textbox', { name: 'Temperature' }).fill('368')
    await page.getByRole('button', { name: 'Save vitals' }).click()
    expect(await violations(page)).toEqual([])
  })

  test('RE221 everything goes by keyboard, and the focus comes back to where it was', async () => {
    const page = await openChart('london', 'aoife')
    await page.keyboard.press('n')
    await page.getByRole('menuitem', { name: 'Allergy' }).waitFor()
    await page.keyboard.press('ArrowDown')
    await page.keyboard.press('Enter')
    await page.getByRole('dialog', { name: 'Add an allergy' }).waitFor()
    await expect
      .poll(() => page.evaluate(() => document.activeElement?.getAttribute('role')))
      .toBe('combobox')
    await page.keyboard.press('Escape')
    await page.getByRole('dialog').waitFor({ state: 'detached' })
    await expect.poll(() => page.evaluate(() => document.activeElement?.textContent)).toBe('Add')
    await page.keyboard.press('?')
    await page.getByRole('dialog', { name: 'Keyboard shortcuts' }).waitFor()
    await page.keyboard.press('Escape')
    await page.getByRole('dialog').waitFor({ state: 'detached' })
    await page.keyboard.press('/')
    await searchField(page).waitFor()
    expect(await searchField(page).evaluate((element) => element === document.activeElement)).toBe(true)
  })

  test('RE222 at 200 % zoom nothing is cut off at the side, and at 1280 px there are two columns', async () => {
    const narrow = await openChart('london', 'krishnamurthy', { viewport: { width: 640, height: 400 } })
    const overflow = await narrow.getByRole('main').evaluate((main) => main.scrollWidth - main.clientWidth)
    expect(overflow).toBeLessThanOrEqual(0)
    const wide = await openChart('london', 'krishnamurthy')
    const [left, right] = await Promise.all(
      ['Allergies', 'Vitals'].map((heading) => section(wide, heading).boundingBox()),
    )
    expect(left?.y).toBe(right?.y)
    expect(right?.x).toBeGreaterThan(left?.x ?? 0)
  })
  test('RE223 a panel’s buttons and what is asked before a save are in sight at 1280 × 800 and at 200 % zoom', async () => {
    for (const viewport of [
      { width: 1280, height: 800 },
      { width: 640, height: 400 },
    ]) {
      const page = await openChart('frankfurt', 'köhler', { viewport })
      const inSight = async (name: string) => {
        const box = await page.getByRole('dialog').getByRole('button', { name }).boundingBox()
        return box !== null && box.y >= 0 && box.y + box.height <= viewport.height
      }
      await page.getByRole('button', { name: 'Add allergy' }).click()
      await page.getByRole('combobox', { name: 'Substance' }).waitFor()
      expect([await inSight('Cancel'), await inSight('Save allergy')]).toEqual([true, true])
      await page.keyboard.press('Escape')
      await page.getByRole('button', { name: 'Record vitals' }).click()
      await page.getByRole('textbox', { name: 'Heart rate' }).fill('190')
      expect([await inSight('Cancel'), await inSight('Save vitals')]).toEqual([true, true])
      await page.keyboard.press('Enter')
      const question = page.getByRole('checkbox', { name: 'I have checked: this is right' })
      await expect.poll(() => question.evaluate((box) => box === document.activeElement)).toBe(true)
      const { y, height } = (await question.boundingBox()) ?? { y: viewport.height, height: 0 }
      const foot = await page.getByRole('button', { name: 'Save vitals' }).boundingBox()
      expect(y + height).toBeLessThan(foot?.y ?? 0)
    }
  })
})
