import { parseArgs } from 'node:util'
import { simulateDevice } from './history.ts'

/**
 * `npm run simulate:device -- --seeds 5000 [--from 1]` runs so many histories of a device; `--seed N --trace` runs one and
 * tells it. Status 1 if a promise was broken.
 */
const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '1000' },
    from: { type: 'string', default: '1' },
    seed: { type: 'string' },
    trace: { type: 'boolean', default: false },
    stop: { type: 'string', default: '5' },
  },
})

const from = Number(values.seed ?? values.from)
const many = values.seed === undefined ? Number(values.seeds) : 1
const began = performance.now()
let failed = 0
const sum = { events: 0, kept: 0, parked: 0, moves: 0, kills: 0 }
for (let seed = from; seed < from + many && failed < Number(values.stop); seed++) {
  const outcome = await simulateDevice(seed, values.trace ? (line) => console.log(line) : undefined)
  for (const key of Object.keys(sum) as (keyof typeof sum)[]) sum[key] += outcome[key]
  if (outcome.violations.length > 0) {
    failed += 1
    console.log(`seed ${seed} (${outcome.hash}): ${outcome.violations.length} violations`)
    for (const violation of outcome.violations.slice(0, 8)) console.log(`  ${violation}`)
    console.log(`  replay: npm run simulate:device -- --seed ${seed} --trace`)
  }
  if (seed % 500 === 0) console.error(`… up to seed ${seed}: ${failed} failed`)
}
const seconds = (performance.now() - began) / 1000
console.log(
  `${many} histories, ${failed} failed; ${sum.kept} changes kept, ${sum.parked} of them refused for good, ${sum.kills} windows killed, ${sum.moves} moves to another region, ${sum.events} events; ${seconds.toFixed(1)} s`,
)
process.exitCode = failed > 0 ? 1 : 0
