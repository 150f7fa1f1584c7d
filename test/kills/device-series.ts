import type { Page } from 'playwright'
import { copiesComplete } from '../support/copies.ts'
import { signIn as signInAt } from '../support/region-api.ts'
import { findAndOpen, recordVitals } from '../support/story.ts'

/**
 * Kills the app, again and again, straight after a change was said to be on this device, with no region in reach; then
 * lets a region answer, and counts what arrived.
 */
export type DeviceStage = {
  /** The app of Nairobi's physician, signed in, on the same profile every time. */
  open(): Promise<{ page: Page; kill(): Promise<void> }>
  servers(act: 'stop' | 'start'): Promise<unknown>
  /** HTTP address of a region. */
  http: string
}

export type DeviceOutcome = { rounds: number; lost: number[]; doubled: number[]; missingAtStart: number[] }

export async function killDevice(
  stage: DeviceStage,
  rounds: number,
  say: (line: string) => void,
): Promise<DeviceOutcome> {
  const before = await stage.open()
  await findAndOpen(before.page, 'bakari')
  await before.page.getByRole('link', { name: 'Patients' }).click()
  await copiesComplete(before.page)
  if (before.page.url().startsWith('http'))
    await before.page.evaluate(async () => void (await navigator.serviceWorker.ready))
  await before.kill()
  await stage.servers('stop')
  const missingAtStart: number[] = []
  try {
    for (let round = 1; round <= rounds; round++) {
      const { page, kill } = await stage.open()
      // A copy that is torn would be seen here: the change of the round before has to be there.
      if (round > 1 && !(await isOnTheWay(page, round - 1))) missingAtStart.push(round - 1)
      await findAndOpen(page, 'bakari')
      await recordVitals(page, { weight: weightOf(round) })
      await page.getByRole('button', { name: onTheWay(round) }).waitFor()
      await kill()
      if (round % 10 === 0) say(`${round} of ${rounds} kills`)
    }
  } finally {
    await stage.servers('start')
  }
  const last = await stage.open()
  await last.page.getByRole('button', { name: 'All changes saved' }).waitFor({ timeout: 120_000 })
  await last.kill()
  const arrived = await weightsAt(stage.http)
  const all = Array.from({ length: rounds }, (_, at) => at + 1)
  const count = (round: number) => arrived.filter((weight) => weight === Number(weightOf(round))).length
  return {
    rounds,
    lost: all.filter((round) => count(round) === 0),
    doubled: all.filter((round) => count(round) > 1),
    missingAtStart,
  }
}

/** In kg: one that no sample has, for each round. */
function weightOf(round: number): string {
  return (30 + round / 10).toFixed(1)
}

const onTheWay = (count: number) => new RegExp(`^${count} changes? on the way`)

async function isOnTheWay(page: Page, count: number): Promise<boolean> {
  return page
    .getByRole('button', { name: onTheWay(count) })
    .waitFor()
    .then(
      () => true,
      () => false,
    )
}

async function weightsAt(http: string): Promise<number[]> {
  const api = await signInAt(http, 'physician.nairobi')
  const found = (await api.get('/fhir/R4/Patient?name=mwinyi')).body as {
    entry?: { resource: { id: string } }[]
  }
  const id = found.entry?.[0]?.resource.id
  const { body } = await api.get(`/fhir/R4/Patient/${id}/$everything`)
  const entries = (
    body as {
      entry?: { resource: { resourceType: string; valueQuantity?: { value: number; unit: string } } }[]
    }
  ).entry
  return (entries ?? []).flatMap(({ resource: { valueQuantity } }) =>
    valueQuantity?.unit === 'kg' ? valueQuantity.value : [],
  )
}
