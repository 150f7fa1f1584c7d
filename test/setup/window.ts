import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, mkdirSync } from 'node:fs'
import { delimiter, join, resolve } from 'node:path'
import { appArguments, appEnvironment, CHECKOUT, needsNoSandbox } from '../desktop/app-arguments.ts'
import { findElectron } from '../desktop/electron-binary.ts'

/** One window of the app on a region of a running cluster: in Electron, else in a browser, else an address to open. */

export type RegionAddresses = { [region: string]: { http: string; sync: string } }

export type Opened =
  | { window: ChildProcess; note?: string }
  /** There is no screen, or nothing that could show a window. */
  | { address: string; why: string }

export async function openWindow(region: string, regions: RegionAddresses): Promise<Opened> {
  const own = regions[region]
  if (!own) throw new Error(`${region} is none of ${Object.keys(regions).join(', ')}`)
  if (!hasScreen()) return { address: own.http, why: 'there is no screen here' }
  // One profile for each region: two windows share neither storage nor session.
  const profile = resolve(CHECKOUT, 'data/windows', region)
  mkdirSync(profile, { recursive: true, mode: 0o700 })
  const electron = await findElectron()
  if (!('missing' in electron)) {
    const window = start(
      electron.path,
      appArguments({ profile, config: { region, regions } }),
      appEnvironment({ profile }),
    )
    return electron.source === 'fallback'
      ? { window, note: `This is Electron ${electron.version}, a stand-in for development only.` }
      : { window }
  }
  const browser = findBrowser()
  if (!browser) return { address: own.http, why: electron.missing }
  const args = [`--app=${own.http}/`, `--user-data-dir=${profile}-browser`, '--no-first-run']
  const window = start(browser, needsNoSandbox() ? ['--no-sandbox', ...args] : args, process.env)
  return { window, note: `There is no Electron (${electron.missing}); this is the web edition.` }
}

/** In a process group of its own: Ctrl-C ends it by our hand, in its turn. */
function start(program: string, args: readonly string[], env: NodeJS.ProcessEnv): ChildProcess {
  return spawn(program, args, { cwd: CHECKOUT, env, detached: true, stdio: 'ignore' })
}

function hasScreen(): boolean {
  if (process.platform !== 'linux') return true
  return Boolean(process.env['DISPLAY'] || process.env['WAYLAND_DISPLAY'])
}

function findBrowser(): string | undefined {
  const names = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable']
  const folders = (process.env['PATH'] ?? '').split(delimiter).filter(Boolean)
  return [
    ...folders.flatMap((folder) => names.map((name) => join(folder, name))),
    '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
    '/Applications/Chromium.app/Contents/MacOS/Chromium',
  ].find((path) => existsSync(path))
}
