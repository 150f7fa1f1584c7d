import pino, { type DestinationStream, type Logger } from 'pino'

export type { Logger }

/**
 * Logs of one region: JSON lines on stdout. Callers pass ids of documents, entries and regions only: never patient
 * data, tokens, or addresses with a query. The redaction is a second net, not the first.
 *
 * @param destination where lines go; stdout if left out.
 */
export function createLogger(
  { region, level = 'info' }: { region: string; level?: string },
  destination?: DestinationStream,
): Logger {
  const options = {
    level,
    base: { region, pid: process.pid },
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
    redact: {
      paths: ['token', 'password', 'authorization', 'headers', '*.token', '*.password', '*.authorization'],
      censor: '[removed]',
    },
  }
  return pino(options, destination ?? standardOutput())
}

/** Lines that cannot be written, on a full disk for example, are lost: no log is worth the end of a region. */
function standardOutput(): DestinationStream {
  const stream = pino.destination({ dest: 1, sync: true, maxLength: 1024 * 1024 })
  stream.on('error', () => {})
  return stream
}

/** What may be logged of an error: its name, message and code; never the values that it carries. */
export function plainError(error: unknown): { name: string; message: string; code?: string } {
  if (!(error instanceof Error)) return { name: 'unknown', message: 'a value that is no error was thrown' }
  const code = 'code' in error && typeof error.code === 'string' ? error.code : undefined
  return { name: error.name, message: error.message, ...(code === undefined ? {} : { code }) }
}
