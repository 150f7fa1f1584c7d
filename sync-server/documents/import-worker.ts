import { parentPort } from 'node:worker_threads'
import { type ImportSummary, openReading, type Reading, type UnreadImport } from './import-reading.ts'

/**
 * The thread that reads large imports, one after the other, and answers what it is asked in the order in which it is
 * asked.
 */
export type Ask =
  | { ask: 'open'; parts: Uint8Array[]; source: string }
  | { ask: 'refused'; from: number }
  | { ask: 'portion'; patient: number; from: number }
  | { ask: 'close' }

let reading: Reading | undefined

parentPort?.on('message', (message: Ask) => parentPort?.postMessage(answer(message)))

function answer(message: Ask): unknown {
  switch (message.ask) {
    case 'open':
      return open(message)
    case 'refused':
      return reading?.refused(message.from)
    case 'portion':
      return reading?.portion(message.patient, message.from)
    case 'close':
      reading = undefined
  }
}

function open({ parts, source }: Extract<Ask, { ask: 'open' }>): ImportSummary | UnreadImport {
  const opened = openReading(Buffer.concat(parts), source)
  if (!('summary' in opened)) return opened
  reading = opened
  return opened.summary
}
