import { parseArgs } from 'node:util'

/** What `npm run bench:device` was asked for. */
export type DeviceBenchArguments = {
  patients: number
  /** How often each thing is done that is quick enough to be done more than once. */
  rounds: number
  /** Folder of a cluster that is kept for the next run; a new one that is removed if left out. */
  data: string | undefined
  basePort: number | undefined
}

export const usage = 'npm run bench:device -- [--patients N] [--rounds N] [--data DIR] [--base-port N]'

/** A region hands over no more documents in one scope than 10,000, of which a patient has eight. */
const most = { patients: 1250, rounds: 100, basePort: 65_000 }

/** Reads the command line. `problem` says in one line what is wrong. */
export function parseArguments(
  argv: readonly string[],
): { arguments: DeviceBenchArguments } | { problem: string } {
  let values: { patients?: string; rounds?: string; data?: string; 'base-port'?: string }
  try {
    values = parseArgs({
      args: [...argv],
      allowPositionals: false,
      options: {
        patients: { type: 'string' },
        rounds: { type: 'string' },
        data: { type: 'string' },
        'base-port': { type: 'string' },
      },
    }).values
  } catch (error) {
    return { problem: error instanceof Error ? error.message : String(error) }
  }
  const patients = Number(values.patients ?? 1000)
  const rounds = Number(values.rounds ?? 20)
  const basePort = values['base-port'] === undefined ? undefined : Number(values['base-port'])
  for (const [name, value, least, limit] of [
    ['--patients', patients, 20, most.patients],
    ['--rounds', rounds, 1, most.rounds],
    ['--base-port', basePort ?? 10_000, 1024, most.basePort],
  ] as const)
    if (!Number.isInteger(value) || value < least || value > limit)
      return { problem: `${name}: is no number from ${least} to ${limit}` }
  return { arguments: { patients, rounds, data: values.data, basePort } }
}
