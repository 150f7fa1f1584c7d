import { parseArgs } from 'node:util'
import { runHistory } from './history.ts'

/** `npm run history -- [--minutes 10] [--seed N] [--base-port PORT]`. Status 1 if anything is wrong, 2 for unusable arguments. */
const usage = 'usage: npm run history -- [--minutes N] [--seed N] [--base-port PORT]'

const { minutes, seed, basePort } = readArguments()
const say = (line: string) => process.stderr.write(`${new Date().toISOString().slice(11, 19)} ${line}\n`)
say(`seed ${seed}, ${minutes} minutes`)
const report = await runHistory({
  seconds: minutes * 60,
  seed,
  ...(basePort === undefined ? {} : { basePort }),
  log: say,
})
const { violations, ...rest } = report
process.stdout.write(`${JSON.stringify(rest, null, 2)}\n`)
for (const violation of violations.slice(0, 50)) process.stdout.write(`WRONG: ${violation}\n`)
process.stdout.write(`${violations.length} wrong\n`)
process.exitCode = violations.length > 0 ? 1 : 0

function readArguments(): { minutes: number; seed: number; basePort: number | undefined } {
  try {
    const { values } = parseArgs({
      options: {
        minutes: { type: 'string', default: '10' },
        seed: { type: 'string', default: String(Date.now() % 1_000_000) },
        'base-port': { type: 'string' },
      },
    })
    const numbers = [values.minutes, values.seed, values['base-port'] ?? '1'].map(Number)
    if (numbers.some((value) => !(value > 0))) throw new Error(usage)
    return {
      minutes: numbers[0]!,
      seed: numbers[1]!,
      basePort: values['base-port'] === undefined ? undefined : numbers[2]!,
    }
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n`)
    process.exit(2)
  }
}
