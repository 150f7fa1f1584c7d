import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { delimiter, dirname, join } from 'node:path'
import { type Browser, type BrowserContext, chromium } from 'playwright'

/**
 * A Chromium without a window: `MERIDIAN_CHROMIUM`, Playwright's own, one on the PATH; else Playwright is asked to
 * download its own. Rejects, saying what to do, if there is none to be had.
 */
export async function launchChromium(): Promise<Browser> {
  return chromium.launch({ executablePath: chromiumHere(), args: [...quietChromium] })
}

/** The same, with a folder in which the browser keeps what pages leave there: closed and launched again it is all there. */
export async function launchProfile(folder: string, args: readonly string[] = []): Promise<BrowserContext> {
  return chromium.launchPersistentContext(folder, {
    executablePath: chromiumHere(),
    args: [...quietChromium, ...args],
    viewport: { width: 1280, height: 800 },
    locale: 'en-US',
  })
}

/** Where it is. Throws, saying what to do, if there is none to be had. */
export function chromiumHere(): string {
  const executablePath = findChromium() ?? downloadChromium()
  if (executablePath === undefined)
    throw new Error(
      'There is no Chromium here: install one, or name it in MERIDIAN_CHROMIUM, or let "npx playwright install chromium" reach its host.',
    )
  return executablePath
}

/** Asks nothing of hosts outside and works in containers. */
export const quietChromium: readonly string[] = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--disable-quic',
  '--no-first-run',
]

function findChromium(): string | undefined {
  const names = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable']
  const folders = (process.env['PATH'] ?? '').split(delimiter).filter(Boolean)
  return [
    process.env['MERIDIAN_CHROMIUM'] ?? '',
    chromium.executablePath(),
    ...folders.flatMap((folder) => names.map((name) => join(folder, name))),
    '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
    '/Applications/Chromium.app/Contents/MacOS/Chromium',
  ].find((path) => path !== '' && existsSync(path))
}

function downloadChromium(): string | undefined {
  const cli = join(dirname(createRequire(import.meta.url).resolve('playwright/package.json')), 'cli.js')
  spawnSync(process.execPath, [cli, 'install', 'chromium'], { stdio: 'ignore', timeout: 180_000 })
  return existsSync(chromium.executablePath()) ? chromium.executablePath() : undefined
}
