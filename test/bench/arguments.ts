import { parseArgs } from 'node:util'
import { measures } from './measures/all.ts'
import { type ServerName, serverNames } from './servers/server.ts'

/** What `npm run bench` was asked for. */
export type BenchArguments = {
  rounds: number
  /** Letters of the measures to take. */
  letters: string[]
  servers: ServerName[]
  quick: boolean
}

export const usage =
  'npm run bench -- [--rounds N] [--only a,b,…] [--servers meridian,y-websocket,hocuspocus] [--quick]'

const mostRounds = 100

/** Reads the command line. `problem` says in one line what is wrong. */
export function parseArguments(argv: readonly string[]): { arguments: BenchArguments } | { problem: string } {
  let values: { rounds?: string; only?: string; servers?: string; quick?: boolean }
  try {
    values = parseArgs({
      args: [...argv],
      allowPositionals: false,
      options: {
        rounds: { type: 'string' },
        only: { type: 'string' },
        servers: { type: 'string' },
        quick: { type: 'boolean' },
      },
    }).values
  } catch (error) {
    return { problem: (error as Error).message }
  }
  const quick = values.quick ?? false
  const rounds = Number(values.rounds ?? (quick ? 1 : 3))
  if (!Number.isInteger(rounds) || rounds < 1 || rounds > mostRounds)
    return { problem: `--rounds ${values.rounds}: is no number from 1 to ${mostRounds}` }
  const known = measures.map(({ letter }) => letter).sort()
  const letters = values.only?.split(',') ?? known
  const strange = letters.find((letter) => !known.includes(letter))
  if (strange !== undefined) return { problem: `--only: "${strange}" is none of ${known.join(', ')}` }
  const servers: ServerName[] = []
  for (const name of values.servers?.split(',') ?? serverNames) {
    const found = serverNames.find((one) => one === name)
    if (!found) return { problem: `--servers: "${name}" is none of ${serverNames.join(', ')}` }
    servers.push(found)
  }
  return { arguments: { rounds, letters, servers, quick } }
}
