import { parseArgs } from 'node:util'
import { regionPattern } from '../../domain/entries/origin.ts'
import { highestBasePort, mostRegions } from './ports.ts'

/** What `npm run cluster` was asked for. */
export type ClusterArguments = {
  /** Folder of the cluster's data, as given. */
  data: string
  /** First of the ports; the cluster stays within base + 200. */
  basePort: number
  regions: string[]
  mode: 'static'
  samples: boolean
}

export const usage =
  'npm run cluster -- --data DIR --base-port N [--regions a,b,c] [--mode auto|static|quorum] [--no-samples]'

const defaultRegions = 'frankfurt,london,nairobi'
/** Names that stand for something else on the control port or in the data folder. */
const taken = new Set(['devices', 'partners', 'logs', 'lock'])

/** Reads the command line. `problem` says in one line what is wrong and what to write instead. */
export function parseArguments(
  argv: readonly string[],
): { arguments: ClusterArguments } | { problem: string } {
  const parsed = readOptions(argv)
  if (typeof parsed === 'string') return { problem: parsed }
  if (!parsed.data) return { problem: '--data is missing: the folder that keeps the cluster' }
  const basePort = readBasePort(parsed['base-port'])
  if (typeof basePort === 'string') return { problem: basePort }
  const regions = readRegions(parsed.regions)
  if (typeof regions === 'string') return { problem: regions }
  const mode = readMode(parsed.mode)
  if (mode !== 'static') return { problem: mode.problem }
  return { arguments: { data: parsed.data, basePort, regions, mode, samples: !parsed['no-samples'] } }
}

function readOptions(argv: readonly string[]) {
  try {
    return parseArgs({
      args: [...argv],
      allowPositionals: false,
      options: {
        data: { type: 'string' },
        'base-port': { type: 'string' },
        regions: { type: 'string', default: defaultRegions },
        mode: { type: 'string', default: 'auto' },
        'no-samples': { type: 'boolean', default: false },
      },
    }).values
  } catch (error) {
    return (error as Error).message
  }
}

function readBasePort(text: string | undefined): number | string {
  if (text === undefined) return '--base-port is missing: the first of the ports that the cluster uses'
  const port = /^\d{1,5}$/.test(text) ? Number(text) : 0
  if (port < 1 || port > highestBasePort)
    return `--base-port ${text}: is no number from 1 to ${highestBasePort} (the cluster uses ports up to base + 200)`
  return port
}

function readRegions(text: string): string[] | string {
  const names = text.split(',').map((name) => name.trim())
  for (const name of names) {
    if (!regionPattern.test(name))
      return `--regions: "${name}" is no region; a region is lower-case letters, digits and -, at most 32`
    if (taken.has(name)) return `--regions: "${name}" is a name that the cluster uses for something else`
  }
  if (new Set(names).size !== names.length) return '--regions: a region is listed twice'
  if (names.length > mostRegions)
    return `--regions: ${names.length} regions; a cluster has at most ${mostRegions}`
  return names
}

function readMode(text: string): 'static' | { problem: string } {
  if (text === 'static' || text === 'auto') return 'static'
  if (text === 'quorum')
    return { problem: '--mode quorum is not built yet: use --mode static, or auto, which is static for now' }
  return { problem: `--mode ${text}: is none of auto, static, quorum` }
}
