import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { provideXvfb } from './system-packages.ts'

/** A place for windows. */
export interface Display {
  /** What a program that opens windows needs in its environment. */
  readonly env: Readonly<Record<string, string>>
  /** Ends what `openDisplay` started, and nothing else. */
  close(): Promise<void>
}

/** How long an X server may take to say that it is ready, in milliseconds. */
const START_TIMEOUT_MS = 20_000

/** The display that is there, else an X server of our own that no one sees, 1920 × 1080. */
export async function openDisplay(): Promise<Display> {
  if (process.platform !== 'linux' || process.env['DISPLAY']) return { env: {}, close: async () => {} }
  const problem = await provideXvfb()
  if (problem !== null) throw new Error(problem)
  // It picks a free number itself and writes it to file descriptor 3 once it takes connections.
  const server = spawn('Xvfb', ['-displayfd', '3', '-screen', '0', '1920x1080x24', '-nolisten', 'tcp'], {
    stdio: ['ignore', 'ignore', 'ignore', 'pipe'],
  })
  const number = await displayNumber(server)
  return {
    env: { DISPLAY: `:${number}` },
    async close() {
      if (server.exitCode !== null || server.signalCode !== null) return
      server.kill('SIGTERM')
      await once(server, 'exit')
    },
  }
}

async function displayNumber(server: ChildProcess): Promise<string> {
  const pipe = server.stdio[3]
  if (pipe === null || pipe === undefined || !('read' in pipe))
    throw new Error('Xvfb has no pipe to answer on.')
  const timeout = AbortSignal.timeout(START_TIMEOUT_MS)
  try {
    const [data] = await Promise.race([
      once(pipe, 'data', { signal: timeout }),
      once(server, 'exit', { signal: timeout }).then(([code]) => {
        throw new Error(`it ended with status ${code}`)
      }),
    ])
    return String(data).trim()
  } catch (error) {
    server.kill('SIGKILL')
    throw new Error(`Xvfb did not start: ${error instanceof Error ? error.message : error}`)
  }
}
