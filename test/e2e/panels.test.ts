import AxeBuilder from '@axe-core/playwright'
import type { Locator, Page } from 'playwright'
import { describe, expect, test } from 'vitest'
import { decodeFrame, encodeFrame } from '../../domain/wire/wire.ts'
import { appOnCluster } from '../support/app.ts'
import {
  addAllergy,
  allergyRow,
  banner,
  findAndOpen,
  recordVitals,
  savedIn,
  section,
  signIn,
  vitalsRow,
} from '../support/story.ts'

/** The panels that add and change medications, problems and allergies: in browsers, on the real cluster. */

const { openChart, openWindow, physician, substance, complaints } = appOnCluster()

const row = (page: Page, card: string, text: string) =>
  section(page, card).getByRole('listitem').filter({ hasText: text })

/** The row of something that may be folded away among what is over. */
async function pastRow(page: Page, card: string, text: string): Promise<Locator> {
  const fold = section(page, card).getByRole('button', { name: /\(\d+\)$/, expanded: false })
  await fold.waitFor()
  await fold.click()
  return row(page, card, text)
}

const panelNamed = (page: Page, name: string) => page.getByRole('dialog', { name })

async function openToChange(page: Page, card: string, text: string): Promise<Locator> {
  await row(page, card, text)
    .getByRole('button', { name: /^Change: / })
    .click()
  return page.getByRole('dialog', { name: /^Change a/ })
}

async function typeMedication(
  page: Page,
  drug: string,
  dose: string,
  more: { unit?: string; route?: string; frequency?: string } = {},
) {
  const panel = panelNamed(page, 'Add a medication')
  await panel.getByRole('combobox', { name: 'Medicine' }).fill(drug)
  await page.keyboard.press('Tab')
  await panel.getByRole('textbox', { name: 'Dose', exact: true }).fill(dose)
  await panel.getByRole('combobox', { name: 'Unit' }).selectOption(more.unit ?? 'mg')
  await panel.getByRole('combobox', { name: 'Route' }).selectOption(more.route ?? 'Oral')
  await panel.getByRole('combobox', { name: 'Frequency' }).fill(more.frequency ?? 'bd')
  await page.keyboard.press('Tab')
  return panel
}

async function addMedication(page: Page, drug: string, dose: string) {
  await page.getByRole('button', { name: 'Add a medication' }).click()
  const panel = await typeMedication(page, drug, dose)
  await panel.getByRole('button', { name: 'Save medication' }).click()
  await panel.waitFor({ state: 'detached' })
  await row(page, 'Medications', drug).waitFor()
}

const saveChange = async (panel: Locator) => {
  await panel.getByRole('button', { name: 'Save change' }).click()
  await panel.waitFor({ state: 'detached' })
}

/** Of a fake name no other test has: only letters, for what is before the first digit names a drug. */
const drugName = () => substance().replace('Testolamine', 'Testoprazole')

describe('what is added and changed', () => {
  test('RE240 an order of London is read in Nairobi, gets another dose there, and is stopped in London with the reason', async () => {
    const [london, nairobi] = [await openChart('london', 'aoife'), await openChart('nairobi', 'aoife')]
    const drug = drugName()
    await addMedication(london, drug, '20')
    const here = row(london, 'Medications', drug)
    const there = row(nairobi, 'Medications', drug)
    await savedIn(here, 'London')
    await there.getByText('20 mg').waitFor()
    expect(await there.textContent()).toMatch(/DOSE 20 mg\s*Oral\s*twice daily/)

    const dose = await openToChange(nairobi, 'Medications', drug)
    await dose.getByRole('textbox', { name: 'Dose', exact: true }).fill('30')
    await saveChange(dose)
    await here.getByText('30 mg').waitFor()
    expect(await here.textContent()).toMatch(/changed by physician\.nairobi/)

    const stop = await openToChange(london, 'Medications', drug)
    await stop.getByText('Stopped', { exact: true }).click()
    await stop.getByRole('button', { name: 'Save change' }).click()
    await stop.getByText('Say why.').waitFor()
    await stop.getByRole('textbox', { name: 'Reason' }).fill('Nausea')
    await saveChange(stop)
    await there.waitFor({ state: 'detached' })
    const stopped = await pastRow(nairobi, 'Medications', drug)
    expect(await stopped.textContent()).toMatch(/Stopped.*Reason: Nausea/)
    expect(complaints).toEqual([])
  })

  test('RE241 what speaks against a medicine is shown while one types; an impossible dose is refused, a rare one asked about, and nothing typed is lost', async () => {
    const page = await openChart('london', 'krishnamurthy')
    await page.getByRole('button', { name: 'Add a medication' }).click()
    const panel = await typeMedication(page, 'Amoxicillin 500 mg capsule', '50000')
    await panel.getByText('Known allergy to the same or a related kind: Penicillin.').waitFor()
    await panel.getByText('More than 30,000 mg cannot be one dose.').waitFor()
    const amount = panel.getByRole('textbox', { name: 'Dose', exact: true })
    await amount.fill('1,000')
    await page.keyboard.press('Tab')
    await panel.getByText('This can be read in two ways.').waitFor()
    await amount.fill('5000')
    await panel.getByText('one dose of Amoxicillin is usually 250–2,000 mg').waitFor()
    await panel.getByRole('button', { name: 'Save medication' }).click()
    await panel.getByText('Confirm that this is meant, or change it.').waitFor()
    expect(await amount.inputValue()).toBe('5000')
    expect(await panel.getByRole('combobox', { name: 'Frequency' }).inputValue()).toBe('twice daily')
    await panel.getByRole('combobox', { name: 'Medicine' }).fill('Ibuprofen 400 mg tablet')
    await panel.getByText('DO NOT GIVE is ordered: Non-steroidal anti-inflammatory drugs.').waitFor()
    await panel.getByRole('combobox', { name: 'Medicine' }).fill('Apixaban 5 mg tablet')
    await panel.getByText('Ordered already: Apixaban 2.5 mg film-coated tablet.').waitFor()
  })

  test('RE242 a problem is added, resolved with its end, and seen in another region; a double click saves it once', async () => {
    const [frankfurt, nairobi] = [
      await openChart('frankfurt', 'köhler'),
      await openChart('nairobi', 'köhler'),
    ]
    const name = substance().replace('Testolamine', 'Testitis')
    await frankfurt.getByRole('button', { name: 'Add a problem' }).click()
    const panel = panelNamed(frankfurt, 'Add a problem')
    await panel.getByRole('combobox', { name: 'Problem' }).fill(name)
    await panel.getByRole('textbox', { name: 'Since' }).fill('2031')
    await frankfurt.keyboard.press('Tab')
    await panel.getByText('This date has not come yet.').waitFor()
    await panel.getByRole('textbox', { name: 'Since' }).fill('Mar 2020')
    await panel.getByRole('button', { name: 'Save problem' }).dblclick()
    const there = row(nairobi, 'Problems', name)
    await there.getByText('since Mar-2020').waitFor()
    expect(await there.count()).toBe(1)

    const change = await openToChange(nairobi, 'Problems', name)
    await change.getByText('Resolved', { exact: true }).click()
    await change.getByRole('textbox', { name: 'Until' }).fill('2019')
    await change.getByRole('button', { name: 'Save change' }).click()
    await change.getByText('The end lies before the begin.').waitFor()
    await change.getByRole('textbox', { name: 'Until' }).fill('Jan 2024')
    await saveChange(change)
    await row(frankfurt, 'Problems', name).waitFor({ state: 'detached' })
    expect(await (await pastRow(frankfurt, 'Problems', name)).textContent()).toMatch(
      /Resolved.*until Jan-2024/,
    )
  })

  test('RE243 an allergy gets another criticality and a reaction, and is refuted with the reason; that there is none cannot be stated beside one', async () => {
    const [frankfurt, london] = [await openChart('frankfurt', 'weiss'), await openChart('london', 'weiss')]
    const name = substance()
    await addAllergy(frankfurt, { substance: name, reaction: 'Rash', criticality: 'Low' })
    await allergyRow(london, name).waitFor()
    const change = await openToChange(london, 'Allergies', name)
    await change.getByRole('radiogroup', { name: 'Criticality' }).getByText('High', { exact: true }).click()
    await change.getByRole('button', { name: 'Add a reaction' }).click()
    await change.getByRole('combobox', { name: 'Reaction' }).fill('Wheezing')
    await change.getByRole('combobox', { name: 'Severity' }).last().selectOption('Severe')
    await saveChange(change)
    await allergyRow(frankfurt, name).getByText('High criticality').waitFor()
    expect(await allergyRow(frankfurt, name).textContent()).toMatch(/Rash.*Wheezing, severe/)

    await frankfurt.getByRole('button', { name: 'Add allergy' }).click()
    const none = frankfurt.getByRole('checkbox', { name: 'No known allergies' })
    expect(await none.isDisabled()).toBe(true)
    await frankfurt.getByText('Cannot be stated while an allergy is on the list.').waitFor()
    await frankfurt.keyboard.press('Escape')

    const refute = await openToChange(frankfurt, 'Allergies', name)
    await refute.getByText('Refuted', { exact: true }).click()
    await refute.getByRole('textbox', { name: 'Reason' }).fill('Challenge passed')
    await saveChange(refute)
    await expect.poll(() => banner(london).textContent()).not.toContain(name)
    expect(await (await pastRow(london, 'Allergies', name)).textContent()).toMatch(
      /Refuted.*Reason: Challenge passed/,
    )
  })

  test('RE244 an entry that is wrong is marked so and entered anew in one go, and stays, struck through', async () => {
    const page = await openChart('nairobi', 'chebet')
    const [wrong, right] = [drugName(), drugName()]
    await addMedication(page, wrong, '10')
    const change = await openToChange(page, 'Medications', wrong)
    await change.getByText('Entered in error', { exact: true }).click()
    await change.getByRole('textbox', { name: 'Reason' }).fill('Another drug was meant')
    await change.getByRole('checkbox', { name: 'Then enter it anew, as it is right' }).check()
    await change.getByRole('button', { name: 'Save change' }).click()
    const anew = panelNamed(page, 'Add a medication')
    const drug = anew.getByRole('combobox', { name: 'Medicine' })
    await anew.waitFor()
    expect(await drug.inputValue()).toBe(wrong)
    expect(await anew.getByRole('textbox', { name: 'Dose', exact: true }).inputValue()).toBe('10')
    await drug.fill(right)
    await anew.getByRole('button', { name: 'Save medication' }).click()
    await row(page, 'Medications', right).waitFor()
    const struck = await pastRow(page, 'Medications', wrong)
    expect(await struck.textContent()).toContain('Entered in error: marked by physician.nairobi')
  })
})

describe('two at once', () => {
  test('RE245 what somebody else changes while a panel is open is said in it, and nothing is saved over it unseen', async () => {
    const [london, nairobi] = [await openChart('london', 'llyr'), await openChart('nairobi', 'llyr')]
    const drug = drugName()
    await addMedication(london, drug, '20')
    await row(nairobi, 'Medications', drug).waitFor()
    const mine = await openToChange(london, 'Medications', drug)
    const amount = mine.getByRole('textbox', { name: 'Dose', exact: true })
    await amount.fill('40')
    const theirs = await openToChange(nairobi, 'Medications', drug)
    await theirs.getByRole('textbox', { name: 'Dose', exact: true }).fill('30')
    await saveChange(theirs)

    await mine.getByText('physician.nairobi has changed this meanwhile').waitFor()
    await mine.getByText('Dose is now: 30 mg · Oral · twice daily').waitFor()
    await london.screenshot({ path: 'test-results/meanwhile.png' })
    await mine.getByRole('button', { name: 'Save change' }).click()
    await mine.getByText('Decide this before you save.').waitFor()
    expect(await amount.inputValue()).toBe('40')
    await mine.getByRole('button', { name: 'Keep what I typed' }).click()
    expect(await amount.inputValue()).toBe('40')
    await saveChange(mine)
    await row(nairobi, 'Medications', drug).getByText('40 mg').waitFor()

    // And the other way: what was typed gives way.
    const again = await openToChange(london, 'Medications', drug)
    await again.getByRole('textbox', { name: 'Dose', exact: true }).fill('60')
    const hold = await openToChange(nairobi, 'Medications', drug)
    await hold.getByRole('textbox', { name: 'Dose', exact: true }).fill('25')
    await saveChange(hold)
    await again.getByRole('button', { name: 'Take theirs' }).click()
    expect(await again.getByRole('textbox', { name: 'Dose', exact: true }).inputValue()).toBe('25')
    await again.getByRole('button', { name: 'Save change' }).click()
    await again.getByText('Nothing has been changed yet.').waitFor()
  })
})

/** Has the region refuse the next proposals of a page, as it would one that it may not take. */
async function refuseNext(page: Page): Promise<{ ids: string[]; stop: () => void }> {
  let refusing = true
  const ids: string[] = []
  await page.routeWebSocket(/\/sync\/?$/, (socket) => {
    const region = socket.connectToServer()
    socket.onMessage((message) => {
      const frame = typeof message === 'string' ? undefined : decodeFrame(new Uint8Array(message))
      if (!refusing || frame?.type !== 'submit') return region.send(message)
      ids.push(...frame.proposals.map(({ id }) => id))
      socket.send(
        Buffer.from(
          encodeFrame({
            channel: frame.channel,
            type: 'refuse',
            refusals: frame.proposals.map(({ id }) => ({
              id,
              code: 'forbidden',
              detail: 'not here',
              retry: false,
            })),
          }),
        ),
      )
    })
  })
  return {
    ids,
    stop: () => {
      refusing = false
    },
  }
}

describe('what was not accepted', () => {
  test('RE246 a change that was not accepted opens in its panel, filled; saved, it takes the place of the old one, closed, nothing changes', async () => {
    const page = await openWindow('london')
    const refusal = await refuseNext(page)
    await signIn(page, physician('london'))
    await findAndOpen(page, 'wojcik')
    const drug = drugName()
    await page.getByRole('button', { name: 'Add a medication' }).click()
    const panel = await typeMedication(page, drug, '15')
    await panel.getByRole('button', { name: 'Save medication' }).click()
    await page.getByText('1 change was not accepted').waitFor()
    expect(await row(page, 'Medications', drug).count()).toBe(0)
    refusal.stop()
    const chart = page.url()
    const edit = async () => {
      await page.evaluate((address) => {
        location.href = address
      }, `${chart}?edit=${refusal.ids[0]}`)
      await panel.waitFor()
    }
    await edit()
    expect(page.url()).toBe(chart)
    expect(await panel.getByRole('combobox', { name: 'Medicine' }).inputValue()).toBe(drug)
    expect(await panel.getByRole('textbox', { name: 'Dose', exact: true }).inputValue()).toBe('15')
    await panel.getByRole('button', { name: 'Cancel' }).click()
    await panel.waitFor({ state: 'detached' })
    await page.getByText('1 change was not accepted').waitFor()

    await edit()
    await panel.getByRole('textbox', { name: 'Dose', exact: true }).fill('10')
    await panel.getByRole('button', { name: 'Save medication' }).click()
    await savedIn(row(page, 'Medications', drug), 'London')
    expect(await row(page, 'Medications', drug).textContent()).toContain('10 mg')
    await page.getByText('1 change was not accepted').waitFor({ state: 'detached' })
  })

  test('RE247 an address that edits what is not there says so, and one that is no id opens the chart alone', async () => {
    const page = await openChart('london', 'wojcik')
    const chart = page.url()
    const go = (search: string) =>
      page.evaluate((address) => {
        location.href = address
      }, `${chart}?edit=${search}`)
    await go('A'.repeat(43))
    await page.getByText('This change is no longer among those that were not accepted.').waitFor()
    await page.getByRole('dialog').getByRole('button', { name: 'Close' }).last().click()
    await page.getByRole('dialog').waitFor({ state: 'detached' })
    await go('<script>')
    await banner(page).waitFor()
    expect(await page.getByRole('dialog').count()).toBe(0)
  })
})

describe('for everybody', () => {
  const tags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa']
  const violations = async (page: Page) => {
    const { violations: found } = await new AxeBuilder({ page }).withTags(tags).analyze()
    return found.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html).join('\n')}`)
  }

  test.each(['light', 'dark'] as const)('RE248 axe finds nothing on any panel, %s', async (colorScheme) => {
    const page = await openChart('london', 'krishnamurthy', { colorScheme })
    const discard = async () => {
      await page.getByRole('dialog').getByRole('button', { name: 'Cancel' }).click()
      await page.getByRole('dialog').getByRole('button', { name: 'Discard' }).click()
      await page.getByRole('dialog').waitFor({ state: 'detached' })
    }
    await page.getByRole('button', { name: 'Add a medication' }).click()
    const panel = await typeMedication(page, 'Amoxicillin 500 mg capsule', '5000')
    await panel.getByRole('checkbox', { name: 'As needed' }).check()
    await panel.getByRole('button', { name: 'Save medication' }).click()
    expect(await violations(page)).toEqual([])
    await discard()
    await openToChange(page, 'Medications', 'Apixaban')
    await page.getByRole('dialog').getByText('Entered in error', { exact: true }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Save change' }).click()
    expect(await violations(page)).toEqual([])
    await discard()
    await page.getByRole('button', { name: 'Add a problem' }).click()
    await page.getByRole('combobox', { name: 'Problem' }).fill('heart failure')
    await page.getByRole('textbox', { name: 'Since' }).fill('2031')
    await page.getByRole('button', { name: 'Save problem' }).click()
    expect(await violations(page)).toEqual([])
    await discard()
    await openToChange(page, 'Problems', 'Delirium')
    await page.getByRole('dialog').getByText('Resolved', { exact: true }).click()
    expect(await violations(page)).toEqual([])
    await discard()
    await openToChange(page, 'Allergies', 'Penicillin')
    await page.getByRole('dialog').getByRole('button', { name: 'Add a reaction' }).click()
    await page
      .getByRole('dialog')
      .getByRole('button', { name: /^Remove reaction: A/ })
      .click()
    expect(await violations(page)).toEqual([])
  })

  test('RE249 adding and changing go by keyboard alone, and the focus comes back to the row', async () => {
    const page = await openChart('frankfurt', 'köhler')
    const focused = () =>
      page.evaluate(
        () => document.activeElement?.getAttribute('aria-label') ?? document.activeElement?.textContent,
      )
    await page.keyboard.press('n')
    await page.getByRole('menuitem', { name: 'Medication' }).waitFor()
    for (const key of ['ArrowDown', 'ArrowDown', 'Enter']) await page.keyboard.press(key)
    await panelNamed(page, 'Add a medication').waitFor()
    await page.keyboard.press('Escape')
    await page.getByRole('dialog').waitFor({ state: 'detached' })
    await expect.poll(focused).toBe('Add')

    await page.getByRole('button', { name: 'Add a problem' }).focus()
    await page.keyboard.press('Tab')
    const name = await focused()
    expect(name).toMatch(/^Change: /)
    const shown = () =>
      page.evaluate(() => document.activeElement && getComputedStyle(document.activeElement).opacity)
    expect(await shown()).toBe('1')
    await page.keyboard.press('Enter')
    const panel = panelNamed(page, 'Change a problem')
    await panel.waitFor()
    await page.keyboard.press('Escape')
    await panel.waitFor({ state: 'detached' })
    await expect.poll(focused).toBe(name)
  })
})

describe('vitals that are wrong', () => {
  /** Opens the correction of the row that holds a value. */
  async function openCorrection(page: Page, value: string): Promise<Locator> {
    const reading = vitalsRow(page, value).first()
    await reading.getByRole('button', { name: /^Correct vitals of / }).click()
    return panelNamed(page, 'Correct vitals')
  }

  test('RE250 a wrong weight is marked with the reason and entered anew at the same time; the other region sees both, the wrong one struck through', async () => {
    const [nairobi, london] = [await openChart('nairobi', 'aoife'), await openChart('london', 'aoife')]
    await recordVitals(nairobi, { systolic: '127', diastolic: '73', weight: '91.7' })
    await vitalsRow(london, '91.7').waitFor()
    const panel = await openCorrection(nairobi, '91.7')
    const save = panel.getByRole('button', { name: 'Save change' })
    await save.click()
    await panel.getByText('Nothing has been changed yet.').waitFor()
    await panel.getByRole('checkbox', { name: 'Weight 91.7 kg' }).check()
    await save.click()
    await panel.getByText('Say why.').waitFor()
    await panel.getByRole('textbox', { name: 'Reason' }).fill('Digits swapped')
    await panel.getByRole('checkbox', { name: 'Then enter it anew, as it is right' }).check()
    await nairobi.screenshot({ path: 'test-results/correct-vitals.png' })
    await save.dblclick()

    const anew = panelNamed(nairobi, 'Record vitals')
    await anew.waitFor()
    const weight = anew.getByRole('textbox', { name: 'Weight', exact: true })
    expect(await weight.inputValue()).toBe('91.7')
    expect(await anew.getByRole('textbox', { name: 'BP systolic', exact: true }).inputValue()).toBe('')
    expect(await anew.getByRole('textbox', { name: 'Time', exact: true }).inputValue()).toMatch(/^\d\d:\d\d$/)
    await weight.fill('71.9')
    await anew.getByRole('button', { name: 'Save vitals' }).click()
    await anew.waitFor({ state: 'detached' })

    // Both weights stand in the one row of their time.
    const there = vitalsRow(london, '71.9')
    await there.waitFor()
    expect(await there.locator('s').allTextContents()).toEqual(['91.7'])
    expect(await there.textContent()).toContain('127/73')
    const marked = vitalsRow(london, 'Entered in error: marked by physician.nairobi').filter({
      hasText: '91.7',
    })
    await marked.waitFor()
    expect(await marked.count()).toBe(1)
    expect(await marked.textContent()).toContain('Reason: Digits swapped')
    await london.screenshot({ path: 'test-results/corrected-vitals.png' })
    expect(complaints).toEqual([])
  })

  test('RE251 readings that a colleague marks while the panel is open are said in it, and not marked again; axe finds nothing on it', async () => {
    const [london, nairobi] = [await openChart('london', 'llyr'), await openChart('nairobi', 'llyr')]
    await recordVitals(london, { heartRate: '87', weight: '88.3' })
    await vitalsRow(nairobi, '88.3').waitFor()
    const mine = await openCorrection(london, '88.3')
    await mine.getByRole('checkbox', { name: 'Weight 88.3 kg' }).check()
    await mine.getByRole('textbox', { name: 'Reason' }).fill('Scales')
    const theirs = await openCorrection(nairobi, '88.3')
    await theirs.getByRole('checkbox', { name: 'Weight 88.3 kg' }).check()
    await theirs.getByRole('textbox', { name: 'Reason' }).fill('Another patient')
    await saveChange(theirs)

    await mine.getByText('physician.nairobi has changed this meanwhile').waitFor()
    await mine.getByText('Now entered in error: Weight 88.3 kg').waitFor()
    await mine.getByRole('button', { name: 'Save change' }).click()
    await mine.getByText('Decide this before you save.').waitFor()
    const { violations } = await new AxeBuilder({ page: london })
      .withTags(['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'])
      .analyze()
    expect(violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`)).toEqual([])
    await mine.getByRole('button', { name: 'Take theirs' }).click()
    expect(await mine.getByRole('checkbox', { name: /^Weight/ }).count()).toBe(0)
    await mine.getByRole('button', { name: 'Save change' }).click()
    await mine.getByText('Tick what is wrong.').waitFor()
    await mine.getByRole('checkbox', { name: 'Heart rate 87 /min' }).check()
    await saveChange(mine)
    await expect.poll(() => vitalsRow(nairobi, 'Reason: Scales').textContent()).toMatch(/^HR 87/)
    expect(await vitalsRow(nairobi, '88.3').first().getByRole('button').count()).toBe(0)
    expect(complaints).toEqual([])
  })
})
