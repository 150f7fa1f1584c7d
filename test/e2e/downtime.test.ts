import { AxeBuilder } from '@axe-core/playwright'
import type { Locator, Page } from 'playwright'
import { describe, expect, test } from 'vitest'
import { appOnCluster } from '../support/app.ts'
import { copiesComplete } from '../support/copies.ts'
import { pagesIn } from '../support/pdf.ts'
import { addAllergy, allergyRow, findAndOpen, patientLinks, recordVitals, signIn } from '../support/story.ts'

/** The downtime pack in a browser, on the real cluster: what stands on paper when no server answers. */

const { complaints, openWindow, physician, substance, servers } = appOnCluster()

/** A window whose device has the copies of the whole list. */
async function windowWithCopies(region: string, options: Parameters<typeof openWindow>[1] = {}) {
  const page = await openWindow(region, options)
  await signIn(page, physician(region))
  await copiesComplete(page)
  return page
}

async function toPack(page: Page): Promise<void> {
  await page.getByRole('link', { name: 'Print pack' }).click()
  await page.getByRole('radiogroup', { name: 'Patients' }).waitFor()
}

async function make(page: Page): Promise<void> {
  await page.getByRole('button', { name: /^Make the pages? of/ }).click()
  await ready(page).waitFor()
}

/** What is said when all is laid out: `18 pages, 17 of 17 patients`. Among a thousand sheets a search by text alone is slow. */
function ready(page: Page, patients = '\\d+'): Locator {
  return page
    .locator('p[role="status"]')
    .filter({ hasText: new RegExp(`^\\d+ pages?, ${patients} of \\d+ patients$`) })
}

function sheets(page: Page): Locator {
  return page.getByRole('region', { name: /^Page \d+: / })
}

function sheetOf(page: Page, name: string): Locator {
  return page.getByRole('region', { name: new RegExp(`^Page \\d+: ${name}`) })
}

async function textOf(sheet: Locator): Promise<string> {
  return (await sheet.textContent()) ?? ''
}

/** Sheets that are higher than their paper, in a printer's eyes: each would cost a second one. In px. */
async function tooHigh(page: Page, paperMm: number): Promise<number[]> {
  await page.emulateMedia({ media: 'print' })
  const heights = await sheets(page).evaluateAll((list) =>
    list.map((sheet) => sheet.getBoundingClientRect().height),
  )
  await page.emulateMedia({ media: null })
  return heights.filter((height) => height > (paperMm / 25.4) * 96)
}

describe('with every server stopped', () => {
  test('RE260 the pack has a page for every patient of the list: who, what must not be missed, as of when, by whom; numbered, without the app around it, black on white in a dark scheme too', async () => {
    const page = await windowWithCopies('london', { colorScheme: 'dark' })
    const drug = substance()
    await servers('stop')
    try {
      await page.getByText(/^London does not answer since/).waitFor()
      await findAndOpen(page, 'krishnamurthy')
      await addAllergy(page, { substance: drug })
      await allergyRow(page, drug).getByText('on this device').waitFor()
      await recordVitals(page, { systolic: '131', diastolic: '73' })
      await page.getByRole('link', { name: 'Patients' }).click()
      await patientLinks(page).first().waitFor()
      const names = await patientLinks(page).allTextContents()
      await toPack(page)
      await make(page)

      const total = await sheets(page).count()
      expect(total).toBeGreaterThanOrEqual(names.length)
      await page.emulateMedia({ media: 'print' })
      for (const name of names) {
        const text = await textOf(page.locator('[data-patient]', { hasText: name }).first())
        // At the head and at the foot.
        expect(text.split(name).length - 1, name).toBe(2)
        expect(text).toMatch(/Page \d+ of \d+/)
        expect(text).toMatch(/This copy was confirmed by a region \d\d-[A-Z][a-z]{2}-\d{4} \d\d:\d\d [A-Z]+/)
        expect(text).toMatch(/printed .* \(this device’s clock\) by Dr Amelia Hart/)
        expect(text).toMatch(/Known allergies|No known allergies|Allergies not recorded/)
      }
      const numbers = await sheets(page)
        .getByText(/^Page \d+ of \d+$/)
        .allTextContents()
      expect(numbers).toEqual(Array.from({ length: total }, (_, at) => `Page ${at + 1} of ${total}`))

      const lakshmi = (await sheetOf(page, 'KRISHNAMURTHY').allTextContents()).join('\n')
      expect(lakshmi).toMatch(new RegExp(`${drug}.*on this device only, not yet saved in a region`))
      expect(lakshmi).toContain('131/73 mmHg')
      expect(lakshmi).toMatch(/DO NOT GIVE Gentamicin/)
      expect(lakshmi).toContain('page 1 of 2 of this patient')
      expect(lakshmi).toContain('(continued)')

      expect(await page.getByText('London does not answer').isVisible()).toBe(false)
      expect(await page.getByRole('link', { name: 'Patients' }).isVisible()).toBe(false)
      expect(await page.getByText('Print…').isVisible()).toBe(false)
      const colours = await sheets(page)
        .first()
        .evaluate((sheet) => [
          getComputedStyle(sheet).color,
          getComputedStyle(sheet).backgroundColor,
          getComputedStyle(document.body).backgroundColor,
        ])
      expect(colours).toEqual(['rgb(0, 0, 0)', 'rgb(255, 255, 255)', 'rgb(255, 255, 255)'])
      await page.emulateMedia({ media: null })
      expect(pagesIn(await page.pdf({ preferCSSPageSize: true, path: 'test-results/pack.pdf' }))).toBe(total)
      await page.screenshot({ path: 'test-results/pack-offline.png' })
    } finally {
      await servers('start')
    }
  })
})

describe('paper', () => {
  test.each([
    ['A4', 297],
    ['Letter', 279.4],
  ] as const)(
    'RE261 on %s each page is one sheet, nothing is smaller than 9 pt, and nothing is cut',
    async (paper, height) => {
      const page = await windowWithCopies('london')
      await toPack(page)
      await page.getByRole('radiogroup', { name: 'Paper' }).getByText(paper, { exact: true }).click()
      await make(page)
      expect(await tooHigh(page, height)).toEqual([])
      const pdf = await page.pdf({ preferCSSPageSize: true, path: `test-results/pack-${paper}.pdf` })
      expect(pagesIn(pdf)).toBe(await sheets(page).count())
      const box = paper === 'A4' ? /\/MediaBox \[0 0 59[45]\.?\d* 84[12]/ : /\/MediaBox \[0 0 612 792\]/
      expect(pdf.toString('latin1')).toMatch(box)
      const { smallest, cut } = await sheets(page).evaluateAll((list) => {
        const elements = list.flatMap((sheet) => [...sheet.querySelectorAll('*')])
        return {
          smallest: Math.min(...elements.map((one) => Number.parseFloat(getComputedStyle(one).fontSize))),
          cut: elements.filter((one) => one.scrollWidth > one.clientWidth + 1 && one.clientWidth > 0).length,
        }
      })
      // In CSS px, of which there are 96 in 72 pt.
      expect(smallest).toBeGreaterThanOrEqual(12)
      expect(cut).toBe(0)
    },
  )

  test('RE262 only who is ticked is printed, in the order that is asked for, and the paper is remembered', async () => {
    const page = await windowWithCopies('nairobi')
    await toPack(page)
    await page.getByRole('radiogroup', { name: 'Paper' }).getByText('Letter', { exact: true }).click()
    await page.getByRole('radio', { name: 'Choose' }).check()
    expect(await page.getByRole('button', { name: 'Tick at least one patient' }).isDisabled()).toBe(true)
    await page.getByRole('checkbox', { name: /^MWINYI/ }).check()
    await page.getByLabel('Find in the list').fill('schneider')
    await page.getByRole('button', { name: 'Tick all shown' }).click()
    await page.getByText('3 of 17 ticked').waitFor()
    await page.getByText('By home, then name').click()
    await page.screenshot({ path: 'test-results/pack-choose.png' })
    await make(page)
    const labels = await sheets(page).evaluateAll((list) => list.map((one) => one.getAttribute('aria-label')))
    expect(labels).toEqual([
      'Page 1: SCHNEIDER, Christina (Frau)',
      'Page 2: SCHNEIDER, Christine (Frau)',
      'Page 3: MWINYI, Bakari (Mr)',
    ])
    const christine = await textOf(sheetOf(page, 'SCHNEIDER, Christine'))
    expect(christine).toContain('SIMILAR NAME ON THIS LIST.')
    await page.getByRole('button', { name: 'Make another' }).click()
    const letter = page.getByRole('radiogroup', { name: 'Paper' }).getByRole('radio', { name: 'Letter' })
    expect(await letter.isChecked()).toBe(true)
  })
})

describe('a long list', () => {
  /** The list with so many patients more, of whom no copy can ever come. */
  async function withStrangers(page: Page, count: number): Promise<void> {
    await page.route('**/v1/worklist', async (route) => {
      const response = await route.fetch()
      const list: { patients: { id: string; name: string }[] } = await response.json()
      const [one] = list.patients
      const strangers = Array.from({ length: count }, (_, at) => ({
        ...one,
        id: `stranger-${at}`,
        name: `STRANGER, Number ${at}`,
      }))
      await route.fulfill({ response, json: { patients: [...strangers, ...list.patients] } })
    })
  }

  test('RE263 a patient of whom this device has no copy has a page that says so, and is named on the screen', async () => {
    const page = await openWindow('frankfurt')
    await withStrangers(page, 1)
    await signIn(page, physician('frankfurt'))
    await copiesComplete(page)
    await toPack(page)
    await make(page)
    const text = await textOf(sheetOf(page, 'STRANGER'))
    expect(text).toContain('NOT ON THIS DEVICE.')
    expect(text).toContain('Allergies unavailable')
    expect(text).not.toMatch(/No known allergies|not recorded|None at present/)
    await page.getByText('1 patient is not, or not wholly, on this device. The page says so.').waitFor()
  })

  test('RE264 a thousand patients are read with a count, the window answers meanwhile, and a pack that was stopped says so on every page', async () => {
    const page = await openWindow('frankfurt')
    await withStrangers(page, 983)
    await signIn(page, physician('frankfurt'))
    await page.getByText('1000 patients').waitFor()
    await toPack(page)
    const begin = page.getByRole('button', { name: 'Make the pages of 1000 patients' })
    await begin.dblclick()
    await page.getByText(/^Reading [1-9]\d* of 1000 patients$/).waitFor()
    // The window hears keys while it reads.
    await page.keyboard.press('?')
    await page.getByRole('dialog', { name: 'Keyboard shortcuts' }).waitFor()
    await page.keyboard.press('Escape')
    await page.getByRole('dialog').waitFor({ state: 'detached' })
    await page.getByRole('button', { name: 'Stop' }).click()
    await page.getByText('This pack is not complete').waitFor()
    const words = (await ready(page).textContent()) ?? ''
    const patients = Number(/, (\d+) of/.exec(words)?.[1])
    expect(patients).toBeGreaterThan(0)
    expect(patients).toBeLessThan(1000)
    const said = sheets(page).getByText(`PACK NOT COMPLETE: stopped after ${patients} of 1000 patients.`)
    expect(await said.count()).toBe(await sheets(page).count())

    await page.getByRole('button', { name: 'Make another' }).click()
    await begin.click()
    await ready(page, '1000').waitFor({ timeout: 200_000 })
    expect(await sheets(page).count()).toBeGreaterThanOrEqual(1000)
    expect(await tooHigh(page, 279.4)).toEqual([])
  }, 300_000)
})

describe('for everybody', () => {
  const tags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa']
  const violations = async (page: Page) => {
    const { violations: found } = await new AxeBuilder({ page }).withTags(tags).analyze()
    return found.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html).join('\n')}`)
  }

  test.each(['light', 'dark'] as const)(
    'RE265 axe finds nothing where the pack is chosen and shown, %s',
    async (colorScheme) => {
      const page = await windowWithCopies('london', { colorScheme })
      await toPack(page)
      expect(await violations(page)).toEqual([])
      await page.getByRole('radio', { name: 'Choose' }).check()
      expect(await violations(page)).toEqual([])
      await page.screenshot({ path: `test-results/pack-choose-${colorScheme}.png` })
      await page.getByRole('radio', { name: /^All/ }).check()
      await make(page)
      expect(await violations(page)).toEqual([])
      await page.screenshot({ path: `test-results/pack-${colorScheme}.png` })
      expect(complaints).toEqual([])
    },
  )

  test('RE266 by keyboard alone one gets from the rail to the printer, and what is printed later bears the later time', async () => {
    const page = await windowWithCopies('london')
    await page.evaluate(() => {
      const calls: string[] = []
      Object.assign(window, { printed: calls, print: () => calls.push(document.title) })
    })
    await page.getByRole('link', { name: 'Print pack' }).focus()
    await page.keyboard.press('Enter')
    await page.getByRole('button', { name: /^Make the pages/ }).focus()
    await page.keyboard.press('Enter')
    await ready(page, '17').waitFor()
    await expect.poll(() => page.evaluate(() => document.activeElement?.textContent)).toBe('Print…')
    await page.keyboard.press('Enter')
    const titles = await page.evaluate<string[]>('printed')
    expect(titles).toEqual([expect.stringMatching(/^meridian-downtime-\d{4}-\d\d-\d\d-\d{4}$/)])
    const before = await textOf(sheets(page).first())
    await page.evaluate(() => {
      const later = Date.now() + 90 * 60_000
      Date.now = () => later
      window.dispatchEvent(new Event('beforeprint'))
    })
    const after = await textOf(sheets(page).first())
    const read = (text: string) => /Read ([^,]+),/.exec(text)?.[1]
    const printed = (text: string) => /printed ([^(]+) \(/.exec(text)?.[1]
    expect(read(after)).toBe(read(before))
    expect(printed(after)).not.toBe(printed(before))
  })

  test('RE267 a device without a list of patients says what to do', async () => {
    const page = await openWindow('london')
    await page.route('**/v1/worklist', (route) => route.abort())
    await signIn(page, physician('london'))
    await page.getByRole('link', { name: 'Print pack' }).click()
    await page.getByRole('heading', { name: 'This device has no list of patients yet' }).waitFor()
    expect(await violations(page)).toEqual([])
    await page.screenshot({ path: 'test-results/pack-no-list.png' })
    await page.getByRole('link', { name: 'Go to the patients' }).click()
    await page.getByRole('searchbox', { name: 'Search patients' }).waitFor()
  })
})
