import { resolve } from 'node:path'
import { parseArguments, usage } from './arguments.ts'
import { CannotStart } from './cannot-start.ts'
import { createCluster } from './cluster.ts'

export type CommandStreams = { out(text: string): void; err(text: string): void }

const checkout = resolve(import.meta.dirname, '../..')

/**
 * `npm run cluster`: one JSON line on stdout when every region is ready, everything else on stderr.
 * @param stop aborted when the cluster shall stop
 * @returns the exit status: 0 after a stop, 1 if it cannot start or cannot stop, 2 for unusable arguments
 */
export async function runCluster(
  argv: readonly string[],
  stop: AbortSignal,
  { out, err }: CommandStreams,
  serverEntry = resolve(checkout, 'sync-server/main.ts'),
): Promise<number> {
  const parsed = parseArguments(argv)
  if ('problem' in parsed) {
    err(`${parsed.problem}\nusage: ${usage}`)
    return 2
  }
  const cluster = createCluster({
    arguments: parsed.arguments,
    serverEntry,
    web: resolve(checkout, 'dist/renderer'),
    samples: resolve(checkout, 'samples'),
    progress: (text) => err(text),
  })
  const stopAsked = new Promise<'stop'>((done) => {
    if (stop.aborted) done('stop')
    stop.addEventListener('abort', () => done('stop'), { once: true })
  })
  try {
    const first = await Promise.race([stopAsked, cluster.start()])
    if (first !== 'stop') {
      out(first)
      await stopAsked
    }
  } catch (error) {
    await cluster.stop().catch((problem: unknown) => err(describe(problem)))
    err(describe(error))
    return 1
  }
  try {
    await cluster.stop()
    return 0
  } catch (error) {
    err(describe(error))
    return 1
  }
}

function describe(error: unknown): string {
  if (error instanceof CannotStart) return error.message
  return error instanceof Error ? (error.stack ?? error.message) : String(error)
}
