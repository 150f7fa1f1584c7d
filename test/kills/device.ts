import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { buildShell } from '../desktop/build-shell.ts'
import { openDesktop } from '../desktop/launch.ts'
import { startCluster } from '../support/cluster.ts'
import { startOwnChromium } from '../support/own-chromium.ts'
import { demoPassword, signIn } from '../support/story.ts'
import { type DeviceStage, killDevice } from './device-series.ts'

/**
 * `npm run kills:device -- [--rounds 50] [--app chromium|electron]`: kills the app straight after *on this device* appeared,
 * with every server stopped, and counts what is lost or doubled. The built app has to be there (`npx vite build`). Status 1
 * if anything is; 2 for unusable arguments.
 */
const { values } = parseArgs({
  options: { rounds: { type: 'string', default: '50' }, app: { type: 'string', default: 'chromium' } },
})
const rounds = Number(values.rounds)
if (!Number.isInteger(rounds) || rounds < 1 || !['chromium', 'electron'].includes(values.app)) {
  process.stderr.write('usage: npm run kills:device -- [--rounds N] [--app chromium|electron]\n')
  process.exit(2)
}
const say = (line: string) => process.stderr.write(`${new Date().toISOString().slice(11, 19)} ${line}\n`)

const folder = mkdtempSync(join(tmpdir(), 'meridian-device-kills-'))
const cluster = await startCluster({ samples: true })
const ends: (() => Promise<unknown>)[] = [() => cluster.stop()]
try {
  const outcome = await killDevice(await stageOf(values.app), rounds, say)
  process.stdout.write(`${values.app}: ${JSON.stringify(outcome)}\n`)
  const { lost, doubled, missingAtStart } = outcome
  if (lost.length + doubled.length + missingAtStart.length > 0) process.exitCode = 1
} finally {
  for (const end of ends.reverse()) await end()
  rmSync(folder, { recursive: true, force: true })
}

async function stageOf(app: string): Promise<DeviceStage> {
  const regions = cluster.ready.regions
  const http = regions['frankfurt']?.http ?? ''
  const account = { username: 'physician.nairobi', password: demoPassword }
  const servers = (act: 'stop' | 'start') =>
    Promise.all(
      Object.keys(regions).map((name) => cluster.control(`/regions/${name}/${act}`, { what: 'server' })),
    )
  const profile = join(folder, 'profile')
  if (app === 'chromium')
    return {
      http,
      servers,
      async open() {
        const browser = await startOwnChromium(profile)
        await browser.page.goto(`${regions['nairobi']?.http}/`)
        await signIn(browser.page, account)
        return browser
      },
    }
  await buildShell()
  const desktop = await openDesktop()
  ends.push(() => desktop.close())
  return {
    http,
    servers,
    async open() {
      const addresses = Object.entries(regions).map(([name, at]) => [name, { http: at.http, sync: at.sync }])
      const config = { region: 'nairobi', regions: Object.fromEntries(addresses) }
      const running = await desktop.start({ profile, config })
      await signIn(running.page, account)
      return running
    },
  }
}
