import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { killDevice } from '../kills/device-series.ts'
import { appOnCluster } from '../support/app.ts'
import { startOwnChromium } from '../support/own-chromium.ts'
import { signIn } from '../support/story.ts'

const { physician, servers, http } = appOnCluster()
const profile = mkdtempSync(join(tmpdir(), 'meridian-profile-'))
afterAll(() => rmSync(profile, { recursive: true, force: true }))

// The short form of `npm run kills:device`.
test('RE237 a browser that is killed straight after “on this device” appeared has lost nothing, and nothing arrives twice', async () => {
  const outcome = await killDevice(
    {
      http: http('frankfurt'),
      servers,
      async open() {
        const browser = await startOwnChromium(profile)
        await browser.page.goto(`${http('nairobi')}/`)
        await signIn(browser.page, physician('nairobi'))
        return browser
      },
    },
    3,
    () => undefined,
  )
  expect(outcome).toEqual({ rounds: 3, lost: [], doubled: [], missingAtStart: [] })
}, 300_000)
