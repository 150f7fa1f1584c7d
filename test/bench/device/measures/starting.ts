import type { Page } from 'playwright'
import { chartArrived, patientLinks, searchField } from '../../../support/story.ts'
import { type Line, spread } from '../line.ts'
import { between, watchFor } from '../probe.ts'
import { enter } from './bench-account.ts'

const wanted = { listMs: 1000, chartMs: 300 }
const listShown = `document.querySelectorAll('main tbody tr a').length >= 10`
const chartShown = `(() => {
  const banner = document.querySelector('[aria-label=Patient]')?.textContent ?? 'Allergies unavailable'
  return !banner.includes('Allergies unavailable') && document.querySelectorAll('main li').length > 0
})()`

/** A device that knows its clinician is started: from the unlocked vault to the list, then to a first chart. */
export async function starting(page: Page, rounds: number): Promise<Line[]> {
  const form: number[] = []
  const argon: number[] = []
  const list: number[] = []
  const chart: number[] = []
  for (let round = 0; round < rounds; round++) {
    await page.reload()
    await page.getByLabel('Username').waitFor()
    await watchFor(page, 'form', `document.querySelector('input[type=password]') !== null`)
    form.push(await between(page, '0', 'form'))
    await watchFor(page, 'list', listShown)
    await enter(page)
    list.push(await between(page, 'unlocked', 'list'))
    argon.push(await between(page, 'vaultRead', 'unlocked'))
    await patientLinks(page).first().waitFor()
    await searchField(page).fill(`BEN-${2_000_005 + round}`)
    await watchFor(page, 'chart', chartShown)
    await searchField(page).press('Enter')
    chart.push(await between(page, 'enter', 'chart'))
    await chartArrived(page)
    await page.getByRole('link', { name: 'Patients' }).click()
    await patientLinks(page).first().waitFor()
  }
  return [
    ...spread('c', 'unlocked to the list of all', list, { wanted: wanted.listMs }),
    ...spread('c', 'from there to a first chart', chart, { wanted: wanted.chartMs }),
    ...spread('c', 'Argon2id of the unlock', argon),
    ...spread('c', 'page to sign-in form', form),
  ]
}
