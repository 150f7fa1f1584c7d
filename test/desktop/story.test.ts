import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startCluster } from '../support/cluster.ts'
import {
  addAllergy,
  allergyRow,
  banner,
  demoPassword,
  findAndOpen,
  recordVitals,
  savedIn,
  signIn,
  vitalsRow,
} from '../support/story.ts'
import { buildShell } from './build-shell.ts'
import { type Desktop, desktopLeftOut, openDesktop } from './launch.ts'

/** The story of two clinicians on two continents, each at a desktop app of their own on a real Electron. */

const leftOut = await desktopLeftOut()
const profiles = mkdtempSync(join(tmpdir(), 'meridian-story-'))
let cluster: Awaited<ReturnType<typeof startCluster>>
let desktop: Desktop

beforeAll(async () => {
  if (leftOut !== null) return
  await buildShell()
  desktop = await openDesktop()
  cluster = await startCluster({ samples: true })
})
afterAll(async () => {
  await desktop?.close()
  await cluster?.stop()
  rmSync(profiles, { recursive: true, force: true })
})

describe.skipIf(leftOut !== null)('two desktops', () => {
  async function window(region: string) {
    const regions = Object.fromEntries(
      Object.entries(cluster.ready.regions).map(([name, { http, sync }]) => [name, { http, sync }]),
    )
    const { page } = await desktop.start({ profile: join(profiles, region), config: { region, regions } })
    await page.setViewportSize({ width: 1280, height: 800 })
    await signIn(page, { username: `physician.${region}`, password: demoPassword })
    return page
  }

  test('EL30 an allergy and a blood pressure entered in Frankfurt are seen in Nairobi within a moment', async () => {
    const frankfurt = await window('frankfurt')
    const nairobi = await window('nairobi')
    await findAndOpen(frankfurt, 'grossm')
    await findAndOpen(nairobi, 'grossm')
    await expect.poll(() => banner(nairobi).textContent()).toContain('GROSSMANN, Jürgen')

    await addAllergy(frankfurt, {
      substance: 'Latex',
      reaction: 'Urticaria',
      severity: 'Moderate',
      criticality: 'High',
    })
    await savedIn(allergyRow(frankfurt, 'Latex'), 'Frankfurt')
    await allergyRow(nairobi, 'Latex').waitFor({ timeout: 10_000 })
    await expect.poll(() => banner(nairobi).textContent()).toContain('Latex')

    await recordVitals(frankfurt, { systolic: '128', diastolic: '76', heartRate: '72' })
    await vitalsRow(nairobi, '128/76').waitFor({ timeout: 10_000 })
    await frankfurt.screenshot({ path: 'test-results/desktop-frankfurt.png' })
    await nairobi.screenshot({ path: 'test-results/desktop-nairobi.png' })
  })
})
