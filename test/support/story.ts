import type { Locator, Page } from 'playwright'

/**
 * The steps of a clinician's story, on any window of the app: a browser's page or Electron's. They use roles and
 * labels as a person does, and end when what they cause is on screen.
 */

export type Account = { username: string; password: string }

/** The demo accounts' password in a development cluster. */
export const demoPassword = 'meridian'

/** Signs in; the region stays the own one unless one is given by its title, `Nairobi`. */
export async function signIn(page: Page, account: Account, region?: string): Promise<void> {
  await page.getByLabel('Username').fill(account.username)
  await page.getByLabel('Password', { exact: true }).fill(account.password)
  if (region !== undefined) {
    await page.getByRole('combobox', { name: 'Region' }).click()
    await page.getByRole('option', { name: region }).click()
  }
  await page.getByRole('button', { name: 'Sign in', exact: true }).click()
  await searchField(page).waitFor()
}

export function searchField(page: Page): Locator {
  return page.getByRole('searchbox', { name: 'Search patients' })
}

/** The links of the patients that are listed, in their order. */
export function patientLinks(page: Page): Locator {
  return page.getByRole('table').getByRole('row').getByRole('link')
}

/** Types into the search field and opens the first patient with Enter. Ends when the chart has arrived whole. */
export async function findAndOpen(page: Page, query: string): Promise<void> {
  await searchField(page).fill(query)
  await searchField(page).press('Enter')
  await chartArrived(page)
}

export async function chartArrived(page: Page): Promise<void> {
  await banner(page).waitFor()
  await banner(page).getByText('Allergies unavailable').waitFor({ state: 'detached' })
}

export function banner(page: Page): Locator {
  return page.getByRole('region', { name: 'Patient' })
}

/** One part of the chart by its heading: `Allergies`, `Medications`, `Problems`, `Vitals`. */
export function section(page: Page, heading: string): Locator {
  return page.getByRole('region', { name: heading, exact: true })
}

export type NewAllergy = {
  substance: string
  reaction?: string
  severity?: 'Mild' | 'Moderate' | 'Severe'
  criticality?: 'Low' | 'High' | 'Not assessable'
  verification?: 'Unconfirmed' | 'Confirmed'
}

/** Adds an allergy by the side panel. Ends when it stands in the list; not when it is saved. */
export async function addAllergy(page: Page, allergy: NewAllergy): Promise<void> {
  await page.getByRole('button', { name: 'Add allergy' }).click()
  const panel = page.getByRole('dialog', { name: 'Add an allergy' })
  await panel.getByRole('combobox', { name: 'Substance' }).fill(allergy.substance)
  await page.keyboard.press('Tab')
  if (allergy.reaction !== undefined) {
    await panel.getByRole('combobox', { name: 'Reaction' }).fill(allergy.reaction)
    await page.keyboard.press('Tab')
  }
  if (allergy.severity) await choose(panel, 'Severity of the reaction', allergy.severity)
  if (allergy.criticality) await choose(panel, 'Criticality', allergy.criticality)
  if (allergy.verification) await choose(panel, 'Verification', allergy.verification)
  await panel.getByRole('button', { name: 'Save allergy' }).click()
  await panel.waitFor({ state: 'detached' })
  await allergyRow(page, allergy.substance).waitFor()
}

export function allergyRow(page: Page, substance: string): Locator {
  return section(page, 'Allergies').getByRole('listitem').filter({ hasText: substance })
}

export type NewVitals = {
  systolic?: string
  diastolic?: string
  heartRate?: string
  oxygenSaturation?: string
  temperature?: string
  respiratoryRate?: string
  weight?: string
}

const vitalLabels: { readonly [field in keyof NewVitals]-?: string } = {
  systolic: 'BP systolic',
  diastolic: 'BP diastolic',
  heartRate: 'Heart rate',
  oxygenSaturation: 'SpO₂',
  temperature: 'Temperature',
  respiratoryRate: 'Respiratory rate',
  weight: 'Weight',
}

/** Records vital signs by the side panel, as of now. Ends when the panel has closed. */
export async function recordVitals(page: Page, vitals: NewVitals): Promise<void> {
  await page.getByRole('button', { name: 'Record vitals' }).click()
  const panel = page.getByRole('dialog', { name: 'Record vitals' })
  for (const [field, value] of Object.entries(vitals) as [keyof NewVitals, string][])
    await panel.getByRole('textbox', { name: vitalLabels[field], exact: true }).fill(value)
  await panel.getByRole('button', { name: 'Save vitals' }).click()
  await panel.waitFor({ state: 'detached' })
}

/** The row of the vitals table that holds a value as it is read, `128/76`. */
export function vitalsRow(page: Page, value: string): Locator {
  return section(page, 'Vitals').getByRole('row').filter({ hasText: value })
}

/** Waits until a change on screen says where it was saved, `Frankfurt`. */
export async function savedIn(change: Locator, region: string): Promise<void> {
  await change.getByText(`saved in ${region}`).waitFor()
}

async function choose(panel: Locator, group: string, option: string): Promise<void> {
  // The radio itself is out of sight; people click its label.
  await panel.getByRole('radiogroup', { name: group }).getByText(option, { exact: true }).click()
}
