import { once } from 'node:events'
import { parseArgs } from 'node:util'
import { z } from 'zod'
import { builds, isStale, runBuild } from './build.ts'
import { openWindow, type RegionAddresses } from './window.ts'

/** `npm run app -- --region R [--cluster URL]`: one more window on a running cluster. */

const regionsShape = z.record(z.string(), z.strictObject({ http: z.url(), sync: z.url() }))
const usage = 'usage: npm run app -- --region R [--cluster URL]'
const say = (text: string) => process.stdout.write(`${text}\n`)

process.exit(await main())

async function main(): Promise<number> {
  const options = readOptions()
  if (typeof options === 'string') {
    say(options)
    return 2
  }
  const regions = await askForRegions(options.cluster)
  if (typeof regions === 'string') {
    say(regions)
    return 1
  }
  if (!regions[options.region]) {
    say(`${options.region} is no region of this cluster; it has ${Object.keys(regions).join(', ')}.`)
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
  const opened = await openWindow(options.region, regions)
  if ('address' in opened) {
    say(`No window is opened: ${opened.why}.\nOpen ${opened.address} in a browser.`)
    return 0
  }
  say(`The app opens on ${options.region}.${opened.note ? ` ${opened.note}` : ''}`)
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    process.on(signal, () => opened.window.kill('SIGTERM'))
  const [code] = await once(opened.window, 'exit')
  return code ?? 0
}

function readOptions(): { region: string; cluster: string } | string {
  try {
    const { region, cluster } = parseArgs({
      options: {
        region: { type: 'string' },
        cluster: { type: 'string', default: 'http://127.0.0.1:9000' },
      },
    }).values
    return region ? { region, cluster: cluster.replace(/\/$/, '') } : `--region is missing\n${usage}`
  } catch (error) {
    return `${(error as Error).message}\n${usage}`
  }
}

async function askForRegions(cluster: string): Promise<RegionAddresses | string> {
  try {
    const response = await fetch(`${cluster}/regions`, { signal: AbortSignal.timeout(5000) })
    return regionsShape.parse(await response.json())
  } catch (error) {
    return `No cluster answers at ${cluster} (${(error as Error).message}). Start one with "npm start", or name another by --cluster.`
  }
}
