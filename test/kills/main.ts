import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { allSeries, type Outcome, runSeries, type Series } from './series.ts'
import { setStage } from './stage.ts'

/**
 * `npm run kills -- [--rounds 200] [--only server,postgres,receiver] [--base-port PORT]`: kills real processes straight after
 * an acknowledgement, again and again, and counts what is lost or doubled. Status 1 if anything is, or if it could not be
 * found out; 2 for unusable arguments. `receiver` stands for both series that kill in the receiving region.
 */
const usage = 'usage: npm run kills -- [--rounds N] [--only server,postgres,receiver] [--base-port PORT]'

const { rounds, series, basePort } = readArguments()
const say = (line: string) => process.stderr.write(`${new Date().toISOString().slice(11, 19)} ${line}\n`)
const outcomes: Outcome[] = []

const data = mkdtempSync(join(tmpdir(), 'meridian-kills-'))
try {
  await runAll()
} catch (error) {
  say(`given up: ${(error as Error).message}`)
  process.exitCode = 1
}
process.stdout.write(`${tableOf(outcomes)}\n`)
if (outcomes.some(({ lost, doubled, other }) => lost.length + doubled.length + other.length > 0))
  process.exitCode = 1
if (process.exitCode) say(`what the regions wrote and logged is kept in ${data}`)
else rmSync(data, { recursive: true })

async function runAll(): Promise<void> {
  const stop = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort())
  const stage = await setStage({ data, signal: stop.signal, ...(basePort === undefined ? {} : { basePort }) })
  // The cluster is in a session of its own: nobody else would end it.
  stop.signal.addEventListener('abort', () => void stage.stop().finally(() => process.exit(1)))
  try {
    for (const one of series) {
      const outcome = await runSeries(stage, one, rounds, say)
      outcomes.push(outcome)
      for (const kind of ['lost', 'doubled', 'other'] as const)
        for (const what of outcome[kind]) say(`${one}: ${kind}: ${what}`)
    }
  } finally {
    await stage.stop()
  }
}

function tableOf(outcomes: readonly Outcome[]): string {
  const head = [
    'killed',
    'rounds',
    'entries',
    'edits',
    'lost',
    'doubled',
    'other',
    'later',
    'on the way',
    's/round',
    'longest',
  ]
  const lines = outcomes.map((one) => [
    one.series,
    one.rounds,
    one.entries,
    one.edits,
    one.lost.length,
    one.doubled.length,
    one.other.length,
    one.later,
    `${one.onTheWay.stored} of ${one.onTheWay.sent}`,
    (one.seconds.reduce((sum, s) => sum + s, 0) / Math.max(1, one.seconds.length)).toFixed(1),
    Math.max(0, ...one.seconds).toFixed(1),
  ])
  const all = [head, ...lines].map((line) => line.map(String))
  const widths = head.map((_, i) => Math.max(...all.map((line) => line[i]!.length)))
  return all.map((line) => line.map((cell, i) => cell.padStart(widths[i]!)).join('  ')).join('\n')
}

function readArguments(): { rounds: number; series: Series[]; basePort: number | undefined } {
  try {
    const { values } = parseArgs({
      options: {
        rounds: { type: 'string', default: '200' },
        only: { type: 'string', default: 'server,postgres,receiver' },
        'base-port': { type: 'string' },
      },
    })
    const asked = values.only.split(',')
    const known = new Set<string>(['server', 'postgres', 'receiver'])
    const rounds = Number(values.rounds)
    const basePort = values['base-port'] === undefined ? undefined : Number(values['base-port'])
    if (asked.some((name) => !known.has(name)) || !Number.isInteger(rounds) || rounds < 1)
      throw new Error(usage)
    if (basePort !== undefined && !Number.isInteger(basePort)) throw new Error(usage)
    return { rounds, series: allSeries.filter((one) => asked.includes(one.split('-')[0]!)), basePort }
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n`)
    process.exit(2)
  }
}
