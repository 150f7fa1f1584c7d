import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { demoPassword } from '../../sync-server/cluster/people.ts'
import { firstUnusable, highestBasePort, portsOfCluster } from '../../sync-server/cluster/ports.ts'
import { CHECKOUT } from '../desktop/app-arguments.ts'
import { type Ready, type RunningCluster, startCluster } from '../support/cluster.ts'
import { builds, isStale, runBuild } from './build.ts'
import { keepAlive } from './keep-alive.ts'
import { openWindow } from './window.ts'

/** `npm start`: builds what is not built, starts the regions, opens the app, and stays until Ctrl-C. */

const usualBasePort = 9000
const stopping = new AbortController()
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => stopping.abort())
const say = (text: string) => process.stdout.write(`${text}\n`)

process.exit(await main())

async function main(): Promise<number> {
  const options = readOptions()
  if (typeof options === 'string') {
    say(options)
    return 2
  }
  for (const build of builds.filter(isStale)) {
    say(`Building ${build.name} …`)
    const problem = runBuild(build)
    if (problem) {
      say(`${build.name} could not be built:\n${problem}`)
      return 1
    }
  }
  if (stopping.signal.aborted) return 0
  const basePort = options.basePort ?? (await nextFreeBase(options.regions.length))
  say(`Starting ${options.regions.join(', ')}; their data is in ${options.data} …`)
  const starting = startCluster({
    ...options,
    basePort,
    samples: true,
    progress: (line) => say(`  ${line}`),
    signal: stopping.signal,
  })
  return run(starting, options)
}

type Options = { data: string; basePort?: number; regions: string[]; window: boolean }

function readOptions(): Options | string {
  try {
    const { values } = parseArgs({
      options: {
        data: { type: 'string', default: resolve(CHECKOUT, 'data/cluster') },
        'base-port': { type: 'string' },
        regions: { type: 'string', default: 'frankfurt,london,nairobi' },
        'no-window': { type: 'boolean', default: false },
      },
    })
    const port = values['base-port']
    return {
      data: resolve(values.data),
      ...(port === undefined ? {} : { basePort: Number(port) }),
      regions: values.regions.split(','),
      window: !values['no-window'],
    }
  } catch (error) {
    return `${(error as Error).message}\nusage: npm start -- [--data DIR] [--base-port N] [--regions a,b,c] [--no-window]`
  }
}

/** 9000, else the next hundred on which all ports are free. */
async function nextFreeBase(regions: number): Promise<number> {
  const indexes = new Map(Array.from({ length: regions }, (_, i) => [`region ${i + 1}`, i]))
  for (let base = usualBasePort; base <= highestBasePort; base += 100)
    if (!(await firstUnusable(portsOfCluster(base, indexes).keys()))) return base
  return usualBasePort
}

async function run(starting: Promise<RunningCluster>, options: Options): Promise<number> {
  let cluster: RunningCluster
  try {
    cluster = await starting
  } catch (error) {
    if (stopping.signal.aborted) return 0
    say((error as Error).message)
    return 1
  }
  const region = options.regions[0]!
  const windows = options.window ? await open(region, cluster.ready) : []
  tellHow(cluster.ready, options.regions)
  const gone = cluster.ended.then((status) => {
    if (stopping.signal.aborted) return
    say(`The cluster command ended (${status}); see ${options.data}/logs.`)
    stopping.abort()
  })
  await keepAlive(cluster.control, say, stopping.signal)
  say('Stopping …')
  for (const window of windows) window.kill('SIGTERM')
  const status = await cluster.stop()
  await gone
  say(status === 0 ? 'Stopped; everything is kept for the next start.' : `The regions ended with ${status}.`)
  return status === 0 ? 0 : 1
}

async function open(region: string, ready: Ready) {
  const addresses = Object.fromEntries(
    Object.entries(ready.regions).map(([name, { http, sync }]) => [name, { http, sync }]),
  )
  const opened = await openWindow(region, addresses)
  if ('address' in opened) {
    say(`No window is opened: ${opened.why}.\nOpen ${opened.address} in a browser.`)
    return []
  }
  say(`The app opens on ${region}.${opened.note ? ` ${opened.note}` : ''}`)
  opened.window.once('exit', () => {
    if (!stopping.signal.aborted) say('The window was closed; the regions go on until Ctrl-C.')
  })
  opened.window.once('error', (error) => say(`The window could not be opened: ${error.message}`))
  return [opened.window]
}

function tellHow(ready: Ready, regions: readonly string[]): void {
  const other = regions.at(-1)!
  const usual = new URL(ready.control).port === String(usualBasePort)
  say(
    `
Sign in with password "${demoPassword}" as
  physician.frankfurt   nurse.frankfurt
  physician.london
  physician.nairobi     nurse.nairobi
  operator
A second window: npm run app -- --region ${other}${usual ? '' : ` --cluster ${ready.control}`}
The same in a browser: ${Object.entries(ready.regions)
      .map(([name, { http }]) => `${name} ${http}`)
      .join(', ')}
Ctrl-C stops everything.
`,
  )
}
