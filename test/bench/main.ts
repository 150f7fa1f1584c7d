import { mkdirSync, writeFileSync } from 'node:fs'
import { availableParallelism, cpus } from 'node:os'
import { dirname, resolve } from 'node:path'
import { firstUnusable } from '../../sync-server/cluster/ports.ts'
import { canPin, cores, pinLoad } from './affinity.ts'
import { parseArguments, usage } from './arguments.ts'
import { takeRounds } from './rounds.ts'
import { installPeer } from './servers/peer.ts'
import { linesOf, tableOf } from './table.ts'

/**
 * `npm run bench`: this server against `@y/websocket-server` and `@hocuspocus/server`, in one run on one machine. Prints a
 * table of medians and writes everything to `test-results/bench.json`. It asserts nothing: status 1 means that a measure
 * could not be taken, 2 that it was called with something unusable.
 */
const results = resolve(import.meta.dirname, '../../test-results/bench.json')
const firstPort = 20_000
const lastPort = 22_800
const log = (text: string) => process.stderr.write(`${text}\n`)

const parsed = parseArguments(process.argv.slice(2))
if ('problem' in parsed) {
  log(`${parsed.problem}\nusage: ${usage}`)
  process.exit(2)
}
const asked = parsed.arguments
const stop = new AbortController()
for (const signal of ['SIGTERM', 'SIGINT'] as const)
  process.on(signal, () => {
    log('ending after the measure that is under way')
    stop.abort()
  })

for (const name of asked.servers) if (name !== 'meridian') installPeer(name, log)
pinLoad()
if (canPin) log(`servers on core ${cores.server}, load on core ${cores.load}`)
else log('nothing is pinned to a core here: the numbers compare little')

const began = new Date()
const outcome = await takeRounds(asked, { basePort: await freeBasePort(), log, signal: stop.signal })
const lines = linesOf(outcome.runs)
mkdirSync(dirname(results), { recursive: true })
const machine = {
  cores: availableParallelism(),
  model: cpus()[0]?.model,
  node: process.version,
  pinned: canPin,
}
writeFileSync(
  results,
  `${JSON.stringify({ began, ended: new Date(), asked, machine, ...outcome, lines }, null, 2)}\n`,
)

const rounds = Math.max(0, ...outcome.runs.map(({ round }) => round))
process.stdout.write(
  `\nmedians of ${rounds} ${rounds === 1 ? 'round' : 'rounds'}${asked.quick ? ', quick: worth nothing' : ''}\n`,
)
for (const [name, what] of Object.entries(outcome.what)) process.stdout.write(`${name}: ${what}\n`)
process.stdout.write(`\n${tableOf(lines)}\n\neverything: ${results}\n`)
const failed = outcome.runs.filter((run) => 'failed' in run)
for (const run of failed)
  if ('failed' in run)
    process.stdout.write(`failed: ${run.server} (${run.letter}) in round ${run.round}: ${run.failed}\n`)
process.exit(failed.length > 0 ? 1 : 0)

async function freeBasePort(): Promise<number> {
  for (let base = firstPort; base <= lastPort; base += 200) {
    const ports = Array.from({ length: 200 }, (_, i) => base + i)
    if (!(await firstUnusable(ports))) return base
  }
  throw new Error(`no 200 free ports in a row from ${firstPort} to ${lastPort + 200}`)
}
