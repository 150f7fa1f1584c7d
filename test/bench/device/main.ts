import { mkdirSync, writeFileSync } from 'node:fs'
import { availableParallelism, cpus, loadavg } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { builds, isStale, runBuild } from '../../setup/build.ts'
import { parseArguments, usage } from './arguments.ts'
import { type Line, tableOf } from './line.ts'
import { firstFilling } from './measures/filling.ts'
import { memory } from './measures/footprint.ts'
import { keptList } from './measures/kept-list.ts'
import { saving } from './measures/saving.ts'
import { starting } from './measures/starting.ts'
import { typing } from './measures/typing.ts'
import { bytesIn, type Stage, setStage } from './stage.ts'

/**
 * `npm run bench:device`: what a clinician's device takes for a list of 1,000 patients, in a real browser on three real
 * regions, beside the same on a page that does nothing else. Prints a table and writes it to
 * `test-results/bench-device.json`. It asserts nothing: status 1 means that a measure could not be taken, 2 that it was
 * called with something unusable.
 */
const results = resolve(import.meta.dirname, '../../../test-results/bench-device.json')
const log = (text: string) => process.stderr.write(`${text}\n`)

const parsed = parseArguments(process.argv.slice(2))
if ('problem' in parsed) {
  log(`${parsed.problem}\nusage: ${usage}`)
  process.exit(2)
}
const asked = parsed.arguments
let stage: Stage | undefined
let stopped = false
for (const signal of ['SIGTERM', 'SIGINT'] as const)
  process.on(signal, () => {
    log('ending after the step that is under way')
    stopped = true
    void stage?.closeWindow()
  })

const app = builds.find(({ name }) => name === 'the app')
const wrong = app && isStale(app) ? runBuild(app) : undefined
if (wrong !== undefined) {
  log(wrong)
  process.exit(1)
}

const began = new Date()
const load = { before: loadavg()[0], after: Number.NaN }
const lines: Line[] = []
let failed: string | undefined
try {
  stage = await setStage(asked, log)
  await measure(stage)
} catch (error) {
  failed = error instanceof Error ? (error.stack ?? error.message) : String(error)
} finally {
  await stage?.close()
}
lines.sort((a, b) => (a.letter < b.letter ? -1 : a.letter > b.letter ? 1 : 0))
load.after = loadavg()[0] ?? Number.NaN
mkdirSync(dirname(results), { recursive: true })
const machine = { cores: availableParallelism(), model: cpus()[0]?.model, node: process.version, load }
writeFileSync(
  results,
  `${JSON.stringify({ began, ended: new Date(), asked, machine, lines, failed }, null, 2)}\n`,
)
const loads = [load.before, load.after].map((one) => one?.toFixed(1)).join(' before, ')
process.stdout.write(
  `\n${asked.patients} patients; ${machine.cores} cores, load ${loads} after\n\n${tableOf(lines)}\n\neverything: ${results}\n`,
)
if (failed !== undefined) process.stdout.write(`failed: ${failed}\n`)
process.exit(failed === undefined ? 0 : 1)

/** In an order in which each step finds what the one before left on the device. */
async function measure(on: Stage): Promise<void> {
  const step = async (what: string, act: () => Promise<readonly Line[]>) => {
    if (stopped) throw new Error('stopped')
    log(what)
    lines.push(...(await act()))
  }
  const store = join(on.profile, 'Default/IndexedDB')
  log('first filling of a new device')
  const { page, lines: filling } = await firstFilling(on, asked.patients)
  lines.push(...filling)
  await step('typing', () => typing(on, page, asked.rounds))
  await step('saving', () => saving(on, page, asked.rounds))
  await step('starting', () => starting(page, Math.min(asked.rounds, 10)))
  await step('memory', () => memory(on, page))
  await step('the kept list', () => keptList(on, Math.min(asked.rounds, 10)))
  await on.closeWindow()
  const bytes = bytesIn(store)
  lines.push({
    letter: 'd',
    label: 'disk for each patient',
    unit: 'KB',
    value: bytes / 1024 / asked.patients,
  })
}
