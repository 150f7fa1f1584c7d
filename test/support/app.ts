import type { BrowserContextOptions, Page } from 'playwright'
import { afterAll, afterEach, beforeAll } from 'vitest'
import { launchChromium } from './browser.ts'
import { type RunningCluster, startCluster } from './cluster.ts'
import { demoPassword, findAndOpen, signIn } from './story.ts'

/**
 * The app in a browser on the real cluster, for the tests of one file: three regions, the sample patients, the built web
 * edition. To be called once, at the head of the file.
 */
export function appOnCluster() {
  let cluster: RunningCluster
  let browser: Awaited<ReturnType<typeof launchChromium>>
  /** What the pages threw, or broke of their content security policy. */
  const complaints: string[] = []
  let made = 0

  beforeAll(async () => {
    ;[cluster, browser] = await Promise.all([startCluster({ samples: true }), launchChromium()])
  })
  afterAll(async () => {
    await browser?.close()
    await cluster?.stop()
  })
  afterEach(async () => {
    for (const context of browser.contexts()) await context.close()
  })

  async function newContext(options: BrowserContextOptions = {}) {
    return browser.newContext({
      viewport: { width: 1280, height: 800 },
      locale: 'en-US',
      timezoneId: 'America/New_York',
      reducedMotion: 'reduce',
      ...options,
    })
  }

  /** A new page of a context, as a region hands it out. */
  async function openPage(context: Awaited<ReturnType<typeof newContext>>, region: string): Promise<Page> {
    const page = await context.newPage()
    page.on('pageerror', (error) => complaints.push(error.message))
    page.on('console', (message) => {
      if (/content security policy/i.test(message.text())) complaints.push(message.text())
    })
    await page.goto(`${cluster.ready.regions[region]?.http}/`)
    return page
  }

  async function openWindow(region: string, options: BrowserContextOptions = {}): Promise<Page> {
    return openPage(await newContext(options), region)
  }

  const physician = (region: string) => ({ username: `physician.${region}`, password: demoPassword })

  async function openChart(
    region: string,
    query: string,
    options: BrowserContextOptions = {},
  ): Promise<Page> {
    const page = await openWindow(region, options)
    await signIn(page, physician(region))
    await findAndOpen(page, query)
    return page
  }

  return {
    complaints,
    newContext,
    openPage,
    openWindow,
    openChart,
    physician,
    /** A substance that no patient has yet. */
    substance: () => `Testolamine ${String.fromCharCode(65 + made++)}`,
    /** HTTP address of a region. */
    http: (region: string) => cluster.ready.regions[region]?.http ?? '',
    control: (path: string, body?: object) => cluster.control(path, body),
    /** Every region's server at once. */
    servers: (act: 'stop' | 'start') =>
      Promise.all(
        Object.keys(cluster.ready.regions).map((region) =>
          cluster.control(`/regions/${region}/${act}`, { what: 'server' }),
        ),
      ),
  }
}
