import { parseArgs } from 'node:util'
import { simulate } from './simulation.ts'

/**
 * `npm run simulate -- --seeds 5000 [--from 1] [--brief]` runs so many histories, brief ones as the unit tests do;
 * `--seed N [--brief] --trace` runs one and tells it. Status 1 if a promise was broken.
 */
const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '1000' },
    from: { type: 'string', default: '1' },
    seed: { type: 'string' },
    trace: { type: 'boolean', default: false },
    brief: { type: 'boolean', default: false },
    stop: { type: 'string', default: '5' },
  },
})

const from = Number(values.seed ?? values.from)
const many = values.seed === undefined ? Number(values.seeds) : 1
const began = performance.now()
let [events, acknowledged, slowest, failed] = [0, 0, 0, 0]
for (let seed = from; seed < from + many && failed < Number(values.stop); seed++) {
  const tell = values.trace ? (line: string) => console.log(line) : undefined
  const outcome = await simulate(seed, { isBrief: values.brief, tell })
  events += outcome.events
  acknowledged += outcome.acknowledged
  slowest = Math.max(slowest, outcome.healedIn)
  if (outcome.violations.length > 0) {
    failed += 1
    console.log(`seed ${seed} (${outcome.hash}): ${outcome.violations.length} violations`)
    for (const violation of outcome.violations.slice(0, 8)) console.log(`  ${violation}`)
    console.log(`  replay: npm run simulate -- --seed ${seed}${values.brief ? ' --brief' : ''} --trace`)
  }
  if (seed % 500 === 0) console.error(`… up to seed ${seed}: ${failed} failed`)
  if (values.seed !== undefined)
    console.log(`seed ${seed}: history ${outcome.hash}, ${outcome.events} events`)
}
const seconds = (performance.now() - began) / 1000
console.log(
  `${many} histories, ${failed} failed; ${acknowledged} acknowledged, ${events} events, healed within ${slowest} virtual ms; ${seconds.toFixed(1)} s`,
)
process.exitCode = failed > 0 ? 1 : 0
