import type { Page } from 'playwright'
import { patientLinks } from '../../../support/story.ts'
import { type Line, spread } from '../line.ts'
import { keysOf, longTasksOf, receivedBy } from '../probe.ts'
import { rendererMemory, type Stage } from '../stage.ts'
import { enter, typeInSearch } from './bench-account.ts'

/** A device that has nothing yet takes the copies of all charts, while somebody types. */
export async function firstFilling(stage: Stage, patients: number): Promise<{ lines: Line[]; page: Page }> {
  const page = await stage.openWindow()
  await page.goto(`${stage.http}/`)
  await enter(page)
  await patientLinks(page).first().waitFor()
  const began = performance.now()
  let peak = 0
  const look = () => {
    peak = Math.max(peak, rendererMemory(stage.profile)?.resident ?? 0)
  }
  const timer = setInterval(look, 1000)
  let done = false
  const filled = page
    .getByRole('table')
    .getByText('Live', { exact: true })
    .first()
    .waitFor({ timeout: 1_200_000 })
    .finally(() => {
      done = true
      clearInterval(timer)
    })
  while (!done) await Promise.race([filled, typeInSearch(page, 1)])
  await filled
  const seconds = (performance.now() - began) / 1000
  const tasks = await longTasksOf(page)
  const keys = await keysOf(page)
  const received = await receivedBy(page)
  const lines: Line[] = [
    { letter: 'f', label: 'first filling of a new device', unit: 's', value: seconds },
    { letter: 'f', label: '  received for each patient', unit: 'KB', value: received / 1024 / patients },
    { letter: 'f', label: '  longest task meanwhile', unit: 'ms', value: Math.max(0, ...tasks) },
    { letter: 'f', label: '  tasks over 50 ms', unit: '', value: tasks.length },
    { letter: 'f', label: '  most memory of its process', unit: 'MB', value: peak / 2 ** 20 },
    ...spread(
      'f',
      '  key to paint meanwhile',
      keys.map(({ painted }) => painted),
    ),
  ]
  return { lines, page }
}
