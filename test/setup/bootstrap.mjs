// `npm start`, `npm test`, `npm run app` on a bare machine: plain JavaScript that any Node ≥ 20 runs without
// node_modules. It makes sure that the packages are there, then hands over to the pinned Node.
import { spawn, spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { constants } from 'node:os'
import { delimiter, join, resolve } from 'node:path'

const checkout = resolve(import.meta.dirname ?? new URL('.', import.meta.url).pathname, '../..')
const modules = join(checkout, 'node_modules')
const commands = ['start', 'test', 'app']

const [command, ...rest] = process.argv.slice(2)
if (!commands.includes(command)) stop(2, `bootstrap.mjs: "${command}" is none of ${commands.join(', ')}`)
if (Number(process.versions.node.split('.')[0]) < 20)
  stop(1, `Node ${process.versions.node} is too old: Meridian needs Node 20 or newer to begin with.`)

const outdated = whatIsOutdated()
if (outdated) installModules(outdated)
provideSystemPackages(command)
handOver(join(checkout, 'test/setup', `${command}.ts`), rest)

/** Why node_modules has to be installed, or undefined if it is what package-lock.json says. */
function whatIsOutdated() {
  const wanted = readPackages(join(checkout, 'package-lock.json'))
  const present = readPackages(join(modules, '.package-lock.json'))
  if (!wanted) stop(1, `${join(checkout, 'package-lock.json')} cannot be read; restore it.`)
  if (!present || !existsSync(nodeBinary())) return 'the packages are not installed'
  for (const [path, { version, optional }] of Object.entries(wanted)) {
    if (path === '' || (optional && !present[path])) continue
    if (present[path]?.version !== version) return `${path.replace(/.*node_modules\//, '')} is not ${version}`
  }
  return undefined
}

function readPackages(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8')).packages
  } catch {
    return undefined
  }
}

function installModules(why) {
  say(`Installing the npm packages (${why}) with "npm ci"; this takes a minute or two.`)
  // npm ci removes node_modules: it must not run on the Node that lies in there.
  const path = (process.env.PATH ?? '')
    .split(delimiter)
    .filter((part) => !part.endsWith(join('node_modules', '.bin')))
  const npm = spawnSync('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: checkout,
    env: { ...process.env, PATH: path.join(delimiter) },
    stdio: 'inherit',
    shell: process.platform === 'win32',
  })
  if (npm.status !== 0)
    stop(1, '"npm ci" did not succeed; its message is above. Correct that and start again.')
}

/** Programs and libraries that no npm package brings, for windows and the tests of windows. */
function provideSystemPackages(command) {
  const missing = process.platform === 'linux' ? missingPackages(command) : []
  if (missing.length === 0) return
  const list = missing.map(({ name, why }) => `  ${name}: ${why}`).join('\n')
  const debian = runs('apt-get', '--version') && runs('dpkg-query', '--version')
  if (!debian || process.getuid() !== 0) {
    const how = debian
      ? `: sudo apt-get install ${missing.map(({ name }) => name).join(' ')}`
      : ' with your package manager'
    say(
      `These system packages are missing; without them some things are left out or fail. Install them${how}\n${list}`,
    )
    return
  }
  say(`Installing system packages that are missing:\n${list}`)
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
  const apt = (...args) =>
    spawnSync('apt-get', args, { env, stdio: ['ignore', 'ignore', 'inherit'] }).status === 0
  if (!apt('update', '-qq')) say('"apt-get update" did not succeed; trying with the lists that are there.')
  const names = missing.map(({ name }) => nameHere(name))
  if (!apt('install', '-y', '-qq', '--no-install-recommends', ...names))
    say(`"apt-get install ${names.join(' ')}" did not succeed; going on without.`)
}

function missingPackages(command) {
  const display = process.env.DISPLAY || process.env.WAYLAND_DISPLAY
  // Without a screen there is no window to open, and start says the address instead.
  if (command !== 'test' && !display) return []
  const electronNeeds = ['libgtk-3-0', 'libnss3', 'libasound2', 'libgbm1']
  const missing = electronNeeds
    .filter((name) => !isInstalled(name))
    .map((name) => ({ name, why: 'a library of Electron, which shows the app' }))
  if (!runs('python3', '-m', 'pip', '--version'))
    missing.push({
      name: 'python3-pip',
      why: 'fetches a stand-in where Electron itself cannot be downloaded',
    })
  const needsBrowser = command === 'test' || process.arch !== 'x64'
  if (needsBrowser && !['chromium', 'chromium-browser', 'google-chrome'].some((name) => isCommand(name)))
    missing.push({ name: 'chromium', why: 'the browser of the web edition' })
  if (command === 'test' && !display) {
    if (!isCommand('Xvfb')) missing.push({ name: 'xvfb', why: 'a screen for windows that nobody looks at' })
    if (!isCommand('xauth')) missing.push({ name: 'xauth', why: 'access to that screen' })
  }
  return missing
}

/** Newer Debian and Ubuntu renamed some libraries (64-bit time). */
function isInstalled(name) {
  return [name, `${name}t64`].some((each) => {
    const query = spawnSync('dpkg-query', ['-s', each], { encoding: 'utf8' })
    return query.status === 0 && query.stdout.includes('install ok installed')
  })
}

function nameHere(name) {
  return spawnSync('apt-cache', ['show', `${name}t64`]).status === 0 ? `${name}t64` : name
}

function isCommand(name) {
  return (process.env.PATH ?? '').split(delimiter).some((folder) => folder && existsSync(join(folder, name)))
}

function runs(program, ...args) {
  return spawnSync(program, args, { stdio: 'ignore' }).status === 0
}

function nodeBinary() {
  return join(modules, '.bin', process.platform === 'win32' ? 'node.exe' : 'node')
}

/** As `exec` would: signals go on to the program, and its status is ours. */
function handOver(file, args) {
  const path = [join(modules, '.bin'), process.env.PATH ?? ''].join(delimiter)
  const child = spawn(nodeBinary(), [file, ...args], {
    cwd: checkout,
    env: { ...process.env, PATH: path },
    stdio: 'inherit',
  })
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal))
  child.once('error', (error) => stop(1, `${nodeBinary()} cannot be run: ${error.message}`))
  child.once('exit', (code, signal) => process.exit(code ?? 128 + constants.signals[signal]))
}

function say(text) {
  process.stderr.write(`${text}\n`)
}

function stop(status, text) {
  say(text)
  process.exit(status)
}
