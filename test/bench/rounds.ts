import type { BenchArguments } from './arguments.ts'
import { within } from './load/waiting.ts'
import { measures } from './measures/all.ts'
import type { Found, Measure, MeasureContext } from './measures/measure.ts'
import { startMeridian } from './servers/meridian.ts'
import { startPeer } from './servers/peer.ts'
import type { ServerName } from './servers/server.ts'

/** One measure of one server in one round. */
export type Run = { round: number; server: ServerName; letter: string; seconds: number } & (
  | Found
  | { failed: string }
)

export type Outcome = {
  /** What exactly each server was. */
  what: { [server: string]: string }
  runs: Run[]
}

export type RoundsDeps = {
  /** First of 200 ports that are free. */
  basePort: number
  log(text: string): void
  /** Ends the rounds after the measure that is under way. */
  signal: AbortSignal
}

/** More than any measure takes, in milliseconds. */
const mostMs = 10 * 60_000
/** Behind the ports of a cluster of three regions. */
const peerPortOffset = 180

/**
 * Every round starts each server anew, one after the other, and takes all measures of it. Each round begins with another
 * server, so that none always has the machine as another one left it. A measure that fails is told and ends no round.
 */
export async function takeRounds(asked: BenchArguments, deps: RoundsDeps): Promise<Outcome> {
  const outcome: Outcome = { what: {}, runs: [] }
  for (let round = 1; round <= asked.rounds; round++)
    for (const name of rotated(asked.servers, round - 1)) {
      if (deps.signal.aborted) return outcome
      const chosen = measures.filter((m) => asked.letters.includes(m.letter))
      const runs = chosen.filter((m) => m.of === 'all' || name === 'meridian')
      if (runs.length > 0) await measureServer(name, runs, round, asked, deps, outcome)
    }
  return outcome
}

async function measureServer(
  name: ServerName,
  chosen: readonly Measure[],
  round: number,
  { quick }: BenchArguments,
  { basePort, log, signal }: RoundsDeps,
  outcome: Outcome,
): Promise<void> {
  log(`round ${round}: starting ${name}`)
  const meridian = name === 'meridian' ? await startMeridian(basePort, log) : undefined
  const server =
    meridian ?? (await startPeer(name as Exclude<ServerName, 'meridian'>, basePort + peerPortOffset))
  outcome.what[name] = server.what
  const late = () => undefined
  process.on('uncaughtException', late)
  try {
    for (const measure of chosen) {
      if (signal.aborted) return
      const context: MeasureContext = { quick, run: `${round}-${measure.letter}`, log }
      const began = performance.now()
      const found = await take(() =>
        measure.of === 'all' ? measure.run(server, context) : measure.run(meridian!, context),
      )
      const seconds = (performance.now() - began) / 1000
      outcome.runs.push({ round, server: name, letter: measure.letter, seconds, ...found })
      log(`round ${round}: ${name} (${measure.letter}) ${told(found)} [${seconds.toFixed(0)} s]`)
      // What a failed measure leaves running must not run into the next one.
      if ('failed' in found) await server.restart()
    }
  } finally {
    process.off('uncaughtException', late)
    await server.stop()
  }
}

/** What goes wrong in a listener, where nobody waits for it, is the measure's failure too. */
async function take(run: () => Promise<Found>): Promise<Found | { failed: string }> {
  let strike: (error: Error) => void = () => {}
  const struck = new Promise<never>((_, reject) => {
    strike = reject
  })
  process.on('uncaughtException', strike)
  try {
    return await within(mostMs, 'the measure', Promise.race([run(), struck]))
  } catch (error) {
    return { failed: (error as Error).message }
  } finally {
    process.off('uncaughtException', strike)
  }
}

function told(found: Found | { failed: string }): string {
  if ('failed' in found) return `failed: ${found.failed}`
  return Object.entries(found.values)
    .map(([metric, value]) => `${metric} ${value.toPrecision(4)}`)
    .join(', ')
}

function rotated<T>(list: readonly T[], by: number): T[] {
  return list.map((_, i) => list[(i + by) % list.length]!)
}
