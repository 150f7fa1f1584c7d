import { describe, expect, test } from 'vitest'
import {
  addAllergy,
  allergyRow,
  banner,
  findAndOpen,
  recordVitals,
  savedIn,
  vitalsRow,
} from '../support/story.ts'
import { desktopLeftOut } from './launch.ts'
import { desktopOnCluster } from './on-cluster.ts'

/** The story of two clinicians on two continents, each at a desktop app of their own on a real Electron. */

const leftOut = await desktopLeftOut()
const { open } = desktopOnCluster(leftOut)

describe.skipIf(leftOut !== null)('two desktops', () => {
  test('EL30 an allergy and a blood pressure entered in Frankfurt are seen in Nairobi within a moment', async () => {
    const { page: frankfurt } = await open('frankfurt')
    const { page: nairobi } = await open('nairobi')
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
