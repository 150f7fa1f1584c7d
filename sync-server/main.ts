import { parseArgs } from 'node:util'
import { ConfigError, loadConfig, type RegionConfig } from './config/config.ts'
import { outliveLostStatements } from './lost-statements.ts'
import { createLogger, plainError } from './observability/logger.ts'
import { startRegion } from './region.ts'
import { UnfitDatabase } from './store/database.ts'
import { UnusableStateFolder } from './store/witness.ts'

/**
 * `meridian-server --config FILE`: one region. SIGTERM and SIGINT end it with status 0 when everything under way is
 * finished. Status 1: it could not start, or another process of the region has taken over; 2: it was called with something unusable.
 */
const usage = 'usage: meridian-server --config FILE'

const mostMsToMakeRoom = 3000

const config = readConfig()
const logger = createLogger({ region: config.region })
const stop = new AbortController()
outliveLostStatements((message) => logger.warn(message))
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => stop.abort())

try {
  const region = await startRegion(config, logger, stop.signal, endOvertaken)
  await aborted(stop.signal)
  await region.close()
  logger.info('the region is closed')
} catch (error) {
  if (!stop.signal.aborted) {
    logger.fatal(
      { error: plainError(error) },
      error instanceof UnfitDatabase || error instanceof UnusableStateFolder
        ? error.message
        : 'the region could not start',
    )
    process.exitCode = 1
  }
}

/**
 * Two writers of one region would contradict each other: this one makes room, at once, because what it knows is old. Started
 * again, it stands by.
 */
function endOvertaken(why: string): void {
  if (stop.signal.aborted) return
  logger.fatal(`${why}: this process ends; started again, it stands by`)
  process.exitCode = 1
  stop.abort()
  setTimeout(() => process.exit(), mostMsToMakeRoom).unref()
}

function readConfig(): RegionConfig {
  try {
    const { values } = parseArgs({ options: { config: { type: 'string' } } })
    if (values.config === undefined) throw new ConfigError(usage)
    return loadConfig(values.config, process.env)
  } catch (error) {
    process.stderr.write(
      `${error instanceof ConfigError ? error.message : `${(error as Error).message}\n${usage}`}\n`,
    )
    process.exit(2)
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve()
    signal.addEventListener('abort', () => resolve(), { once: true })
  })
}
