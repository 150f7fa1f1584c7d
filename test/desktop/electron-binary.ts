import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { homedir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { FALLBACK_VERSION, fallbackFits, provideFallback } from './electron-fallback.ts'
import { provideLibraries } from './system-packages.ts'

const run = promisify(execFile)

/** An Electron that can be started. `fallback` is for development and tests, never for users. */
export interface FoundElectron {
  readonly path: string
  readonly source: 'override' | 'npm' | 'fallback'
  readonly version: string
}

/** How long a failed download of npm's Electron is remembered, in milliseconds: a day. */
const FAILURE_KEPT_MS = 24 * 60 * 60 * 1000

/**
 * Finds a real Electron, fetching one if need be: `ELECTRON_OVERRIDE_DIST_PATH`, else the one of the npm
 * package, else on Linux x64 the fallback. Says on stderr what it fetches. `missing` says why there is none
 * and what to do.
 *
 * The environment: `ELECTRON_OVERRIDE_DIST_PATH` is a folder with an Electron in it, `MERIDIAN_CACHE` the
 * folder to keep things in between checkouts (default `~/.cache/meridian`).
 */
export async function findElectron(
  env: Readonly<Record<string, string | undefined>> = process.env,
): Promise<FoundElectron | { readonly missing: string }> {
  const cache = resolve(env['MERIDIAN_CACHE'] || join(homedir(), '.cache/meridian'))
  const found = await look(env['ELECTRON_OVERRIDE_DIST_PATH'], cache)
  if ('missing' in found) return found
  const problem = await provideLibraries(found.path)
  return problem === null ? found : { missing: problem }
}

async function look(
  override: string | undefined,
  cache: string,
): Promise<FoundElectron | { missing: string }> {
  if (override) return fromOverride(override)
  const npm = await fromNpm(cache)
  if (!('missing' in npm)) return npm
  if (!fallbackFits()) return npm
  const fallback = await provideFallback(cache)
  if ('missing' in fallback) return { missing: `${npm.missing}\n${fallback.missing}` }
  return { path: fallback.path, source: 'fallback', version: FALLBACK_VERSION }
}

async function fromOverride(folder: string): Promise<FoundElectron | { missing: string }> {
  const path = resolve(folder, binaryName())
  if (!existsSync(path)) {
    return {
      missing: `ELECTRON_OVERRIDE_DIST_PATH is ${folder}, and there is no ${path}. Correct or unset it.`,
    }
  }
  return { path, source: 'override', version: await versionIn(resolve(folder)) }
}

/** The npm package comes without its binary, which `npx install-electron` fetches from a host of its own. */
async function fromNpm(cache: string): Promise<FoundElectron | { missing: string }> {
  let folder: string
  try {
    folder = dirname(createRequire(import.meta.url).resolve('electron/package.json'))
  } catch {
    return { missing: "The npm package 'electron' is not installed. Run 'npm ci'." }
  }
  const version = String(JSON.parse(await readFile(join(folder, 'package.json'), 'utf8')).version)
  const found: FoundElectron = { path: join(folder, 'dist', binaryName()), source: 'npm', version }
  if (isComplete(folder)) return found

  const failure = join(cache, `electron-npm-${version}.failed`)
  const missing = `Electron ${version} is not here. 'npx install-electron' fetches it.`
  if (await isFresh(failure)) return { missing }
  console.error(`Fetching Electron ${version} ('npx install-electron') …`)
  try {
    // Where there is a fallback, a slow or closed network should not hold up the tests for long.
    const timeout = fallbackFits() ? 20_000 : 600_000
    await run(process.execPath, [join(folder, 'install.js')], { timeout, killSignal: 'SIGKILL' })
  } catch (error) {
    await rm(join(folder, 'dist'), { recursive: true, force: true })
    await mkdir(cache, { recursive: true })
    await writeFile(failure, `${error instanceof Error ? error.message : error}\n`)
    console.error(`It can't be had from here. Not tried again for a day, or until ${failure} is gone.`)
    return { missing }
  }
  return isComplete(folder) ? found : { missing }
}

/** The installer writes path.txt last. */
function isComplete(folder: string): boolean {
  return existsSync(join(folder, 'path.txt')) && existsSync(join(folder, 'dist', binaryName()))
}

async function isFresh(file: string): Promise<boolean> {
  const written = await stat(file).then(
    ({ mtimeMs }) => mtimeMs,
    () => Number.NEGATIVE_INFINITY,
  )
  return Date.now() - written < FAILURE_KEPT_MS
}

async function versionIn(folder: string): Promise<string> {
  const text = await readFile(join(folder, 'version'), 'utf8').catch(() => 'unknown')
  return text.trim().replace(/^v/, '')
}

function binaryName(): string {
  if (process.platform === 'darwin') return 'Electron.app/Contents/MacOS/Electron'
  return process.platform === 'win32' ? 'electron.exe' : 'electron'
}
