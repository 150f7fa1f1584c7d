import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { copiesComplete } from '../support/copies.ts'
import { addAllergy, allergyRow, banner, findAndOpen, patientLinks } from '../support/story.ts'
import { desktopLeftOut } from './launch.ts'
import { desktopOnCluster } from './on-cluster.ts'

/** A day without any region, at a desktop app on a real Electron. */

const leftOut = await desktopLeftOut()
const { open, servers, profileOf } = desktopOnCluster(leftOut)

describe.skipIf(leftOut !== null)('no region in reach', () => {
  test('EL31 with every server stopped the app starts, unlocks, finds every patient and takes changes; a kill loses none, and they go when a region answers', async () => {
    const drug = 'Testolamine X'
    const first = await open('nairobi')
    await copiesComplete(first.page)
    await first.kill()
    await servers('stop')

    const second = await open('nairobi')
    expect(await patientLinks(second.page).count()).toBeGreaterThan(10)
    // Never opened on this device before.
    await findAndOpen(second.page, 'krishnamurthy')
    await second.page.getByText(/^This device’s copy, confirmed/).waitFor()
    expect(await banner(second.page).textContent()).toContain('KRISHNAMURTHY')
    await second.page.screenshot({ path: 'test-results/desktop-offline.png' })
    await addAllergy(second.page, { substance: drug })
    await allergyRow(second.page, drug).getByText('on this device').waitFor()
    await second.kill()

    const third = await open('nairobi')
    await third.page.getByRole('button', { name: '1 change on the way' }).waitFor()
    await findAndOpen(third.page, 'krishnamurthy')
    await allergyRow(third.page, drug).getByText('on this device').waitFor()
    await servers('start')
    // In whichever region answers first.
    await allergyRow(third.page, drug)
      .getByText(/^saved in .*also in \w+, \w+/)
      .waitFor()
    await third.close()

    const found = secretsIn(profileOf('nairobi'), [
      'KRISHNAMURTHY',
      'Krishnamurthy',
      drug,
      'Apixaban',
      'Otieno',
    ])
    expect(found).toEqual([])
  })
})

/** Files of a folder in which one of these texts stands, in UTF-8 or UTF-16, and the text. */
function secretsIn(folder: string, texts: readonly string[]): string[] {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((file) => file.isFile())
  return files.flatMap((file) => {
    const bytes = readFileSync(join(file.parentPath, file.name))
    return texts
      .filter((text) => bytes.includes(text) || bytes.includes(Buffer.from(text, 'utf16le')))
      .map((text) => `${file.name}: ${text}`)
  })
}
